"""The line of time of a subscription in words: each entry with its icon, its sentence and what can be done about it."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seatwright.rules import timeline
from seatwright.web import formats, wording
from seatwright.workflows import schedule_change, subscription_timeline

OPERATIONS: dict[str, Promise] = {
    "change_seats": gettext_lazy("A change of seats is under way"),
    "apply_schedule": gettext_lazy("The wishes for the renewal are being stored at the vendor"),
    "change_status": gettext_lazy("A change of state is under way"),
    "change_term": gettext_lazy("A change of term or billing is under way"),
}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A wish with the words in which it was made; `dimension` names it to the form that takes it back."""

    dimension: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry; `stored` is stored, sending or missing for an entry with wishes, empty for any other."""

    icon: str
    at: dt.datetime
    title: str
    detail: str = ""
    until: dt.datetime | None = None
    order_id: uuid.UUID | None = None
    wishes: tuple[Wish, ...] = ()
    stored: str = ""
    who: str = ""
    is_day: bool = False


@dataclass(frozen=True, kw_only=True)
class Course:
    """The whole line, in the order in which it is read."""

    ahead: tuple[Entry, ...]
    under_way: tuple[Entry, ...]
    past: tuple[Entry, ...]


def course(found: subscription_timeline.Course, *, names: Mapping[str, str]) -> Course:
    """The line in words; `names` are those of offers."""
    return Course(
        ahead=tuple(_ahead(each, names) for each in found.ahead),
        under_way=tuple(_under_way(each) for each in found.under_way),
        past=tuple(_past(each) for each in found.past),
    )


def _ahead(entry: subscription_timeline.Ahead, names: Mapping[str, str]) -> Entry:
    match entry.what:
        case "window":
            words = ngettext(
                "Last safe moment to return %(n)s seat", "Last safe moment to return %(n)s seats", entry.seats
            )
            return Entry(
                icon="hourglass-empty",
                at=entry.at,
                title=words % {"n": formats.number(value=entry.seats)},
                until=entry.until,
            )
        case "cycle":
            return Entry(icon="receipt", at=entry.at, title=_("The next billing period begins"), is_day=True)
        case "lock":
            return Entry(
                icon="lock",
                at=entry.at,
                title=_("The renewal is fixed"),
                detail=_("Last moment to wish for something else."),
            )
        case "end":
            return Entry(icon="ban", at=entry.at, title=_("The licence ends with its term"), is_day=True)
    if entry.plan is None:
        return Entry(icon="calendar-event", at=entry.at, title=_("The licence renews"), is_day=True)
    return _renewal(entry, entry.plan, names)


def _renewal(entry: subscription_timeline.Ahead, plan: schedule_change.Plan, names: Mapping[str, str]) -> Entry:
    wishes = tuple(
        Wish(dimension=str(dimension), words=_wish(dimension, value, plan, names))
        for dimension, value in subscription_timeline.wishes_of(plan).items()
    )
    stored = "stored" if plan.is_applied else "sending" if plan.is_sending else "missing"
    return Entry(
        icon="calendar-event",
        at=entry.at,
        title=_("This licence %(outcome)s.") % {"outcome": wording.renewal_outcome(plan.following)},
        wishes=wishes,
        stored=stored if wishes else "",
        is_day=True,
    )


def _wish(
    dimension: timeline.Dimension, value: timeline.Value, plan: schedule_change.Plan, names: Mapping[str, str]
) -> str:
    """The wish, and for a difference or a settled total what it comes to."""
    words = wording.wish(dimension, value, names=names)
    if isinstance(value, timeline.SeatsBy):
        return _("%(wish)s (%(before)s → %(after)s)") % {
            "wish": words,
            "before": formats.number(value=plan.seats),
            "after": formats.number(value=plan.following.quantity),
        }
    if isinstance(value, timeline.SeatsTotal) and value.is_settled:
        return _("%(wish)s, whatever changes before") % {"wish": words}
    return words


def _under_way(entry: subscription_timeline.UnderWay) -> Entry:
    title = str(OPERATIONS.get(entry.what, gettext_lazy("A change is under way")))
    if entry.wanted is not None:
        title = ngettext(
            "A change to %(n)s seat is under way", "A change to %(n)s seats is under way", entry.wanted
        ) % {"n": formats.number(value=entry.wanted)}
    detail = _("A person is looking at it.") if entry.state == "parked" else ""
    return Entry(icon="circle-dashed", at=entry.since_at, title=title, detail=detail, order_id=entry.order_id)


def _past(entry: subscription_timeline.Past) -> Entry:
    if entry.total is None:
        return Entry(
            icon="check", at=entry.at, title=wording.named(wording.EVENTS, entry.what), detail=entry.note, who=entry.who
        )
    change = f"+{formats.number(value=entry.seats)}" if entry.seats > 0 else f"−{formats.number(value=-entry.seats)}"
    words = ngettext("%(kind)s: %(change)s, %(n)s seat then", "%(kind)s: %(change)s, %(n)s seats then", entry.total)
    title = words % {
        "kind": wording.named(wording.ENTRY_KINDS, entry.what),
        "change": change,
        "n": formats.number(value=entry.total),
    }
    return Entry(icon="armchair", at=entry.at, title=title, detail=entry.note)
