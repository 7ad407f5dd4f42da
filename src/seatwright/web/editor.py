"""Reads the quantity editor: one form over all licences of a tenant, a total or a difference for each (R006, R047)."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from seatwright.rules import quantities
from seatwright.web import formats, wording
from seatwright.workflows import licence_rows, pricing

FIELDS = ("total", "direction", "by", "base")
OTHER_FIELDS = frozenset({"csrfmiddlewaretoken"})


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed for one licence; `seats` is the resulting total, None where it could not be read."""

    total: str
    direction: str
    by: str
    seats: int | None
    errors: tuple[str, ...] = ()

    @property
    def is_more(self) -> bool:
        """Whether a difference is to be added."""
        return self.direction != quantities.Direction.FEWER


@dataclass(frozen=True, kw_only=True)
class Read:
    """The whole form as typed; `errors` are those of the form, not of one field."""

    lines: Mapping[uuid.UUID, Typed] = field(default_factory=dict)
    wishes: tuple[pricing.Wish, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def is_readable(self) -> bool:
        """Whether every field could be read."""
        return not self.errors and not any(line.errors for line in self.lines.values())


def untouched(row: licence_rows.LicenceRow) -> Typed:
    """The fields of a licence that nobody has changed."""
    return Typed(total=str(row.ours), direction="more", by="", seats=row.ours)


def read(*, posted: QueryDict, rows: Iterable[licence_rows.LicenceRow]) -> Read:
    """The wishes in the form, strictly read: unknown and repeated fields are refused, nothing is guessed (S16, S28)."""
    by_id = {row.subscription_id: row for row in rows}
    known = {f"{name}-{key}" for key in by_id for name in FIELDS} | OTHER_FIELDS
    if set(posted) - known:
        return Read(errors=(_("The form does not belong to this page. Load the page again."),))
    lines, wishes = {}, []
    for key, row in by_id.items():
        if f"total-{key}" not in posted:
            continue
        line = _line(posted, row)
        lines[key] = line
        if line.seats is not None and line.seats != row.ours:
            wishes.append(pricing.Wish(subscription_id=key, seats=line.seats))
    return Read(lines=lines, wishes=tuple(wishes))


def _line(posted: QueryDict, row: licence_rows.LicenceRow) -> Typed:
    values = {name: posted.get(f"{name}-{row.subscription_id}", "") for name in FIELDS}
    typed = Typed(total=values["total"][:20], direction=values["direction"], by=values["by"][:20], seats=None)
    if any(len(posted.getlist(f"{name}-{row.subscription_id}")) > 1 for name in FIELDS):
        return _refused(typed, _("This number was sent twice. Load the page again."))
    if values["base"] != str(row.ours):
        return _refused(
            typed,
            _("The number of seats has changed to %(n)s since you opened the page. Look again before you change it.")
            % {"n": formats.number(value=row.ours)},
        )
    try:
        seats = _seats(values, row)
    except quantities.BadQuantity as bad:
        return _refused(typed, wording.quantity_refusal(bad.reason_code))
    except ValueError:
        return _refused(typed, _("The total and the difference do not agree. Fill in only one of them."))
    return Typed(total=typed.total, direction=typed.direction, by=typed.by, seats=seats)


def _seats(values: Mapping[str, str], row: licence_rows.LicenceRow) -> int:
    """The resulting total; raises BadQuantity, or ValueError when total and difference contradict each other."""
    if not values["by"]:
        return quantities.parse_quantity(values["total"])
    direction = quantities.Direction(values["direction"])
    result = quantities.after_difference(
        quantity=row.ours, direction=direction, by=quantities.parse_quantity(values["by"])
    )
    if values["total"] and quantities.parse_quantity(values["total"]) not in (row.ours, result):
        raise ValueError
    return result


def _refused(typed: Typed, error: str) -> Typed:
    return Typed(total=typed.total, direction=typed.direction, by=typed.by, seats=None, errors=(error,))
