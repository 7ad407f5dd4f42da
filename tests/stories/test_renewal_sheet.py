"""Journey 7, told as stories: owners are asked, reminded and heard; silence brings the default, once."""

import datetime as dt
import uuid
from collections.abc import Mapping

import pytest
from django.core import mail

from seatwright.access import audit, permissions
from seatwright.access.actors import SYSTEM
from seatwright.operations import engine
from seatwright.orders import intents, sheets
from seatwright.orders.models import RenewalSheet, RenewalSheetNotice, RenewalSheetRecord
from seatwright.rules import renewals, terms, timeline
from seatwright.web import sheet_links
from seatwright.workflows import answer_sheet, close_sheet, renewal_sheets
from tests.stories.test_schedule_change import scheduled_quantity, wish
from tests.stories.world import BASIC, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)
Dimension = timeline.Dimension
DEADLINE = dt.datetime(2026, 11, 30, 16, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def subscription(world: World, sku_id: str) -> uuid.UUID:
    return world.holding("north", sku_id).subscription_id


def sheet_of(world: World, *, default: renewal_sheets.Default = "reduce", is_sent: bool = True) -> uuid.UUID:
    """A sheet about the 10 basic seats (7 in use, to 30 January) and the 5 standard ones (to 7 December)."""
    sheet_id = renewal_sheets.make(
        by=world.actor("staff"),
        customer_id=world.customer_ids["north"],
        subscription_ids=[subscription(world, BASIC), subscription(world, STANDARD)],
        default=default,
        deadline_at=DEADLINE,
        at=world.at,
    )
    if is_sent:
        renewal_sheets.send(by=world.actor("staff"), sheet_id=sheet_id, at=world.at)
        world.work()
    return sheet_id


def seen(sheet_id: uuid.UUID) -> sheets.SheetRow:
    return sheets.sheet(seen_by=SYSTEM, sheet_id=sheet_id)


def line(world: World, sheet_id: uuid.UUID, sku_id: str = BASIC) -> sheets.LineRow:
    key = subscription(world, sku_id)
    return next(each for each in seen(sheet_id).lines if each.subscription_id == key)


def answer(
    world: World, sheet_id: uuid.UUID, *, by: str = "north_owner", **said: answer_sheet.Answer | str
) -> Mapping[uuid.UUID, answer_sheet.Trouble]:
    keys = {"basic": BASIC, "standard": STANDARD}
    return answer_sheet.answer(
        by=world.actor(by),
        sheet_id=sheet_id,
        content_hash=seen(sheet_id).content_hash,
        answers={
            subscription(world, keys[name]): choice
            if isinstance(choice, answer_sheet.Answer)
            else answer_sheet.Answer(option=choice)
            for name, choice in said.items()
        },
        at=world.at,
    )


def go_to(world: World, at: dt.datetime) -> None:
    world.at = at
    world.simulator.clock(now=at.isoformat())


def chores(world: World) -> int:
    done = close_sheet.remind_and_close(at=world.at)
    world.work()
    return done


def wished(world: World, sku_id: str) -> dict[Dimension, timeline.Value]:
    key = subscription(world, sku_id)
    rows = intents.open_intents(subscription_ids=[key]).get(key, ())
    return {dimension: value for row in rows for dimension, value in row.pending.changes.items()}


def actions(sheet_id: uuid.UUID) -> list[str]:
    entries = audit.history(seen_by=SYSTEM, subject_kind="renewal_sheet", subject_id=sheet_id)
    return [entry.action for entry in reversed(entries)]


def test_every_option_is_priced_when_the_sheet_is_made_and_stays_as_it_was_written(world: World) -> None:
    sheet_id = sheet_of(world)
    basic = line(world, sheet_id)
    assert [option["key"] for option in basic.options] == [
        "keep",
        "reduce",
        "change:P1M:monthly",
        "change:P1Y:annual",
        "cancel",
    ]
    by_key = {option["key"]: option for option in basic.options}
    # 12 months of 10 or 7 seats of 5.88, as the demo price list has it; a seat a year at once costs 67.20.
    assert (by_key["keep"]["term_minor"], by_key["reduce"]["seats"], by_key["reduce"]["term_minor"]) == (
        12 * 5880,
        7,
        12 * 4116,
    )
    assert by_key["change:P1Y:annual"]["term_minor"] == 67200
    assert by_key["cancel"]["term_minor"] == 0
    assert by_key["reduce"]["difference_minor"] == 12 * (4116 - 5880)
    row = RenewalSheet.objects.get(pk=sheet_id)
    assert (row.state, row.default, row.deadline_at) == ("sent", "reduce", DEADLINE)
    assert len(row.content_hash) == 64


def test_the_mail_leads_to_the_sheet_by_way_of_the_sign_in_and_decides_nothing(world: World) -> None:
    sheet_id = sheet_of(world)
    (message,) = mail.outbox
    assert message.to == ["north_owner@example.test"]
    assert "Mon 30 Nov 2026, 17:00 CET (16:00 UTC)" in message.body
    assert "seats that nobody uses are not renewed" in message.body
    key = message.body.split("/renewal-sheets/open/")[1].split()[0]
    assert sheet_links.opened(key=key, at=world.at) == sheet_id
    with pytest.raises(sheet_links.NoLink) as over:
        sheet_links.opened(key=key, at=DEADLINE)
    assert over.value.is_over
    for forged in (key[:-1] + ("A" if key[-1] != "A" else "B"), "abc-def", ""):
        with pytest.raises(sheet_links.NoLink):
            sheet_links.opened(key=forged, at=world.at)


def test_answers_become_wishes_line_by_line_and_the_record_says_who_decided(world: World) -> None:
    sheet_id = sheet_of(world)
    assert answer(world, sheet_id, basic=answer_sheet.Answer(option="reduce", seats=8)) == {}
    assert seen(sheet_id).state == "sent"
    assert answer(world, sheet_id, standard="change:P1Y:annual") == {}
    world.work()
    assert wished(world, BASIC) == {Dimension.QUANTITY: timeline.SeatsTotal(8)}
    assert wished(world, STANDARD) == {Dimension.BILLING_PLAN: terms.BillingPlan.ANNUAL}
    assert scheduled_quantity(world) == 8
    closed = seen(sheet_id)
    assert (closed.state, closed.closed_by) == ("answered", "North Owner")
    assert [(each.choice, each.seats, each.term_minor, each.decided_by) for each in closed.lines] == [
        ("change:P1Y:annual", 5, closed.lines[0].option("change:P1Y:annual")["term_minor"], "North Owner"),
        ("reduce", 8, 12 * 4704, "North Owner"),
    ]
    record = RenewalSheetRecord.objects.get(sheet_id=sheet_id)
    assert bytes(record.document).startswith(b"%PDF-")
    assert b"pdfaid:part>3" in bytes(record.document)
    assert [each["decided_by"] for each in record.content["lines"]] == ["North Owner", "North Owner"]
    assert record.content["notices"][0]["email"] == "north_owner@example.test"
    first = renewal_sheets.document(by=world.actor("north_owner"), sheet_id=sheet_id)
    assert first == renewal_sheets.document(by=world.actor("staff"), sheet_id=sheet_id) == bytes(record.document)
    assert mail.outbox[-1].subject == "North: what was decided about your renewals"
    assert actions(sheet_id) == [
        "sheet.made",
        "sheet.sent",
        "sheet.line_answered",
        "sheet.line_answered",
        "sheet.answered",
        "sheet.recorded",
    ]
    assert list(audit.breaks()) == []
    go_to(world, DEADLINE + DAY)
    assert chores(world) == 0


def test_only_a_contract_owner_of_this_customer_answers(world: World) -> None:
    sheet_id = sheet_of(world)
    for who, refusal in (
        ("north_admin", permissions.NotAllowed),
        ("north_billing", permissions.NotAllowed),
        ("staff", permissions.NotAllowed),
        ("south_owner", permissions.Unknown),
        ("other_staff", permissions.Unknown),
    ):
        with pytest.raises(refusal):
            answer(world, sheet_id, by=who, basic="cancel")
    with pytest.raises(permissions.NotAllowed):
        answer_sheet.answer(
            by=SYSTEM,
            sheet_id=sheet_id,
            content_hash=seen(sheet_id).content_hash,
            answers={subscription(world, BASIC): answer_sheet.Answer(option="cancel")},
            at=world.at,
        )
    with pytest.raises(permissions.NotAllowed):
        renewal_sheets.send(by=world.actor("support"), sheet_id=sheet_id, at=world.at)
    draft_id = uuid.uuid4()
    with pytest.raises(permissions.Unknown):
        renewal_sheets.page(by=world.actor("north_owner"), sheet_id=draft_id)
    assert wished(world, BASIC) == {}


def test_what_cannot_be_is_refused_at_its_line_and_the_other_lines_stand(world: World) -> None:
    sheet_id = sheet_of(world)
    world.book("north_admin", "north", basic=12)
    world.work()
    troubles = answer(world, sheet_id, basic="cancel", standard="cancel")
    assert {key: trouble.problem for key, trouble in troubles.items()} == {subscription(world, BASIC): "changed"}
    assert wished(world, STANDARD) == {Dimension.ENDING: renewals.Ending.CANCEL}
    assert wished(world, BASIC) == {}
    again = answer(world, sheet_id, standard="keep")
    assert [trouble.problem for trouble in again.values()] == ["decided"]
    for said, problem in (
        (answer_sheet.Answer(option="explode"), "no_such_option"),
        (answer_sheet.Answer(option="reduce", seats=10), "changed"),
    ):
        assert [each.problem for each in answer(world, sheet_id, basic=said).values()] == [problem]
    with pytest.raises(answer_sheet.NotAnswerable):
        answer_sheet.answer(
            by=world.actor("north_owner"),
            sheet_id=sheet_id,
            content_hash="0" * 64,
            answers={subscription(world, BASIC): answer_sheet.Answer(option="keep")},
            at=world.at,
        )
    with pytest.raises(permissions.Unknown):
        answer_sheet.answer(
            by=world.actor("north_owner"),
            sheet_id=sheet_id,
            content_hash=seen(sheet_id).content_hash,
            answers={world.holding("south", BASIC).subscription_id: answer_sheet.Answer(option="keep")},
            at=world.at,
        )


def test_a_number_of_seats_below_one_or_not_below_the_present_is_refused(world: World) -> None:
    sheet_id = sheet_of(world)
    for seats in (0, 10, 11):
        said = answer_sheet.Answer(option="reduce", seats=seats)
        assert [each.problem for each in answer(world, sheet_id, basic=said).values()] == ["seats"]
    said = answer_sheet.Answer(option="keep", seats=3)
    assert [each.problem for each in answer(world, sheet_id, basic=said).values()] == ["seats"]
    assert line(world, sheet_id).state == "open"


def test_reminders_come_once_a_stage_and_one_after_a_jump_over_several(world: World) -> None:
    sheet_id = sheet_of(world)
    told = []
    for days in (31, 30, 29, 6, 8, 1.5, 1):
        go_to(world, DEADLINE - days * DAY) if days != 8 else setattr(world, "at", DEADLINE - 8 * DAY)
        before = len(mail.outbox)
        close_sheet.remind_and_close(at=world.at)
        engine.run_due(clock=world.clock)
        told.append(len(mail.outbox) - before)
    assert told == [0, 1, 0, 1, 0, 1, 0]
    stages = RenewalSheetNotice.objects.filter(sheet_id=sheet_id, kind="reminder").order_by("id")
    assert [row.before_s // 86_400 for row in stages] == [30, 7, 2]
    assert "Reminder: North has renewals to decide" in [message.subject for message in mail.outbox]


def test_silence_brings_the_default_at_the_deadline_and_not_a_moment_earlier(world: World) -> None:
    sheet_id = sheet_of(world)
    go_to(world, DEADLINE - dt.timedelta(microseconds=1))
    chores(world)
    assert (seen(sheet_id).state, wished(world, BASIC)) == ("sent", {})
    go_to(world, DEADLINE)
    with pytest.raises(answer_sheet.NotAnswerable):
        answer(world, sheet_id, basic="cancel")
    assert chores(world) == 1
    assert seen(sheet_id).state == "defaulted"
    assert wished(world, BASIC) == {Dimension.QUANTITY: timeline.SeatsTotal(7)}
    # Nobody uses a standard seat; one stays, since a licence without seats is a cancelled one.
    assert wished(world, STANDARD) == {Dimension.QUANTITY: timeline.SeatsTotal(1)}
    rows = intents.open_intents(subscription_ids=[subscription(world, BASIC)])
    assert {row.wished_by for each in rows.values() for row in each} == {"Seatwright"}
    assert scheduled_quantity(world) == 7
    changed_at = [row.changed_at for each in rows.values() for row in each]
    assert chores(world) == 0
    again = intents.open_intents(subscription_ids=[subscription(world, BASIC)])
    assert [row.changed_at for each in again.values() for row in each] == changed_at
    assert RenewalSheetRecord.objects.get(sheet_id=sheet_id).content["state"] == "defaulted"


def test_the_default_never_touches_what_was_answered_wished_elsewhere_or_changed(world: World) -> None:
    sheet_id = sheet_of(world, default="cancel")
    answer(world, sheet_id, standard="keep")
    wish(world, quantity=timeline.SeatsTotal(9))
    go_to(world, DEADLINE + 2 * DAY)
    chores(world)
    assert wished(world, STANDARD) == {Dimension.ENDING: renewals.Ending.RENEW}
    assert wished(world, BASIC) == {Dimension.QUANTITY: timeline.SeatsTotal(9)}
    assert (line(world, sheet_id, STANDARD).state, line(world, sheet_id, STANDARD).choice) == ("answered", "keep")
    assert (line(world, sheet_id).state, line(world, sheet_id).note) == ("standing", "wished")
    assert seen(sheet_id).state == "expired"


def test_a_default_of_nothing_and_a_licence_that_changed_are_left_alone(world: World) -> None:
    first = sheet_of(world, default="nothing")
    go_to(world, DEADLINE)
    chores(world)
    assert (seen(first).state, {each.note for each in seen(first).lines}) == ("expired", {"silence"})
    assert wished(world, BASIC) == wished(world, STANDARD) == {}
    second = renewal_sheets.make(
        by=world.actor("staff"),
        customer_id=world.customer_ids["north"],
        subscription_ids=[subscription(world, BASIC)],
        default="cancel",
        deadline_at=DEADLINE + 10 * DAY,
        at=world.at,
    )
    renewal_sheets.send(by=world.actor("staff"), sheet_id=second, at=world.at)
    world.book("north_admin", "north", basic=12)
    world.work()
    go_to(world, DEADLINE + 10 * DAY)
    chores(world)
    assert (line(world, second).state, line(world, second).note) == ("standing", "changed")
    assert wished(world, BASIC) == {}


def test_nobody_loses_a_seat_in_use_by_silence(world: World) -> None:
    sheet_id = sheet_of(world)
    from seatwright.assignments.models import Pool

    Pool.objects.filter(sku_id=BASIC, customer_id=world.customer_ids["north"]).update(consumed_units=9)
    go_to(world, DEADLINE)
    close_sheet.remind_and_close(at=world.at)
    engine.run_due(clock=world.clock)
    assert line(world, sheet_id).seats == 9
