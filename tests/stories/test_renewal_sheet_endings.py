"""Renewal sheets whose licences end before anybody has decided: nobody is asked, reminded or defaulted for them."""

import dataclasses
from collections.abc import Callable

import pytest
from django.core import mail

from seatwright.operations import engine
from seatwright.orders.models import RenewalSheetLine, RenewalSheetRecord
from seatwright.rules import renewals
from seatwright.subscriptions.models import Subscription
from seatwright.vendors import port
from seatwright.web import sheet_record, wording_sheets
from seatwright.workflows import answer_sheet, close_sheet, connections, record_sheet, sync_tenant
from tests.stories.test_meanwhile import ENDS_WITH_THE_TERM
from tests.stories.test_readings import Altered
from tests.stories.test_renewal_sheet import (
    DAY,
    DEADLINE,
    Dimension,
    actions,
    answer,
    chores,
    go_to,
    line,
    seen,
    sheet_of,
    wished,
)
from tests.stories.test_swap_prices import listed
from tests.stories.test_unpriced import in_the_console
from tests.stories.world import BASIC, ROWS, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def end(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The vendor says that these licences are over, and the books are told."""
    plain = connections.vendor_of

    def install(world: World, *sku_ids: str) -> None:
        over = {world.holding("north", sku_id).vendor_subscription_id for sku_id in sku_ids}

        def shown(seen: port.VendorSubscription) -> port.VendorSubscription:
            return dataclasses.replace(seen, status="deleted") if seen.subscription_id in over else seen

        monkeypatch.setattr(connections, "vendor_of", lambda tenant: Altered(plain(tenant), shown))
        sync_tenant.request_all(at=world.at)
        for _ in range(4):
            engine.run_due(clock=world.clock)
        assert {world.holding("north", sku_id).status for sku_id in sku_ids} == {"deleted"}

    return install


def test_a_licence_that_ends_needs_no_answer_and_the_others_are_asked_on(
    world: World, end: Callable[..., None]
) -> None:
    sheet_id = sheet_of(world, default="cancel")
    end(world, BASIC)
    assert [each.problem for each in answer(world, sheet_id, basic="keep").values()] == ["not_running"]
    chores(world)
    assert (line(world, sheet_id).state, line(world, sheet_id, STANDARD).state) == ("ended", "open")
    assert (seen(sheet_id).state, actions(sheet_id)[-1]) == ("sent", "sheet.line_ended")
    assert [each.problem for each in answer(world, sheet_id, basic="keep").values()] == ["decided"]
    assert chores(world) == 0
    go_to(world, DEADLINE - 7 * DAY)
    mail.outbox.clear()
    chores(world)
    (reminder,) = mail.outbox
    assert "Business Standard" in reminder.body
    assert "Business Basic" not in reminder.body
    assert answer(world, sheet_id, standard="keep") == {}
    assert seen(sheet_id).state == "answered"


@pytest.mark.parametrize("status", ["expired", "disabled", "none", "provisioning"])
def test_a_state_that_may_pass_ends_no_line_and_the_default_comes_as_it_was_asked(world: World, status: str) -> None:
    sheet_id = sheet_of(world, default="cancel")
    rows = Subscription.objects.filter(sku_id=BASIC, customer_id=world.customer_ids["north"])
    rows.update(status=status)
    assert chores(world) == 0
    assert line(world, sheet_id).state == "open"
    rows.update(status="active")
    go_to(world, DEADLINE)
    chores(world)
    world.work()
    assert (line(world, sheet_id).state, line(world, sheet_id).choice) == ("defaulted", "cancel")


def test_a_sheet_with_nothing_left_to_decide_is_closed_reminds_nobody_and_is_recorded(
    world: World, end: Callable[..., None]
) -> None:
    sheet_id = sheet_of(world, default="cancel")
    answer(world, sheet_id, standard="cancel")
    end(world, BASIC)
    go_to(world, DEADLINE - 7 * DAY)
    mail.outbox.clear()
    chores(world)
    assert [each.state for each in seen(sheet_id).lines] == ["answered", "ended"]
    assert (seen(sheet_id).state, seen(sheet_id).closed_by) == ("answered", "Seatwright")
    assert [message.subject for message in mail.outbox] == ["North: what was decided about your renewals"]
    content = RenewalSheetRecord.objects.get(sheet_id=sheet_id).content
    assert [each["state"] for each in content["lines"]] == ["answered", "ended"]
    words = str(wording_sheets.LINE_STATES["ended"])
    assert words in str(sheet_record._shown(content, "en"))
    assert wished(world, STANDARD) == {Dimension.ENDING: renewals.Ending.CANCEL}
    assert chores(world) == 0


def test_a_sheet_whose_licences_have_all_ended_says_so(world: World, end: Callable[..., None]) -> None:
    sheet_id = sheet_of(world, default="reduce")
    RenewalSheetLine.objects.filter(sheet_id=sheet_id, subscription_id=line(world, sheet_id).subscription_id).update(
        state="answering", choice="cancel", seats=0, answered_over={}, decided_by="North Owner", decided_at=world.at
    )
    end(world, BASIC, STANDARD)
    chores(world)
    assert seen(sheet_id).state == "ended"
    assert {each.state for each in seen(sheet_id).lines} == {"ended"}
    assert line(world, sheet_id).decided_by == "North Owner", "what was said and never came to be is kept"
    assert record_sheet.content_of(sheet=seen(sheet_id))["state"] == "ended"


@pytest.mark.parametrize("default", ["nothing", "cancel"])
def test_a_licence_that_ends_while_its_sheet_is_being_closed_gets_no_default(world: World, default: str) -> None:
    sheet_id = sheet_of(world, default=default)  # type: ignore[arg-type]
    RenewalSheetLine.objects.filter(sheet_id=sheet_id, subscription_id=line(world, sheet_id).subscription_id).update(
        state="answering", choice="cancel", seats=0, answered_over={}, decided_by="North Owner", decided_at=world.at
    )
    go_to(world, DEADLINE)
    assert close_sheet.remind_and_close(at=world.at) == 1
    Subscription.objects.filter(customer_id=world.customer_ids["north"]).update(status="deleted")
    world.work()
    assert seen(sheet_id).state == "ended"
    assert {(each.state, each.note) for each in seen(sheet_id).lines} == {("ended", "")}


def test_what_an_owner_has_kept_is_stored_again_where_another_console_ends_it(world: World) -> None:
    sheet_id = sheet_of(world)
    assert answer(world, sheet_id, basic="keep") == {}
    world.work()
    in_the_console(world, BASIC, **ENDS_WITH_THE_TERM)
    world.move(hours=1)
    world.sync()
    assert wished(world, BASIC) == {Dimension.ENDING: renewals.Ending.RENEW}
    assert (world.holding("north", BASIC).end_of_term, world.holding("north", BASIC).auto_renew) == ("renew", True)


def test_another_number_of_seats_has_the_price_of_as_many(world: World) -> None:
    """A seat costs 5.88 and, in the reseller's own list, half of it from nine on: nine seats for twelve months."""
    listed(world, ROWS[BASIC]["product_id"], tiers={1: 1, 9: 2})
    sheet_id = sheet_of(world)
    offered = line(world, sheet_id).option("reduce")
    assert offered is not None
    assert (offered["seats"], offered["term_minor"]) == (7, 12 * 4116)
    assert answer(world, sheet_id, basic=answer_sheet.Answer(option="reduce", seats=9)) == {}
    assert (line(world, sheet_id).seats, line(world, sheet_id).term_minor) == (9, 12 * 2646)
