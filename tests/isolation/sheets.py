"""Renewal sheets of one customer: one that waits for an answer, a draft, and one that is closed with its record."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from django.db import transaction

from seatwright.access import queries as people
from seatwright.access.actors import SYSTEM
from seatwright.orders import sheet_changes, sheets
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import renewal_sheets, sheet_options

if TYPE_CHECKING:
    from tests.isolation.world import World

DAY = dt.timedelta(days=1)


def ask(world: "World", letter: str, *, at: dt.datetime) -> list[str]:
    """Make the three sheets and return their ids, the one that waits first."""
    customer = world.customers[letter]
    staff = world.actor("r2_admin" if letter == "C" else "r1_admin")
    waiting_id = renewal_sheets.make(
        by=staff,
        customer_id=customer.customer_id,
        subscription_ids=[uuid.UUID(customer.subscription["plain"])],
        default="keep",
        deadline_at=at + 60 * DAY,
        at=at,
    )
    renewal_sheets.send(by=staff, sheet_id=waiting_id, at=at)
    draft_id = _written(world, letter, purpose="open", at=at)
    closed_id = _written(world, letter, purpose="refused", at=at)
    with transaction.atomic():
        sheet_changes.mark_sent(sheet_id=closed_id, content={"text": world.canaries.text(letter)}, language="en", at=at)
        sheet = sheets.sheet(seen_by=SYSTEM, sheet_id=closed_id)
        owner = people.person(user_id=world.users[f"{letter.lower()}_owner"])
        assert owner is not None
        sheet_changes.note_notice(
            sheet=sheet,
            kind="sent",
            before=dt.timedelta(),
            user_id=owner.user_id,
            name=owner.name,
            email=owner.email,
            operation_id=uuid.uuid4(),
            at=at,
        )
        sheet_changes.decide_line(
            line_id=sheet.lines[0].line_id,
            state="left",
            by=world.actor(f"{letter.lower()}_owner"),
            note=world.canaries.text(letter),
            at=at,
        )
        sheet_changes.close(sheet_id=closed_id, state="expired", by=SYSTEM, at=at)
        text = world.canaries.text(letter)
        sheet_changes.keep_record(sheet=sheet, content={"text": text}, document=f"%PDF- {text}".encode(), at=at)
    return [str(waiting_id), str(draft_id), str(closed_id)]


def _written(world: "World", letter: str, *, purpose: str, at: dt.datetime) -> uuid.UUID:
    """A draft about a licence that the catalogue does not know, written as the making writes it."""
    customer = world.customers[letter]
    (row,) = holdings.by_ids(subscription_ids=[uuid.UUID(customer.subscription[purpose])])
    text = world.canaries.text
    option = {"key": "keep", "seats": row.seats, "term": row.term, "billing_plan": row.billing_plan}
    facts = sheet_options.facts(row) | {"assigned": None, "name": text(letter)}
    line = sheet_changes.NewLine(
        subscription_id=row.subscription_id,
        renews_on=row.commitment_end_on,
        facts=facts | {"lock_at": (at + 90 * DAY).isoformat()},
        options=[option | {"term_minor": None, "end_on": None}],
        wishes={},
    )
    with transaction.atomic():
        return sheet_changes.make(
            by=world.actor("r2_admin" if letter == "C" else "r1_admin"),
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
            default="nothing",
            deadline_at=at + 60 * DAY,
            policy_version=text(letter),
            lines=[line],
            at=at,
        )
