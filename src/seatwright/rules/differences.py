"""What should be against what is: the one comparison behind month close, sync and the statement check."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences[K, V]:
    """`missing` should be and is not, `surplus` is and should not be, `changed` holds (should, actual) pairs.

    Keys keep the order of the mapping they came from.
    """

    missing: Mapping[K, V]
    surplus: Mapping[K, V]
    changed: Mapping[K, tuple[V, V]]

    @property
    def are_none(self) -> bool:
        return not (self.missing or self.surplus or self.changed)


def compare[K, V](*, should: Mapping[K, V], actual: Mapping[K, V]) -> Differences[K, V]:
    """The differences between two keyed mappings; values are compared by equality."""
    return Differences(
        missing={key: value for key, value in should.items() if key not in actual},
        surplus={key: value for key, value in actual.items() if key not in should},
        changed={key: (value, actual[key]) for key, value in should.items() if key in actual and actual[key] != value},
    )
