"""The staff's decisions: parked operations with both views, and seats that were changed elsewhere."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.operations import changes as operations
from seatwright.operations import runs
from seatwright.orders import queries as orders
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions.models import Subscription
from tests.web import scene as scenes
from tests.web.test_booking import book, placed, quote
from tests.web.test_editor import plain


@pytest.fixture
def parked(owner: Client, scene: scenes.Scene) -> orders.OrderRow:
    """An order of 3 more seats that was sent, got no answer and never became visible."""
    scenes.confirm(owner)
    path, key = quote(owner, scene)
    assert book(owner, path, key).status_code == 303
    (order,) = placed(scene)
    operation_id = order.lines[0].operation_id
    hold = runs.claim(operation_id=operation_id, worker_id="w", at=scenes.NOW)
    assert hold is not None
    operations.mark_sent(operation_id=operation_id, fence=hold.fence, at=scenes.NOW)
    operations.mark_unclear(operation_id=operation_id, fence=hold.fence, at=scenes.NOW, note="no answer")
    operations.park(operation_id=operation_id, fence=hold.fence, reason="deadline_passed", at=scenes.NOW)
    return order


def test_a_parked_change_is_shown_with_what_was_ordered_and_what_the_vendor_shows(
    staff: Client, parked: orders.OrderRow, scene: scenes.Scene
) -> None:
    shown = plain(staff.get(reverse("staff_queue")).content.decode())
    assert "Business Basic North Needs a person The change was sent and never became visible." in shown
    assert "Ordered 10 → 13 The vendor shows 10" in shown


def test_the_customer_reads_that_a_person_looks_at_it_and_nothing_is_charged(
    owner: Client, parked: orders.OrderRow
) -> None:
    shown = plain(owner.get(reverse("order", args=[parked.order_id])).content.decode())
    assert "A person is looking at this" in shown
    assert "nothing is charged until that is clear" in shown


def test_a_decision_needs_fresh_proof_a_choice_and_a_reason(
    staff: Client, parked: orders.OrderRow, scene: scenes.Scene
) -> None:
    answer = staff.post(reverse("settle", args=[parked.lines[0].operation_id]), {"decision": "done", "reason": "seen"})
    assert answer.headers["Location"].startswith("/account/confirm/")
    scenes.confirm(staff)
    path = reverse("settle", args=[parked.lines[0].operation_id])
    for values, message in (
        ({"decision": "done", "reason": " "}, "Write down why"),
        ({"decision": "delete", "reason": "seen"}, "Choose what happened"),
        ({}, "Choose what happened"),
    ):
        answer = staff.post(path, values)
        assert answer.status_code == 422
        assert message in answer.content.decode()
    assert placed(scene)[0].state == "running"


def test_it_happened_books_the_seats_and_the_charges_as_quoted(
    staff: Client, parked: orders.OrderRow, scene: scenes.Scene
) -> None:
    scenes.confirm(staff)
    path = reverse("settle", args=[parked.lines[0].operation_id])
    assert staff.post(path, {"decision": "done", "reason": "Seen in the vendor's portal"}).status_code == 303
    assert placed(scene)[0].state == "done"
    assert holdings.holding(seen_by=SYSTEM, subscription_id=scene.basic).seats == 13
    (charge,) = billing.charges(seen_by=SYSTEM, customer_id=scene.customers["north"])
    assert charge.amount_minor == 871
    again = staff.post(path, {"decision": "not_done", "reason": "No"})
    assert again.status_code == 422
    assert "Somebody else has decided this meanwhile" in again.content.decode()


def test_it_did_not_happen_closes_the_line_without_a_charge(
    staff: Client, owner: Client, parked: orders.OrderRow, scene: scenes.Scene
) -> None:
    scenes.confirm(staff)
    path = reverse("settle", args=[parked.lines[0].operation_id])
    assert staff.post(path, {"decision": "not_done", "reason": "Seen"}).status_code == 303
    assert placed(scene)[0].state == "failed"
    assert billing.charges(seen_by=SYSTEM, customer_id=scene.customers["north"]) == []
    shown = plain(owner.get(reverse("order", args=[parked.order_id])).content.decode())
    assert "Our staff looked and found that the change did not happen." in shown


def test_who_may_not_decide_is_refused(parked: orders.OrderRow, scene: scenes.Scene) -> None:
    path = reverse("settle", args=[parked.lines[0].operation_id])
    for name, status in (("north_owner", 403), ("billing_staff", 403), ("south_owner", 404), ("other_staff", 404)):
        client = scenes.sign_in(Client(), name)
        scenes.confirm(client)
        assert client.post(path, {"decision": "done", "reason": "x"}).status_code == status, name
    assert placed(scene)[0].state == "running"


@pytest.fixture
def changed_elsewhere(scene: scenes.Scene) -> None:
    """The vendor shows 12 seats of Standard, the books 5."""
    row = holdings.holding(seen_by=SYSTEM, subscription_id=scene.standard)
    later = scenes.NOW + dt.timedelta(minutes=1)
    reading = subscriptions.Reading(
        status="active",
        seats=12,
        auto_renew=True,
        commitment_end_on=row.commitment_end_on,
        returnable=(),
        scheduled=None,
        cancellable_until=None,
    )
    subscriptions.record_reading(subscription_id=scene.standard, reading=reading, at=later)
    subscriptions.note_drift(subscription_id=scene.standard, kind="quantity", ours="5", theirs="12", at=later)


@pytest.mark.usefixtures("changed_elsewhere")
def test_a_difference_is_shown_to_the_customer_and_taken_over_by_staff_with_a_reason(
    owner: Client, staff: Client, scene: scenes.Scene
) -> None:
    page = plain(owner.get(reverse("subscription", args=[scene.standard])).content.decode())
    assert "Our books: 5 seats. The vendor: 12." in page
    scenes.confirm(staff)
    path = reverse("adopt", args=[scene.standard])
    assert "Take over the vendor" in staff.get(reverse("staff_queue")).content.decode()
    refused = staff.post(path, {"reason": ""})
    assert refused.status_code == 422
    assert "Write down why" in refused.content.decode()
    assert staff.post(path, {"reason": "Ordered in the vendor's portal"}).status_code == 303
    assert holdings.holding(seen_by=SYSTEM, subscription_id=scene.standard).seats == 12
    assert staff.post(path, {"reason": "again"}).status_code == 422


@pytest.mark.usefixtures("changed_elsewhere")
@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"term_start_on": dt.date(2025, 1, 1), "commitment_end_on": dt.date(2026, 1, 1)}, "Sync the licences first"),
        ({"unit_rate": ""}, "Import its price sheet and sync"),
    ],
)
def test_seats_that_could_not_be_charged_are_not_taken_over(
    staff: Client, scene: scenes.Scene, known: dict[str, object], told: str
) -> None:
    Subscription.objects.filter(pk=scene.standard).update(**known)
    scenes.confirm(staff)
    refused = staff.post(reverse("adopt", args=[scene.standard]), {"reason": "Ordered in the vendor's portal"})
    assert (refused.status_code, told in plain(refused.content.decode())) == (422, True)
    assert holdings.holding(seen_by=SYSTEM, subscription_id=scene.standard).seats == 5


@pytest.mark.usefixtures("changed_elsewhere")
def test_customers_and_strangers_cannot_take_over_anything(scene: scenes.Scene) -> None:
    for name, status in (("north_owner", 403), ("billing_staff", 403), ("south_owner", 404), ("other_staff", 404)):
        client = scenes.sign_in(Client(), name)
        scenes.confirm(client)
        assert client.post(reverse("adopt", args=[scene.standard]), {"reason": "x"}).status_code == status, name
    assert holdings.holding(seen_by=SYSTEM, subscription_id=scene.standard).seats == 5


def test_the_clock_of_a_real_installation_cannot_be_moved(owner: Client, staff: Client) -> None:
    assert owner.post("/staff/clock", {"days": "7"}).status_code == 403
    answer = staff.post("/staff/clock", {"days": "7"})
    assert answer.status_code == 422
    assert "cannot be moved" in answer.content.decode()
    assert "digits only" in staff.post("/staff/clock", {"days": "-7"}).content.decode()
    assert "Test clock" not in staff.get(reverse("staff_queue")).content.decode()


def test_unused_seats_that_two_licences_share_are_offered_once(owner: Client, scene: scenes.Scene) -> None:
    scenes.sell(scene)  # one seat of Premium is unused
    for _ in range(2):
        scenes.hold_returnable(scene)  # three seats each of the same licence, all returnable
    text = plain(owner.get(reverse("home")).content.decode())
    assert text.count("1 unused seat can still be returned.") == 1
    assert text.count("Return 1") == 1
