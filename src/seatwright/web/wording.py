"""Sentences for what the product refuses and names for what it stores; the one place where codes become words."""

import datetime as dt
from typing import assert_never

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seatwright.rules import quantities, refusals
from seatwright.web import formats

Words = dict[str, Promise]
TERMS: Words = {"P1M": gettext_lazy("1 month"), "P1Y": gettext_lazy("1 year"), "P3Y": gettext_lazy("3 years")}
PLANS: Words = {
    "monthly": gettext_lazy("billed monthly"),
    "annual": gettext_lazy("billed yearly"),
    "triennial": gettext_lazy("billed every 3 years"),
}
PER_CYCLE: Words = {
    "monthly": gettext_lazy("per month"),
    "annual": gettext_lazy("per year"),
    "triennial": gettext_lazy("per 3 years"),
}
VENDORS = {"microsoft": "Microsoft"}
ENTRY_KINDS: Words = {
    "adopted": gettext_lazy("Taken over as found at the vendor"),
    "added": gettext_lazy("Seats added"),
    "returned": gettext_lazy("Seats returned"),
    "corrected": gettext_lazy("Corrected"),
}
EVENTS: Words = {
    "seats.changed": gettext_lazy("Number of seats changed"),
    "order.placed": gettext_lazy("Order placed"),
    "subscription.adopted": gettext_lazy("Subscription taken over"),
    "drift.adopted": gettext_lazy("The vendor's number of seats taken over"),
    "seats.refused": gettext_lazy("Change of seats not carried out"),
    "cycle.charged": gettext_lazy("Billing period charged"),
    "term.renewed": gettext_lazy("Term renewed"),
}
PARKED: Words = {
    "vendor_denied": gettext_lazy("The vendor does not accept our access."),
    "third_value": gettext_lazy("The vendor shows a number that nobody here asked for."),
    "deadline_passed": gettext_lazy("The change was sent and never became visible."),
    "retry_budget": gettext_lazy("The vendor could not be reached for too long."),
    "run_limit": gettext_lazy("It was tried very often without an end."),
    "bug": gettext_lazy("Our own program failed on it."),
    "sent_too_often": gettext_lazy("The change was sent several times without effect."),
}
LINE_REFUSALS: Words = {
    "not_active": gettext_lazy("The subscription is no longer active at the vendor, so nothing was sent."),
    "changed_elsewhere": gettext_lazy("The number of seats was changed elsewhere meanwhile, so nothing was sent."),
    "window_closed": gettext_lazy("The return window closed before the change could be sent."),
    "below_assigned": gettext_lazy("People were given these seats meanwhile, so nothing was taken from them."),
    "settled_not_done": gettext_lazy("Our staff looked and found that the change did not happen."),
}


def quantity_refusal(reason_code: str) -> str:
    """The sentence for a text that is no number of seats."""
    words = {
        "empty": _("Write the number of seats."),
        "not_digits": _("Write the number in digits only, for example 12."),
        "too_large": _("That is more than the %(maximum)s seats that can be asked for at once.")
        % {"maximum": formats.number(value=quantities.MAX_QUANTITY)},
        "below_zero": _("There are not that many seats to take away."),
    }
    return words[reason_code]


def line_refusal(reason_code: str) -> str:
    """Why a booked line was refused when it was carried out."""
    known = LINE_REFUSALS.get(reason_code)
    return str(known) if known else _("The vendor refused the change, so nothing was changed and nothing is charged.")


def refusal(found: refusals.Refusal, *, seats_before: int, zone: str) -> str:
    """What is not possible, why in one clause, and what is possible instead; instants in `zone` and UTC."""
    match found:
        case refusals.NotReturnable():
            return _not_returnable(found, zone=zone)
        case refusals.BelowAssigned():
            return _below_assigned(found)
        case refusals.PackageNeedsOne():
            return _package_needs_one(found)
        case refusals.AboveFamilyMaximum(maximum=maximum, would_be=would_be):
            return _(
                "This would make %(would_be)s seats; over all plans of this family at most %(maximum)s are allowed. "
                "Ask for %(over)s fewer."
            ) % {
                "would_be": formats.number(value=would_be),
                "maximum": formats.number(value=maximum),
                "over": formats.number(value=would_be - maximum),
            }
        case refusals.BelowMinimum(minimum=minimum):
            return _("This offer is sold from %(n)s seats. Lower it to %(n)s instead.") % {"n": minimum}
        case refusals.AboveMaximum(maximum=maximum):
            return _("This offer ends at %(n)s seats. You can raise it to %(n)s.") % {
                "n": formats.number(value=maximum)
            }
        case refusals.StepSize(step=step, below=below, above=above):
            return _("Seats are sold in blocks of %(step)s. The nearest totals are %(below)s and %(above)s.") % {
                "step": step,
                "below": below,
                "above": above,
            }
        case _:
            return _plain_refusal(found, seats_before=seats_before)


def _plain_refusal(
    found: refusals.NotAChange
    | refusals.NamedTwice
    | refusals.OtherCurrency
    | refusals.NotChangeable
    | refusals.NotSelfService
    | refusals.CycleNotCurrent,
    *,
    seats_before: int,
) -> str:
    match found:
        case refusals.NotAChange():
            return _("There are %(n)s seats already. Write another number to change it.") % {"n": seats_before}
        case refusals.NamedTwice():
            return _("This licence was sent twice in one booking. Load the page again.")
        case refusals.OtherCurrency(currency=currency, booking_currency=other):
            return _("This licence is priced in %(one)s and the others in %(other)s. Book it by itself.") % {
                "one": currency,
                "other": other,
            }
        case refusals.NotChangeable(status="change_under_way"):
            return _("A change of this licence is under way. You can change it again once that is done.")
        case refusals.NotChangeable():
            return _("Seats can only be changed while the subscription is active. Your reseller can help.")
        case refusals.NotSelfService():
            return _("This licence is changed by your reseller. Ask them, naming the number that you want.")
        case refusals.CycleNotCurrent():
            return _("The billing period is being renewed at the vendor. Sync in a moment and try again.")
        case _:
            assert_never(found)


def _not_returnable(found: refusals.NotReturnable, *, zone: str) -> str:
    day = formats.day(value=found.next_possible_on)
    left = found.wanted - found.returnable_now
    if not found.returnable_now or found.until is None:
        return ngettext(
            "This %(n)s seat cannot be returned now, because its return window has closed. It can end with the term "
            "on %(day)s.",
            "These %(n)s seats cannot be returned now, because their return window has closed. They can end with the "
            "term on %(day)s.",
            found.wanted,
        ) % {"n": formats.number(value=found.wanted), "day": day}
    return ngettext(
        "Only %(now)s of %(wanted)s seats can be returned now, until %(until)s. The other %(left)s can end with the "
        "term on %(day)s.",
        "Only %(now)s of %(wanted)s seats can be returned now, until %(until)s. The other %(left)s can end with the "
        "term on %(day)s.",
        left,
    ) % {
        "now": formats.number(value=found.returnable_now),
        "wanted": formats.number(value=found.wanted),
        "until": both_clocks(value=found.until, zone=zone),
        "left": formats.number(value=left),
        "day": day,
    }


def _below_assigned(found: refusals.BelowAssigned) -> str:
    text = ngettext(
        "%(n)s person uses a seat of this licence, so you can lower it to %(n)s.",
        "%(n)s people use seats of this licence, so you can lower it to %(n)s.",
        found.assigned,
    ) % {"n": formats.number(value=found.assigned)}
    if not found.holders:
        return text
    names = ", ".join(found.holders[:5])
    more = found.assigned - min(len(found.holders), 5)
    if more > 0:
        names = ngettext("%(names)s and %(n)s more", "%(names)s and %(n)s more", more) % {"names": names, "n": more}
    return f"{text} " + _("Held by: %(names)s.") % {"names": names}


def _package_needs_one(found: refusals.PackageNeedsOne) -> str:
    return ngettext(
        "At least %(n)s seat must stay active over all licences of this tenant. To end everything, ask your reseller.",
        "At least %(n)s seats must stay active over all licences of this tenant. To end everything, ask your reseller.",
        found.minimum,
    ) % {"n": found.minimum}


def both_clocks(*, value: dt.datetime, zone: str) -> str:
    """An instant in the reader's zone with its UTC time, as plain text."""
    local, utc = formats.instant(value=value, zone_name=zone)
    return f"{local} ({utc})" if utc else local


def named(words: Words, code: str) -> str:
    """The words for a stored code, or the code itself when it is new to us."""
    known = words.get(code)
    return str(known) if known else code


def duration(seconds: float) -> str:
    """A measured time in whole minutes, or seconds below a minute and a half; rounded up."""
    whole = -int(-seconds // 1)
    if whole < 90:
        return ngettext("%(n)s second", "%(n)s seconds", whole) % {"n": whole}
    minutes = -(-whole // 60)
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
