"""The record of who decided a renewal sheet: drawn once as a document, stored, and told to those who were asked.

The operation waits behind nothing and may run again: the document that was stored first stays (idea 8).
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import sheet_changes, sheets
from seatwright.workflows import answer_sheet, renewal_sheets

KIND = answer_sheet.RECORD_KIND
Draw = Callable[[Mapping[str, Any], str, dt.datetime], bytes]
_draw: list[Draw] = []


def plug_in(draw: Draw) -> None:
    """Draw records by `draw` from now on, given the content, its language and the instant that the document bears."""
    _draw[:] = [draw]


def content_of(*, sheet: sheets.SheetRow) -> dict[str, Any]:
    """Who was asked what, when, who decided, and what silence brought; the same JSON for the same closed sheet."""
    customer = customers.customer(seen_by=SYSTEM, customer_id=sheet.customer_id)
    told = sheets.notices(sheet_ids=[sheet.sheet_id]).get(sheet.sheet_id, ())
    return {
        "sheet_id": str(sheet.sheet_id),
        "customer": customer.name,
        "reseller": customer.reseller_name,
        "time_zone": customer.time_zone,
        "state": sheet.state,
        "default": sheet.default,
        "made_by": sheet.made_by,
        "made_at": sheet.made_at.isoformat(),
        "sent_at": "" if sheet.sent_at is None else sheet.sent_at.isoformat(),
        "deadline_at": sheet.deadline_at.isoformat(),
        "closed_at": "" if sheet.closed_at is None else sheet.closed_at.isoformat(),
        "asked_hash": sheet.content_hash,
        "notices": [
            {
                "kind": each.kind,
                "days_before": each.before.days,
                "name": each.name,
                "email": each.email,
                "queued_at": each.queued_at.isoformat(),
            }
            for each in told
            if each.kind in ("sent", "reminder")
        ],
        "lines": [_line(line) for line in sheet.lines],
    }


def _line(line: sheets.LineRow) -> dict[str, Any]:
    option = line.option(line.choice) if line.choice else None
    return {
        "subscription_id": str(line.subscription_id),
        "name": line.facts["name"],
        "term": line.facts["term"],
        "billing_plan": line.facts["billing_plan"],
        "seats_before": line.facts["seats"],
        "currency": line.facts["currency"],
        "renews_on": line.renews_on.isoformat(),
        "state": line.state,
        "choice": line.choice,
        "seats": line.seats,
        "next_term": None if option is None else option["term"],
        "next_plan": None if option is None else option["billing_plan"],
        "term_minor": line.term_minor,
        "note": line.note,
        "decided_by": line.decided_by,
        "decided_at": "" if line.decided_at is None else line.decided_at.isoformat(),
    }


def draw(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """The operation's one step: draw the document, store it and tell the owners that it is there."""
    sheet = sheets.sheet(seen_by=SYSTEM, sheet_id=uuid.UUID(view.intent["sheet_id"]))
    content = content_of(sheet=sheet)
    document = _draw[0](content, sheet.language, sheet.closed_at or at)
    customer = customers.customer(seen_by=SYSTEM, customer_id=sheet.customer_id)
    owners = customers.members(
        roles=renewal_sheets.OWNERS, reseller_id=sheet.reseller_id, customer_id=sheet.customer_id
    )
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        if sheet_changes.keep_record(sheet=sheet, content=content, document=document, at=at):
            renewal_sheets.write_to(sheet, owners, kind="closed", before=dt.timedelta(), customer=customer, at=at)
            audit.record(
                by=SYSTEM,
                action="sheet.recorded",
                subject_kind="renewal_sheet",
                subject_id=sheet.sheet_id,
                before={},
                after={"content_hash": sheet_changes.digest(content), "bytes": len(document)},
                at=at,
                reseller_id=sheet.reseller_id,
                customer_id=sheet.customer_id,
            )
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    checkpoint("record.committed")
    return engine.Finished()


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("draw", draw),)))
