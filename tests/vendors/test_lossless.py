"""A resource that is read, changed in one field and written back keeps everything else."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.vendors import bodies, lossless
from seatwright.vendors.partner_center import kinds, wire

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(max_size=10)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "id",
        "Id",
        "quantity",
        "Quantity",
        "status",
        "refundableQuantity",
        "RefundOptions",
        "links",
        "attributes",
        "newMember",
    ]
)
SUBSCRIPTIONS = st.dictionaries(NAMES | st.text(max_size=6), VALUES, max_size=8)


def read(body: bytes) -> wire.Subscription:
    return lossless.decode(body, kind=wire.Subscription)


def test_a_changed_quantity_changes_nothing_else() -> None:
    body = b'{"Id":"S1","Quantity":5,"Price":1.10,"NewThing":{"x":[1,null]},"AutoRenewEnabled":true,"PartnerId":null}'
    changed = msgspec.structs.replace(read(body), quantity=7)
    assert lossless.encode(changed) == body.replace(b'"Quantity":5', b'"Quantity":7')


def test_a_nested_change_keeps_the_neighbours_of_the_nested_member() -> None:
    body = b'{"scheduledNextTermInstructions":{"quantity":5,"new":1,"product":{"skuId":"0001","later":2}}}'
    before = read(body)
    instructions = before.scheduled_next_term_instructions
    assert instructions is not None
    after = msgspec.structs.replace(
        before, scheduled_next_term_instructions=msgspec.structs.replace(instructions, quantity=4)
    )
    assert lossless.encode(after) == body.replace(b'"quantity":5', b'"quantity":4')


def test_a_new_member_takes_the_capitalisation_around_it() -> None:
    assert lossless.encode(msgspec.structs.replace(read(b'{"Id":"a"}'), friendly_name="x")) == (
        b'{"Id":"a","FriendlyName":"x"}'
    )
    assert lossless.encode(msgspec.structs.replace(read(b'{"id":"a"}'), friendly_name="x")) == (
        b'{"id":"a","friendlyName":"x"}'
    )


def test_a_member_set_to_none_is_written_as_null() -> None:
    before = read(b'{"scheduledNextTermInstructions":{"quantity":5}}')
    after = msgspec.structs.replace(before, scheduled_next_term_instructions=None)
    assert lossless.encode(after) == b'{"scheduledNextTermInstructions":null}'


@pytest.mark.parametrize(
    ("body", "quantity"),
    [
        (b'{"quantity":7}', 7),
        (b'{"QUANTITY":7}', 7),
        (b'{"quantity":"7"}', 7),
        (b'{"quantity":7.0}', 7),
        (b'{"quantity":7.5}', None),
        (b'{"quantity":"seven"}', None),
        (b'{"quantity":true}', None),
        (b'{"quantity":1e300}', None),
        (b'{"quantity":1e999999999}', None),
        (b'{"quantity":null}', None),
        (b'{"quantity":[7]}', None),
        (b'{"Quantity":6,"quantity":7}', 7),
        (b"{}", None),
    ],
)
def test_a_whole_number_is_read_from_every_sane_form(body: bytes, quantity: int | None) -> None:
    assert read(body).quantity == quantity
    assert bodies.parse(lossless.encode(read(body))) == bodies.parse(body)


def test_a_price_is_an_exact_decimal_whether_it_came_as_number_or_text() -> None:
    line = lossless.decode(
        b'{"lineItems":[{"pricing":{"price":30.40,"listPrice":"38.00"}}]}', kind=wire.Order
    ).line_items
    assert line is not None
    assert line[0].pricing is not None
    assert line[0].pricing.price == Decimal("30.40")
    assert line[0].pricing.list_price == Decimal("38.00")


def test_an_unknown_state_is_kept_as_it_is() -> None:
    assert read(b'{"status":"hibernating"}').status == "hibernating"


def test_members_that_cannot_be_read_are_named() -> None:
    seen = read(b'{"quantity":"many","refundableQuantity":{"details":[{"quantity":"few"}]},"status":"active"}')
    assert list(lossless.unreadable_members(seen)) == ["refundableQuantity.details.quantity", "quantity"][::-1]


@given(tree=SUBSCRIPTIONS)
def test_any_object_comes_back_unchanged(tree: dict[str, Any]) -> None:
    seen = lossless.from_tree(tree, kind=wire.Subscription)
    assert bodies.parse(lossless.encode(seen)) == tree


@given(tree=SUBSCRIPTIONS, quantity=st.integers(0, 10**6))
def test_any_object_takes_a_new_quantity_and_keeps_the_rest(tree: dict[str, Any], quantity: int) -> None:
    changed = msgspec.structs.replace(lossless.from_tree(tree, kind=wire.Subscription), quantity=quantity)
    written = bodies.parse(lossless.encode(changed))
    assert lossless.from_tree(written, kind=wire.Subscription).quantity == quantity
    assert {name: value for name, value in written.items() if name.casefold() != "quantity"} == {
        name: value for name, value in tree.items() if name.casefold() != "quantity"
    }


@given(tree=VALUES)
def test_any_tree_is_viewed_or_refused_and_nothing_else(tree: Any) -> None:
    body = bodies.render(tree)
    if isinstance(tree, dict):
        assert bodies.parse(lossless.encode(kinds.decode(body))) == tree
    else:
        with pytest.raises(bodies.UnreadableBody):
            kinds.decode(body)
