"""One member of a problem's `errors`: where, which reason, its data, and a sentence for the developer."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fault:
    """One reason. `location` is body, query, header or quote; `field` a dotted path there, empty for the whole.

    `code` is stable and meant for programs, `detail` is English and may change.
    """

    location: str
    field: str
    code: str
    detail: str
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The member as it is sent."""
        return {
            "location": self.location,
            "field": self.field[:200],
            "code": self.code,
            "detail": self.detail,
            "data": dict(self.data),
        }
