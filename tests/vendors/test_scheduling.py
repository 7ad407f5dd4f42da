"""What happens at the end of a term: both forms read alike, either one written, and nothing else touched."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.vendors import lossless, port
from seatwright.vendors.partner_center import scheduling, translate, wire
from tests.vendors.samples import resource

RENEW, CANCEL, EXTENDED = port.EndOfTerm.RENEW, port.EndOfTerm.CANCEL, port.EndOfTerm.EXTENDED
ITEM = "CFQ7TTC0LH18:0001:CFQ7TTC0K971"
WANTED = port.NextTerm(
    product_id="CFQ7TTC0LH18",
    vendor_sku_id="0001",
    catalogue_id=ITEM,
    quantity=7,
    term="P1Y",
    billing_cycle="monthly",
)


def product(**changes: Any) -> dict[str, Any]:
    return {
        "productId": "CFQ7TTC0LH18",
        "skuId": "0001",
        "availabilityId": "CFQ7TTC0K971",
        "billingCycle": "Monthly",
        "termDuration": "P1Y",
    } | changes


def instructions(quantity: Any = 7, **changes: Any) -> dict[str, Any]:
    return {"product": product(), "quantity": quantity} | changes


def action(kind: str, spelled: str = "scheduleType", when: str = "TermEnd", **more: Any) -> dict[str, Any]:
    return {spelled: when, "actionType": kind} | more


def read(**changes: Any) -> wire.Subscription:
    bare: dict[str, Any] = {"scheduledNextTermInstructions": None}
    return lossless.decode(json.dumps(resource(**(bare | changes))).encode(), kind=wire.Subscription)


@pytest.mark.parametrize(
    ("changes", "outcome", "seats"),
    [
        ({}, RENEW, None),
        ({"autoRenewEnabled": False}, None, None),
        ({"autoRenewEnabled": None}, None, None),
        ({"scheduledNextTermInstructions": instructions()}, RENEW, 7),
        ({"scheduledNextTermInstructions": instructions(), "autoRenewEnabled": False}, None, 7),
        ({"scheduledNextTermInstructions": instructions("7")}, RENEW, 7),
        ({"scheduledNextTermInstructions": instructions(None)}, None, None),
        ({"scheduledNextTermInstructions": {"quantity": 7}}, None, None),
        ({"scheduledNextTermInstructions": instructions(customTermEndDate="soon")}, None, None),
        ({"scheduledActions": [action("RenewToNewTerm")]}, RENEW, None),
        ({"scheduledActions": [action("RenewToNewTerm", instructions=instructions())]}, RENEW, 7),
        ({"scheduledActions": [action("Transition", instructions=instructions())]}, RENEW, 7),
        ({"scheduledActions": [action("RenewToNewTerm", "scheduledType", instructions=instructions())]}, RENEW, 7),
        ({"scheduledActions": [action("renew_to_new_term ", when="term_end")]}, RENEW, None),
        ({"scheduledActions": [{"actionType": "RenewToNewTerm"}]}, RENEW, None),
        ({"scheduledActions": [action("RenewToNewTerm", instructions=instructions(None))]}, None, None),
        ({"scheduledActions": [action("Cancel")], "autoRenewEnabled": False}, CANCEL, None),
        ({"scheduledActions": [action("Cancel")], "autoRenewEnabled": True}, None, None),
        ({"scheduledActions": [action("RenewToExtendedServiceTerm")], "autoRenewEnabled": True}, EXTENDED, None),
        ({"scheduledActions": [action("RenewToExtendedServiceTerm")], "autoRenewEnabled": False}, EXTENDED, None),
        ({"scheduledActions": [action("Hibernate")], "autoRenewEnabled": False}, None, None),
        ({"scheduledActions": [action("RenewToNewTerm"), action("Cancel")]}, None, None),
        ({"scheduledActions": [action("Cancel", when="CustomDate")]}, RENEW, None),
        ({"scheduledActions": [action("Cancel", when="CustomDate")], "autoRenewEnabled": False}, None, None),
        ({"scheduledActions": []}, RENEW, None),
        ({"scheduledActions": ["Cancel"]}, None, None),
        ({"scheduledActions": "Cancel"}, None, None),
        ({"scheduledNextTermInstructions": [1]}, None, None),
    ],
)
def test_the_end_of_a_term_is_read_from_both_forms(
    changes: dict[str, Any], outcome: port.EndOfTerm | None, seats: int | None
) -> None:
    seen = translate.subscription(read(**changes))
    assert seen.end_of_term == outcome
    assert (seen.next_term.quantity if seen.next_term else None) == seats


def test_the_newer_form_outranks_the_classic_one() -> None:
    seen = translate.subscription(
        read(
            scheduledNextTermInstructions=instructions(3),
            scheduledActions=[action("RenewToNewTerm", instructions=instructions(5))],
        )
    )
    assert seen.next_term is not None
    assert seen.next_term.quantity == 5


def test_a_next_term_becomes_plain_values_with_a_half_open_end() -> None:
    told = instructions(
        product=product(billingCycle="Annual", termDuration="p3y", promotionId=" PROMO:1:2"),
        customTermEndDate="2028-02-28T23:59:59Z",
    )
    seen = translate.subscription(read(scheduledNextTermInstructions=told))
    assert seen.next_term == port.NextTerm(
        product_id="CFQ7TTC0LH18",
        vendor_sku_id="0001",
        catalogue_id=ITEM,
        quantity=7,
        term="P3Y",
        billing_cycle="annual",
        promotion_id="PROMO:1:2",
        custom_end_on=dt.date(2028, 2, 29),
    )


def test_a_waiting_billing_cycle_is_shown() -> None:
    waiting = {"product": product(billingCycle="Annual"), "quantity": 10}
    assert translate.subscription(read(nextChargeInstructions=waiting)).next_billing_cycle == "annual"
    assert translate.subscription(read(nextChargeInstructions=None)).next_billing_cycle == ""


def written(
    before: wire.Subscription,
    outcome: port.EndOfTerm,
    shape: port.ScheduleShape,
    next_term: port.NextTerm | None = None,
) -> dict[str, Any]:
    after = scheduling.with_end_of_term(before, outcome=outcome, next_term=next_term, shape=shape)
    tree: dict[str, Any] = json.loads(lossless.encode(after))
    return tree


SENT = {
    "product": {
        "productId": "CFQ7TTC0LH18",
        "skuId": "0001",
        "availabilityId": "CFQ7TTC0K971",
        "billingCycle": "monthly",
        "termDuration": "P1Y",
    },
    "quantity": 7,
}


@pytest.mark.parametrize(
    ("outcome", "shape", "next_term", "is_on", "classic", "actions"),
    [
        (RENEW, "classic", WANTED, True, SENT, None),
        (RENEW, "classic", None, True, None, None),
        (CANCEL, "classic", None, False, None, None),
        (
            RENEW,
            "actions",
            WANTED,
            True,
            None,
            [{"scheduleType": "TermEnd", "actionType": "RenewToNewTerm", "instructions": SENT}],
        ),
        (RENEW, "actions", None, True, None, [{"scheduleType": "TermEnd", "actionType": "RenewToNewTerm"}]),
        (CANCEL, "actions", None, False, None, [{"scheduleType": "TermEnd", "actionType": "Cancel"}]),
        (
            EXTENDED,
            "actions",
            None,
            False,
            None,
            [{"scheduleType": "TermEnd", "actionType": "RenewToExtendedServiceTerm"}],
        ),
    ],
)
def test_an_outcome_is_written_in_one_form_with_the_flag_it_needs(
    outcome: port.EndOfTerm,
    shape: port.ScheduleShape,
    next_term: port.NextTerm | None,
    is_on: bool,
    classic: Any,
    actions: Any,
) -> None:
    before = read(scheduledNextTermInstructions={"quantity": 3, "product": product(skuId="0009")})
    tree = written(before, outcome, shape, next_term)
    expected = resource(autoRenewEnabled=is_on, scheduledNextTermInstructions=classic)
    assert tree == expected | ({"scheduledActions": actions} if actions else {})
    assert list(tree)[: len(expected)] == list(expected)


def test_the_form_that_is_not_wanted_is_emptied() -> None:
    both = {
        "scheduledNextTermInstructions": instructions(),
        "scheduledActions": [action("Cancel", "scheduledType")],
    }
    classic = written(read(**both), RENEW, "classic", WANTED)
    assert classic["scheduledActions"] is None
    newer = written(read(**both), CANCEL, "actions")
    assert newer["scheduledNextTermInstructions"] is None
    assert newer["scheduledActions"] == [{"scheduleType": "TermEnd", "actionType": "Cancel"}]


def test_actions_for_a_chosen_date_stay_and_bring_the_newer_form() -> None:
    other = action("Cancel", when="CustomDate", effectiveDate="2027-01-01", note={"a": 1})
    tree = written(read(scheduledActions=[other, action("Cancel")]), RENEW, "classic", WANTED)
    assert tree["scheduledActions"] == [
        other,
        {"scheduleType": "TermEnd", "actionType": "RenewToNewTerm", "instructions": SENT},
    ]
    assert tree["scheduledNextTermInstructions"] is None


def test_unknown_members_about_the_same_product_stay_and_about_another_go() -> None:
    told = instructions(3, product=product(memberOfTomorrow=1), note="x", customTermEndDate="2027-06-30T00:00:00Z")
    same = written(read(scheduledNextTermInstructions=told), RENEW, "classic", WANTED)
    kept = same["scheduledNextTermInstructions"]
    assert (kept["note"], kept["product"]["memberOfTomorrow"], kept["customTermEndDate"]) == ("x", 1, None)
    told["product"]["skuId"] = "0002"
    other = written(read(scheduledNextTermInstructions=told), RENEW, "classic", WANTED)
    assert other["scheduledNextTermInstructions"] == SENT


def test_a_half_open_end_goes_out_as_the_last_day() -> None:
    wanted = port.NextTerm(
        product_id="CFQ7TTC0LH18",
        vendor_sku_id="0001",
        catalogue_id=ITEM,
        quantity=7,
        term="P1Y",
        billing_cycle="monthly",
        promotion_id="PROMO:1:2",
        custom_end_on=dt.date(2028, 3, 1),
    )
    tree = written(read(), RENEW, "classic", wanted)["scheduledNextTermInstructions"]
    assert (tree["customTermEndDate"], tree["product"]["promotionId"]) == ("2028-02-29T00:00:00Z", "PROMO:1:2")


terms = st.builds(
    port.NextTerm,
    product_id=st.just("CFQ7TTC0LH18"),
    vendor_sku_id=st.just("0001"),
    catalogue_id=st.sampled_from([ITEM, "CFQ7TTC0LH18:0001:CFQ7TTC0NEW"]),
    quantity=st.integers(1, 10**7),
    term=st.sampled_from(["P1M", "P1Y", "P3Y"]),
    billing_cycle=st.sampled_from(["monthly", "annual", "triennial", "one_time"]),
    promotion_id=st.sampled_from(["", "PROMO:0001:X"]),
    custom_end_on=st.none() | st.dates(dt.date(2026, 1, 2), dt.date(2040, 12, 31)),
)
wishes = st.one_of(
    st.tuples(st.just(RENEW), st.none() | terms, st.sampled_from(["classic", "actions"])),
    st.tuples(st.just(CANCEL), st.none(), st.sampled_from(["classic", "actions"])),
    st.tuples(st.just(EXTENDED), st.none(), st.just("actions")),
)
actions = st.lists(
    st.builds(
        action,
        st.sampled_from(["RenewToNewTerm", "Cancel", "RenewToExtendedServiceTerm", "Transition", "Unheard"]),
        st.sampled_from(["scheduleType", "scheduledType"]),
        st.sampled_from(["TermEnd", "CustomDate"]),
        instructions=st.none() | st.builds(instructions, st.integers(1, 9), extra=st.just([1, None])),
    ),
    max_size=3,
)
states = st.fixed_dictionaries(
    {
        "autoRenewEnabled": st.sampled_from([True, False, None]),
        "scheduledNextTermInstructions": st.none() | st.builds(instructions, st.integers(1, 9), more=st.just({"x": 1})),
        "scheduledActions": st.none() | actions,
    }
)


@given(before=states, wish=wishes)
def test_what_is_written_is_read_back_as_wished_and_all_else_is_as_it_was(
    before: dict[str, Any], wish: tuple[port.EndOfTerm, port.NextTerm | None, port.ScheduleShape]
) -> None:
    outcome, next_term, shape = wish
    tree = written(read(**before), outcome, shape, next_term)
    seen = translate.subscription(lossless.from_tree(tree, kind=wire.Subscription))
    assert seen.ends_as(outcome=outcome, next_term=next_term, shape=shape)
    changed = {"autoRenewEnabled", "scheduledNextTermInstructions", "scheduledActions"}
    assert {name: value for name, value in tree.items() if name not in changed} == {
        name: value for name, value in resource().items() if name not in changed
    }
    dated = [each for each in before["scheduledActions"] or [] if "CustomDate" in each.values()]
    assert [each for each in tree["scheduledActions"] or [] if "CustomDate" in each.values()] == dated


@given(before=states, wish=wishes, other=wishes)
def test_a_different_wish_is_never_taken_for_fulfilled(
    before: dict[str, Any],
    wish: tuple[port.EndOfTerm, port.NextTerm | None, port.ScheduleShape],
    other: tuple[port.EndOfTerm, port.NextTerm | None, port.ScheduleShape],
) -> None:
    tree = written(read(**before), wish[0], wish[2], wish[1])
    seen = translate.subscription(lossless.from_tree(tree, kind=wire.Subscription))
    if seen.ends_as(outcome=other[0], next_term=other[1], shape=other[2]):
        assert wish[0] is other[0]
        if wish[1] and other[1]:
            assert (wish[1].quantity, wish[1].term, wish[1].custom_end_on) == (
                other[1].quantity,
                other[1].term,
                other[1].custom_end_on,
            )


def test_a_renewal_that_repeats_the_present_term_counts_as_none_scheduled() -> None:
    same = translate.subscription(read(scheduledNextTermInstructions=instructions(10)))
    assert same.ends_as(outcome=RENEW, next_term=None, shape="classic")
    fewer = translate.subscription(read(scheduledNextTermInstructions=instructions(9)))
    assert not fewer.ends_as(outcome=RENEW, next_term=None, shape="classic")


def test_a_renewal_announced_with_auto_renew_off_is_not_yet_one() -> None:
    announced = translate.subscription(read(autoRenewEnabled=False, scheduledActions=[action("RenewToNewTerm")]))
    assert announced.end_of_term is RENEW
    assert not announced.ends_as(outcome=RENEW, next_term=None, shape="actions")
    assert not announced.ends_as(outcome=CANCEL, next_term=None, shape="classic")


def test_auto_renew_off_alone_is_a_cancellation_of_the_classic_form_only() -> None:
    off = translate.subscription(read(autoRenewEnabled=False))
    assert off.ends_as(outcome=CANCEL, next_term=None, shape="classic")
    assert not off.ends_as(outcome=CANCEL, next_term=None, shape="actions")
    assert not off.ends_as(outcome=EXTENDED, next_term=None, shape="actions")


def test_a_schedule_of_no_known_form_is_nothing_that_anyone_wished_for() -> None:
    strange = translate.subscription(read(autoRenewEnabled=False, scheduledActions=["Cancel"]))
    assert strange.scheduled == {"scheduledActions": ["Cancel"]}
    assert not strange.ends_as(outcome=CANCEL, next_term=None, shape="classic")


@pytest.mark.parametrize(
    ("asked", "shown", "is_kept"),
    [("", "", True), ("", "PROMO:1:2", True), ("PROMO:1:2", "promo:1:2", True), ("PROMO:1:2", "", False)],
)
def test_a_promotion_may_be_added_but_not_lost(asked: str, shown: str, is_kept: bool) -> None:
    told = instructions(product=product(promotionId=shown))
    seen = translate.subscription(read(scheduledNextTermInstructions=told))
    wanted = port.NextTerm(
        product_id="CFQ7TTC0LH18",
        vendor_sku_id="0001",
        catalogue_id=ITEM,
        quantity=7,
        term="P1Y",
        billing_cycle="monthly",
        promotion_id=asked,
    )
    assert seen.ends_as(outcome=RENEW, next_term=wanted, shape="classic") is is_kept


@pytest.mark.parametrize(
    ("outcome", "next_term", "shape"),
    [(CANCEL, WANTED, "actions"), (EXTENDED, None, "classic")],
)
def test_a_wish_that_makes_no_sense_is_a_mistake_of_the_caller(
    outcome: port.EndOfTerm, next_term: port.NextTerm | None, shape: port.ScheduleShape
) -> None:
    with pytest.raises(AssertionError):
        scheduling.with_end_of_term(read(), outcome=outcome, next_term=next_term, shape=shape)


@given(
    tree=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda child: (
            st.lists(child, max_size=3)
            | st.dictionaries(
                st.sampled_from(["product", "quantity", "actionType", "scheduleType", "instructions", "productId"]),
                child,
            )
        ),
        max_leaves=8,
    ),
    name=st.sampled_from(["scheduledNextTermInstructions", "scheduledActions", "nextChargeInstructions"]),
)
def test_no_schedule_however_odd_keeps_a_subscription_from_being_read(tree: Any, name: str) -> None:
    seen = translate.subscription(read(**{name: tree}))
    assert seen.quantity == 10
    assert seen.end_of_term in (None, RENEW, CANCEL, EXTENDED)
