"""JSON from outside: exact, one meaning, and never a crash."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.vendors import bodies

TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_a_price_keeps_every_digit() -> None:
    assert bodies.parse(b'{"price": 30.40}') == {"price": Decimal("30.40")}
    assert bodies.render({"price": Decimal("30.40")}) == b'{"price":30.40}'


def test_a_byte_order_mark_is_skipped() -> None:
    assert bodies.parse(b"\xef\xbb\xbf[1]") == [1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<html></html>",
        b'{"a": 1',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'"\xff"',
        b"[" * 100_000,
        b"[" * 65 + b"]" * 65,
        b"1" * 5_000,
        b"{} {}",
    ],
    ids=lambda body: body[:12],
)
def test_a_body_without_one_clear_meaning_is_unreadable(body: bytes) -> None:
    with pytest.raises(bodies.UnreadableBody):
        bodies.parse(body)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert bodies.parse(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@given(tree=TREES)
def test_every_tree_comes_back_as_it_was(tree: object) -> None:
    assert bodies.parse(bodies.render(tree)) == tree


@given(noise=st.binary(max_size=200))
def test_noise_is_parsed_or_unreadable_and_nothing_else(noise: bytes) -> None:
    try:
        tree = bodies.parse(noise)
    except bodies.UnreadableBody:
        return
    assert json.loads(noise.decode("utf-8-sig"), parse_float=Decimal) == tree
