"""One comparison tells what is missing, what is too much and what differs."""

from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import differences

mappings = st.dictionaries(st.integers(0, 8), st.integers(0, 2))


def test_each_key_is_in_exactly_the_list_it_belongs_to() -> None:
    found = differences.compare(should={"a": 1, "b": 2, "c": 3}, actual={"b": 2, "c": 4, "d": 5})
    assert found.missing == {"a": 1}
    assert found.surplus == {"d": 5}
    assert found.changed == {"c": (3, 4)}
    assert not found.are_none


def test_each_list_alone_is_a_difference() -> None:
    assert not differences.compare(should={1: 1}, actual={}).are_none
    assert not differences.compare(should={}, actual={1: 1}).are_none
    assert not differences.compare(should={1: 1}, actual={1: 2}).are_none


def test_a_value_that_says_nothing_is_still_a_value() -> None:
    found = differences.compare(should={1: None, 2: 0}, actual={1: 0, 2: None})
    assert found.changed == {1: (None, 0), 2: (0, None)}
    assert not found.missing


def test_keys_keep_their_order() -> None:
    found = differences.compare(should={3: 0, 1: 0, 2: 0}, actual={9: 0, 8: 0})
    assert list(found.missing) == [3, 1, 2]
    assert list(found.surplus) == [9, 8]


@given(should=mappings, actual=mappings)
def test_carrying_out_the_differences_makes_it_so_and_again_finds_nothing(
    should: dict[int, int], actual: dict[int, int]
) -> None:
    found = differences.compare(should=should, actual=actual)
    mended = {key: value for key, value in actual.items() if key not in found.surplus}
    mended |= found.missing
    mended |= {key: wanted for key, (wanted, _was) in found.changed.items()}
    assert mended == should
    assert differences.compare(should=should, actual=mended).are_none
    assert found.are_none is (should == actual)
