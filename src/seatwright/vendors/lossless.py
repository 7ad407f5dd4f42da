"""Typed views of JSON objects that give back every member they were read from, known or not.

A vendor that erases whatever a write leaves out makes this necessary: read, change one field with
`msgspec.structs.replace`, encode, and all else goes back as it came: unknown members, spelling, order, digits.
"""

import functools
import re
import types
import typing
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from seatwright.vendors import bodies

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_MAX_DIGITS = 18


class Wire(msgspec.Struct, kw_only=True, rename="camel"):
    """Base of typed views: every field is optional, and None means absent, null or unreadable.

    `as_received` is the JSON object itself; nobody changes it or the view. Member names match in any
    capitalisation, exact spelling first.
    """

    as_received: dict[str, Any] = msgspec.field(default_factory=dict)


def decode[W: Wire](body: bytes, *, kind: type[W]) -> W:
    """The object in `body` as `kind`; raises `bodies.UnreadableBody` when `body` is not a JSON object."""
    return from_tree(bodies.parse(body), kind=kind)


def encode(view: Wire) -> bytes:
    """JSON bytes of `view`: the object as received, with the fields that were changed since."""
    return bodies.render(to_tree(view))


def from_tree[W: Wire](tree: Any, *, kind: type[W]) -> W:
    """`tree` seen as `kind`; raises `bodies.UnreadableBody` when it is not an object."""
    if not isinstance(tree, dict):
        raise bodies.UnreadableBody("not a JSON object")
    view: W = _view(tree, kind)
    return view


def to_tree(view: Wire) -> dict[str, Any]:
    """The JSON object of `view`; a new member takes the capitalisation of the members around it."""
    tree = dict(view.as_received)
    spellings = _spellings(tree)
    for member in _members(type(view)):
        value = getattr(view, member.name)
        spelled = spellings.get(member.folded, [])
        if not spelled and value is not None:
            tree[_capitalised(member.wire_name, tree)] = _plain(value)
        elif spelled and value != _chosen(tree, spelled, member):
            tree.update(dict.fromkeys(spelled, _plain(value)))
    return tree


def unknown_members(view: Wire) -> dict[str, Any]:
    """Members of the object that no field of the view names."""
    known = {member.folded for member in _members(type(view))}
    return {name: value for name, value in view.as_received.items() if name.casefold() not in known}


def unreadable_members(view: Wire) -> Iterator[str]:
    """Dotted paths of members that are there, not null, and not of the type their field declares."""
    spellings = _spellings(view.as_received)
    for member in _members(type(view)):
        value = getattr(view, member.name)
        if value is None and any(view.as_received[name] is not None for name in spellings.get(member.folded, [])):
            yield member.wire_name
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Wire):
                yield from (f"{member.wire_name}.{path}" for path in unreadable_members(child))


class _Member(typing.NamedTuple):
    name: str
    wire_name: str
    folded: str
    read: Callable[[Any], Any]


@functools.cache
def _members(kind: Any) -> tuple[_Member, ...]:
    return tuple(
        _Member(field.name, field.encode_name, field.encode_name.casefold(), _reader(field.type))
        for field in msgspec.structs.fields(kind)
        if field.name != "as_received"
    )


def _view(tree: dict[str, Any], kind: Any) -> Any:
    spellings = _spellings(tree)
    values = {
        member.name: _chosen(tree, spellings[member.folded], member)
        for member in _members(kind)
        if member.folded in spellings
    }
    return kind(as_received=tree, **values)


def _spellings(tree: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in tree:
        found.setdefault(name.casefold(), []).append(name)
    return found


def _chosen(tree: dict[str, Any], spelled: list[str], member: _Member) -> Any:
    """The value of the exact spelling, else of the first one."""
    name = member.wire_name if member.wire_name in spelled else spelled[0]
    return member.read(tree[name])


def _capitalised(wire_name: str, neighbours: dict[str, Any]) -> str:
    first = next(iter(neighbours), "")
    return wire_name[:1].upper() + wire_name[1:] if first[:1].isupper() else wire_name


def _plain(value: Any) -> Any:
    if isinstance(value, Wire):
        return to_tree(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _reader(declared: Any) -> Callable[[Any], Any]:
    """How to read a member declared as `declared`, which is always `something | None`; a type variable as its bound."""
    if isinstance(declared, types.UnionType) or typing.get_origin(declared) is typing.Union:
        declared = next(option for option in typing.get_args(declared) if option is not types.NoneType)
    if isinstance(declared, typing.TypeVar):
        declared = declared.__bound__
    origin = typing.get_origin(declared) or declared
    if origin is tuple:
        return functools.partial(_read_items, read=_reader(typing.get_args(declared)[0]))
    if isinstance(origin, type) and issubclass(origin, Wire):
        return functools.partial(_read_object, kind=declared)
    return _READERS[origin]


def _read_items(value: Any, *, read: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    if not isinstance(value, list):
        return None
    items = tuple(read(item) for item in value)
    return None if any(item is None for item in items) else items


def _read_object(value: Any, *, kind: Any) -> Any:
    return _view(value, kind) if isinstance(value, dict) else None


def _read_mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _read_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal) else None


def _read_whole(value: Any) -> int | None:
    """A whole number of at most 18 digits, also when it came as text or as 10.0."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, Decimal) and value.adjusted() < _MAX_DIGITS and value == value.to_integral_value():
        return int(value)
    return value if isinstance(value, int) and abs(value) < 10**_MAX_DIGITS else None


def _read_number(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _read_flag(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.casefold())
    return value if isinstance(value, bool) else None


def _read_anything(value: Any) -> Any:
    return value


_READERS: dict[Any, Callable[[Any], Any]] = {
    str: _read_text,
    int: _read_whole,
    Decimal: _read_number,
    bool: _read_flag,
    dict: _read_mapping,
    Any: _read_anything,
}
