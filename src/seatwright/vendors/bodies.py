"""Bytes of a vendor's answer to a JSON tree and back, without losing a digit; everything outside is untrusted."""

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

import msgspec

MAX_DEPTH = 64

_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_encoder = msgspec.json.Encoder(decimal_format="number")


class UnreadableBody(ValueError):
    """The bytes are not one JSON document that has exactly one meaning; the text never quotes them."""


def parse(body: bytes) -> Any:
    """The JSON tree of `body`, numbers with a fraction or an exponent as exact `Decimal`.

    A byte order mark is skipped. NaN, infinities, repeated member names, lone surrogates and nesting deeper than
    `MAX_DEPTH` raise `UnreadableBody`: a document with two meanings must not be written back.
    """
    try:
        tree = json.loads(
            body.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_without_repeats,
        )
    except UnreadableBody:
        raise
    except UnicodeDecodeError:
        raise UnreadableBody("not UTF-8") from None
    except (ValueError, ArithmeticError):
        raise UnreadableBody("not JSON") from None
    except RecursionError:
        raise UnreadableBody("nested too deeply") from None
    _check_depth(tree)
    if _LONE_SURROGATE.search(body):
        _check_surrogates(tree)
    return tree


def render(tree: Any) -> bytes:
    """JSON bytes of a tree as `parse` makes it; a `Decimal` is written as a number with all its digits."""
    return _encoder.encode(tree)


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableBody(f"{name} is not a number")


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise UnreadableBody("a member name is repeated")
    return members


def _check_depth(tree: Any) -> None:
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return
    raise UnreadableBody("nested too deeply")


def _check_surrogates(tree: Any) -> None:
    try:
        _encoder.encode(tree)
    except UnicodeEncodeError:
        raise UnreadableBody("a text holds half a character") from None
