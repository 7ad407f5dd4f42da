"""The form of a swap: what was chosen on it, and the people as its list shows them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from seatwright.assignments import queries as assignments
from seatwright.web import requests, wording_swap
from seatwright.workflows import swap_plan, swap_wish

SHOWN_MOST = 300
FIELDS = frozenset({"csrfmiddlewaretoken", "to", "way", "person", "everybody", "whole", "q"})
ONCE = FIELDS - {"person"}


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """A person of the list with what would make moving them fail."""

    holder: assignments.Holder
    is_chosen: bool
    problems: tuple[str, ...]
    has_new: bool


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What the form says; `errors` when it cannot be read as a choice."""

    to: str
    way: str
    people: frozenset[str]
    is_everybody: bool
    is_whole: bool
    text: str
    errors: tuple[str, ...] = ()


def read(values: QueryDict) -> Typed:
    """The form as posted, or the choice that an address carries."""
    is_doubled = any(len(values.getlist(name)) > 1 for name in values if name in ONCE)
    is_foreign = bool(set(values) - FIELDS)
    error = _("A field was sent twice or does not belong to this page. Load it again.")
    return Typed(
        to=requests.text(values, "to", longest=80),
        way=requests.text(values, "way", longest=60),
        people=frozenset(key.replace("\x00", "")[:64] for key in values.getlist("person")),
        is_everybody=values.get("everybody") == "yes",
        is_whole=values.get("whole") == "yes",
        text=requests.text(values, "q", longest=80),
        errors=(error,) if is_doubled or is_foreign else (),
    )


def choice(typed: Typed, *, subscription_id: uuid.UUID, holders: Sequence[assignments.Holder]) -> swap_plan.Choice:
    """What the workflow is asked for."""
    people = tuple(each.key for each in holders) if typed.is_everybody else tuple(sorted(typed.people))
    return swap_plan.Choice(
        subscription_id=subscription_id, to=typed.to, people=people, way=typed.way, is_whole=typed.is_whole
    )


def people(field: swap_plan.Field, typed: Typed, *, target: swap_plan.Target | None) -> tuple[list[PersonRow], int]:
    """The people to choose from, chosen ones first, and how many more there are than the list shows."""
    words = typed.text.casefold().split()[:8]
    fitting = [
        each
        for each in field.holders
        if each.key in typed.people
        or all(word in f"{each.name} {each.address} {each.department}".casefold() for word in words)
    ]
    fitting.sort(key=lambda each: each.key not in typed.people)
    rows = [
        PersonRow(
            holder=each,
            is_chosen=typed.is_everybody or each.key in typed.people,
            problems=tuple(wording_swap.person(code) for code in swap_wish.problems(each)),
            has_new=target is not None and target.sku_id in each.sku_ids,
        )
        for each in fitting[:SHOWN_MOST]
    ]
    return rows, max(len(fitting) - SHOWN_MOST, 0)


@dataclass(frozen=True, kw_only=True)
class WayRow:
    """A way to choose."""

    key: str
    label: str
    hint: str
    is_chosen: bool
    is_final: bool


def ways(target: swap_plan.Target | None, typed: Typed) -> list[WayRow]:
    """The ways to the chosen plan, the first one chosen where none was."""
    if target is None:
        return []
    keys = [way.key for way in target.ways]
    chosen = typed.way if typed.way in keys else keys[0]
    return [
        WayRow(
            key=way.key,
            label=_label(way),
            hint=_hint(way),
            is_chosen=way.key == chosen,
            is_final=way.is_transition,
        )
        for way in target.ways
    ]


def _label(way: swap_plan.Open) -> str:
    seats: Mapping[str, int] = {} if way.into is None else {"n": way.into.seats}
    if way.key == "transition":
        return _("The vendor converts the seats")
    if way.key == "buy":
        return _("Buy new seats and give the old ones back")
    if way.is_transition:
        return _("The vendor adds the seats to the licence with %(n)s seats") % seats
    return _("Use the licence with %(n)s seats, adding what is missing, and give the old seats back") % seats


def _hint(way: swap_plan.Open) -> str:
    if way.is_transition:
        return _("No double payment. It cannot be undone, and converted seats get no new return window.")
    return _("Both seats are paid until the old one is returned or its term ends; see the overlap below.")
