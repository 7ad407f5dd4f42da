"""Renewal sheets where something goes wrong: power cuts, clocks, stale drafts, and what cannot be asked."""

import datetime as dt
import smtplib
import uuid

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.customers.models import Membership
from seatwright.operations import changes as operation_changes
from seatwright.operations import engine
from seatwright.operations import queries as operations
from seatwright.operations.models import Operation
from seatwright.orders import sheets
from seatwright.orders.models import RenewalSheetLine
from seatwright.rules import conflicts, renewals, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    answer_sheet,
    close_sheet,
    record_sheet,
    renewal_sheets,
    schedule_change,
    send_mail,
    sheet_options,
    wishes,
)
from tests.stories.test_renewal_sheet import (
    DAY,
    DEADLINE,
    Dimension,
    answer,
    chores,
    go_to,
    line,
    seen,
    sheet_of,
    subscription,
    wished,
)
from tests.stories.test_schedule_change import wish
from tests.stories.world import BASIC, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_answer_that_was_cut_off_is_carried_out_instead_of_the_default(world: World) -> None:
    sheet_id = sheet_of(world)
    owner = world.user_ids["north_owner"]
    RenewalSheetLine.objects.filter(sheet_id=sheet_id, subscription_id=subscription(world, BASIC)).update(
        state="answering",
        choice="cancel",
        seats=0,
        answered_over={},
        decided_by="North Owner",
        decided_by_user_id=owner,
        decided_at=world.at,
    )
    assert answer(world, sheet_id, standard="keep") == {}
    go_to(world, DEADLINE)
    chores(world)
    assert wished(world, BASIC) == {Dimension.ENDING: renewals.Ending.CANCEL}
    assert (line(world, sheet_id).state, line(world, sheet_id).decided_by) == ("answered", "North Owner")
    assert seen(sheet_id).state == "answered"


def test_an_answer_that_was_cut_off_is_not_laid_over_a_newer_wish(world: World) -> None:
    sheet_id = sheet_of(world)
    RenewalSheetLine.objects.filter(sheet_id=sheet_id, subscription_id=subscription(world, BASIC)).update(
        state="answering", choice="cancel", seats=0, answered_over={}, decided_by="North Owner", decided_at=world.at
    )
    wish(world, quantity=timeline.SeatsTotal(9))
    go_to(world, DEADLINE)
    chores(world)
    assert wished(world, BASIC) == {Dimension.QUANTITY: timeline.SeatsTotal(9)}
    assert (line(world, sheet_id).state, line(world, sheet_id).note) == ("standing", "wished")


def test_an_answer_given_in_the_last_second_counts_more_than_the_default(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person's request came before the deadline and its commit falls between the default's look and its write."""
    sheet_id = sheet_of(world)
    last_second = DEADLINE - dt.timedelta(seconds=1)
    looked = sheet_options.is_as_asked
    answered: list[object] = []

    def answering_meanwhile(row: holdings.HoldingRow, asked: sheets.LineRow) -> bool:
        if not answered and row.subscription_id == subscription(world, BASIC):
            answered.append(None)
            now, world.at = world.at, last_second
            assert answer(world, sheet_id, basic="cancel") == {}
            world.at = now
        return looked(row, asked)

    go_to(world, DEADLINE)
    monkeypatch.setattr(sheet_options, "is_as_asked", answering_meanwhile)
    chores(world)
    go_to(world, DEADLINE + dt.timedelta(minutes=1))
    chores(world)
    assert (line(world, sheet_id).state, line(world, sheet_id).choice) == ("answered", "cancel")
    assert wished(world, BASIC) == {Dimension.ENDING: renewals.Ending.CANCEL}
    assert seen(sheet_id).state == "defaulted"


def test_nobody_answers_a_line_whose_default_is_under_way(world: World) -> None:
    sheet_id = sheet_of(world)
    RenewalSheetLine.objects.filter(sheet_id=sheet_id, subscription_id=subscription(world, BASIC)).update(
        note=answer_sheet.APPLYING
    )
    assert {trouble.problem for trouble in answer(world, sheet_id, basic="cancel").values()} == {"too_late"}
    assert wished(world, BASIC) == {}


def test_a_default_that_was_cut_off_after_it_was_stored_is_not_taken_for_a_wish(world: World) -> None:
    sheet_id = sheet_of(world)
    go_to(world, DEADLINE)
    schedule_change.schedule(
        by=SYSTEM,
        subscription_id=subscription(world, BASIC),
        wishes={Dimension.QUANTITY: timeline.SeatsTotal(7)},
        at=world.at,
    )
    RenewalSheetLine.objects.filter(sheet_id=sheet_id, subscription_id=subscription(world, BASIC)).update(
        note=answer_sheet.APPLYING
    )
    chores(world)
    assert line(world, sheet_id).state == "defaulted"


def test_a_clock_that_goes_back_after_the_closing_was_queued_waits_for_the_deadline(world: World) -> None:
    sheet_id = sheet_of(world)
    go_to(world, DEADLINE)
    close_sheet.remind_and_close(at=world.at)
    operation = Operation.objects.get(kind=close_sheet.KIND)
    world.at = DEADLINE - 5 * DAY
    Operation.objects.filter(pk=operation.pk).update(due_at=world.at)
    engine.run_once(operation_id=operation.pk, at_clock=world.clock, worker_id="w")
    assert (seen(sheet_id).state, wished(world, BASIC)) == ("sent", {})


def test_one_renewal_is_asked_about_once_and_a_stale_draft_is_not_sent(world: World) -> None:
    sheet_id = sheet_of(world, is_sent=False)
    with pytest.raises(renewal_sheets.Refused, match="asked_already"):
        sheet_of(world)
    with pytest.raises(permissions.Unknown):
        renewal_sheets.page(by=world.actor("north_owner"), sheet_id=sheet_id)
    wish(world, quantity=timeline.SeatsTotal(9))
    with pytest.raises(renewal_sheets.Refused, match="changed"):
        renewal_sheets.send(by=world.actor("staff"), sheet_id=sheet_id, at=world.at)
    renewal_sheets.withdraw(by=world.actor("staff"), sheet_id=sheet_id, at=world.at)
    assert mail.outbox == []
    other = sheet_of(world)
    with pytest.raises(renewal_sheets.Refused, match="closed"):
        renewal_sheets.withdraw(by=world.actor("staff"), sheet_id=sheet_id, at=world.at)
    renewal_sheets.withdraw(by=world.actor("staff"), sheet_id=other, at=world.at)
    with pytest.raises(answer_sheet.NotAnswerable, match="closed"):
        answer(world, other, basic="keep")
    go_to(world, DEADLINE + DAY)
    assert chores(world) == 0


def test_a_sheet_needs_licences_a_deadline_before_the_lock_and_an_owner(world: World) -> None:
    staff, north = world.actor("staff"), world.customer_ids["north"]

    def refused(**changed: object) -> str:
        values: dict[str, object] = {
            "subscription_ids": [subscription(world, BASIC)],
            "default": "keep",
            "deadline_at": DEADLINE,
        }
        with pytest.raises(renewal_sheets.Refused) as why:
            renewal_sheets.make(by=staff, customer_id=north, at=world.at, **{**values, **changed})  # type: ignore[arg-type]
        return why.value.why

    lock_at = dt.datetime(2027, 1, 29, tzinfo=dt.UTC)
    assert refused(subscription_ids=[]) == "nothing_to_ask"
    assert refused(deadline_at=world.at) == "deadline_past"
    assert refused(deadline_at=lock_at + dt.timedelta(seconds=1)) == "deadline_after_lock"
    with pytest.raises(permissions.Unknown):
        renewal_sheets.make(
            by=staff,
            customer_id=north,
            subscription_ids=[world.holding("south", BASIC).subscription_id],
            default="keep",
            deadline_at=DEADLINE,
            at=world.at,
        )
    making = renewal_sheets.candidates(by=staff, customer_id=north, at=world.at)
    assert [each.name for each in making.candidates] == [
        world.holding("north", STANDARD).name,
        world.holding("north", BASIC).name,
    ]
    assert making.deadline_at == dt.datetime(2026, 12, 3, tzinfo=dt.UTC)
    sheet_id = sheet_of(world, is_sent=False)
    Membership.objects.filter(user_id=world.user_ids["north_owner"]).delete()
    with pytest.raises(renewal_sheets.Refused, match="nobody_to_ask"):
        renewal_sheets.send(by=staff, sheet_id=sheet_id, at=world.at)


def test_a_plan_that_stood_when_asked_and_was_taken_back_since_is_no_silence(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(9))
    world.work()
    sheet_id = sheet_of(world, default="cancel")
    schedule_change.revoke(
        by=world.actor("north_owner"), subscription_id=subscription(world, BASIC), dimension=None, at=world.at
    )
    go_to(world, DEADLINE)
    chores(world)
    assert (line(world, sheet_id).state, line(world, sheet_id).note, wished(world, BASIC)) == (
        "standing",
        "revoked",
        {},
    )
    assert seen(sheet_id).state == "defaulted"


@pytest.mark.parametrize(
    ("trouble", "state", "note"),
    [
        (schedule_change.WishedMeanwhile(), "standing", "wished"),
        (
            schedule_change.Conflicted(
                (
                    conflicts.Conflict(
                        effective_on=dt.date(2027, 1, 30),
                        dimension=Dimension.ENDING,
                        reason=conflicts.EndingNotOffered(renewals.Ending.CANCEL),
                    ),
                )
            ),
            "left",
            "ending_not_offered",
        ),
    ],
)
def test_a_default_that_cannot_be_carried_out_is_left_with_its_reason(
    world: World, monkeypatch: pytest.MonkeyPatch, trouble: Exception, state: str, note: str
) -> None:
    sheet_id = sheet_of(world, default="cancel")

    def refuse(**_given: object) -> None:
        raise trouble

    monkeypatch.setattr(schedule_change, "schedule", refuse)
    go_to(world, DEADLINE)
    chores(world)
    assert (line(world, sheet_id).state, line(world, sheet_id).note) == (state, note)
    assert wished(world, BASIC) == {}


def test_an_answer_that_a_conflict_stops_opens_its_line_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet_id = sheet_of(world)

    def refuse(**_given: object) -> None:
        raise wishes.NotRunning

    monkeypatch.setattr(schedule_change, "schedule", refuse)
    assert [each.problem for each in answer(world, sheet_id, basic="cancel").values()] == ["not_running"]
    assert (line(world, sheet_id).state, line(world, sheet_id).note) == ("open", "not_running")
    RenewalSheetLine.objects.filter(sheet_id=sheet_id, subscription_id=subscription(world, BASIC)).update(
        state="answering", choice="cancel", seats=0, answered_over={}, decided_by="North Owner", decided_at=world.at
    )
    go_to(world, DEADLINE)
    chores(world)
    assert (line(world, sheet_id).state, line(world, sheet_id).note) == ("left", "not_running")


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (ConnectionRefusedError(), "waiting"),
        (smtplib.SMTPServerDisconnected(), "done"),
        (TimeoutError(), "done"),
        (smtplib.SMTPRecipientsRefused({}), "refused"),
    ],
)
def test_a_mail_is_sent_again_only_when_the_server_took_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, trouble: Exception, state: str
) -> None:
    def refuse(_message: EmailMessage) -> None:
        raise trouble

    monkeypatch.setattr(EmailMessage, "send", refuse)
    sheet_id = sheet_of(world, is_sent=False)
    renewal_sheets.send(by=world.actor("staff"), sheet_id=sheet_id, at=world.at)
    engine.run_due(clock=world.clock)
    operation = Operation.objects.get(kind=send_mail.KIND)
    assert (operation.state, mail.outbox) == (state, [])
    monkeypatch.undo()
    world.work()
    assert len(mail.outbox) == (1 if state == "waiting" else 0)


def test_a_mail_whose_process_died_while_it_was_sent_is_not_sent_a_second_time(world: World) -> None:
    sheet_id = sheet_of(world, is_sent=False)
    renewal_sheets.send(by=world.actor("staff"), sheet_id=sheet_id, at=world.at)
    operation = Operation.objects.get(kind=send_mail.KIND)
    Operation.objects.filter(pk=operation.pk).update(sent_at=world.at)
    world.work()
    assert (Operation.objects.get(pk=operation.pk).state, mail.outbox) == ("done", [])


def test_a_record_is_drawn_once_and_a_closed_sheet_is_left_alone(world: World) -> None:
    sheet_id = sheet_of(world, default="nothing")
    go_to(world, DEADLINE)
    close_sheet.remind_and_close(at=world.at)
    renewal_sheets.withdraw(by=world.actor("staff"), sheet_id=sheet_id, at=world.at)
    world.work()
    assert seen(sheet_id).state == "withdrawn"
    other = sheet_of_basic(world)
    go_to(world, DEADLINE + 2 * DAY)
    chores(world)
    first = renewal_sheets.document(by=world.actor("staff"), sheet_id=other)
    operation = Operation.objects.get(kind=answer_sheet.RECORD_KIND)
    view = operations.view(operation_id=operation.pk)
    assert record_sheet._draw[0]({**record_sheet.content_of(sheet=seen(other))}, "de", world.at) != first
    with pytest.raises(operation_changes.NotPossible):
        record_sheet.draw(view, world.at)
    assert renewal_sheets.document(by=world.actor("staff"), sheet_id=other) == first


def sheet_of_basic(world: World) -> uuid.UUID:
    sheet_id = renewal_sheets.make(
        by=world.actor("staff"),
        customer_id=world.customer_ids["north"],
        subscription_ids=[subscription(world, BASIC)],
        default="nothing",
        deadline_at=DEADLINE + DAY,
        at=world.at,
    )
    renewal_sheets.send(by=world.actor("staff"), sheet_id=sheet_id, at=world.at)
    return sheet_id
