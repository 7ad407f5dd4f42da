"""Sentences for what the product refuses and names for what it stores; the one place where codes become words."""

import datetime as dt
from collections.abc import Mapping
from typing import assert_never

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seatwright.rules import conflicts, quantities, refusals, renewals, timeline
from seatwright.web import formats, wording_vendor
from seatwright.workflows import change_status

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
    "bought": gettext_lazy("Bought"),
    "swapped": gettext_lazy("Swapped for another plan"),
    "renewed": gettext_lazy("Renewed"),
    "ended": gettext_lazy("Ended"),
}
EVENTS: Words = {
    "seats.changed": gettext_lazy("Number of seats changed"),
    "order.placed": gettext_lazy("Order placed"),
    "subscription.bought": gettext_lazy("Subscription bought"),
    "subscription.adopted": gettext_lazy("Subscription taken over"),
    "drift.adopted": gettext_lazy("The vendor's number of seats taken over"),
    "seats.refused": gettext_lazy("Change of seats not carried out"),
    "seats.swapped": gettext_lazy("Seats swapped for another plan"),
    "transition.refused": gettext_lazy("Swap of seats not carried out"),
    "cycle.charged": gettext_lazy("Billing period charged"),
    "term.renewed": gettext_lazy("Term renewed"),
    "term.priced": gettext_lazy("Price found for a term that had none"),
    "subscription.ending": gettext_lazy("Plans closed, since the licence has ended"),
    "subscription.ended": gettext_lazy("Ended with its term"),
    "alarm.raised": gettext_lazy("Found missing at the vendor before the renewal"),
    "alarm.unverified": gettext_lazy("Could not be verified at the vendor before the renewal"),
    "alarm.blocked": gettext_lazy("Found impossible before the renewal"),
    "alarm.overdue": gettext_lazy("Found overdue: the term is over and no new one shown"),
    "alarm.closed": gettext_lazy("Alarm about the renewal closed"),
    "intent.scheduled": gettext_lazy("Renewal planned"),
    "intent.revoked": gettext_lazy("Wish for the renewal taken back"),
    "intent.refused": gettext_lazy("The vendor refused to store what is planned for the renewal"),
    "intent.followed": gettext_lazy("Wish for the renewal moved along with a change of seats"),
    "intent.stayed": gettext_lazy("Wish for the renewal kept as it was, whatever changes before"),
    "term.changed": gettext_lazy("New term begun inside the old one"),
    "billing.changed": gettext_lazy("Billing plan changed"),
    "term.refused": gettext_lazy("Change of term or billing not carried out"),
    "intent.carried_over": gettext_lazy("Wishes for the renewal kept after a change"),
    "status.suspend": gettext_lazy("Suspension asked for"),
    "status.resume": gettext_lazy("Resumption asked for"),
    "status.end": gettext_lazy("Ending at once asked for"),
    "status.changed": gettext_lazy("State changed at the vendor"),
    "status.refused": gettext_lazy("Change of state not carried out"),
}
PARKED: Words = {
    "vendor_denied": gettext_lazy("The vendor does not accept our access."),
    "third_value": gettext_lazy("The vendor shows a number that nobody here asked for."),
    "deadline_passed": gettext_lazy("The change was sent and never became visible."),
    "retry_budget": gettext_lazy("The vendor could not be reached for too long."),
    "run_limit": gettext_lazy("It was tried very often without an end."),
    "bug": gettext_lazy("Our own program failed on it."),
    "transition_stuck": gettext_lazy("The vendor accepted the conversion of the seats and does not finish it."),
    "sent_too_often": gettext_lazy("The change was sent several times without effect."),
    "bought_otherwise": gettext_lazy("The vendor shows something else than what was ordered."),
    "order_failed": gettext_lazy("The vendor shows that its order came to nothing."),
}
LINE_REFUSALS: Words = {
    "not_active": gettext_lazy("The subscription is no longer active at the vendor, so nothing was sent."),
    "changed_elsewhere": gettext_lazy("The licence was changed elsewhere meanwhile, so nothing was sent."),
    "window_closed": gettext_lazy("The return window closed before the change could be sent."),
    "below_assigned": gettext_lazy("People were given these seats meanwhile, so nothing was taken from them."),
    "day_over": gettext_lazy(
        "The day for which it was priced was over at the vendor before it could be sent. Order it again."
    ),
    "term_over": gettext_lazy(
        "The term ended before the change could be sent, so nothing was sent. Ask again once the renewal is done."
    ),
    "settled_not_done": gettext_lazy("Our staff looked and found that the change did not happen."),
}
EFFECTS: dict[change_status.Effect, Promise] = {
    change_status.Effect.ACCESS_STOPS: gettext_lazy("People lose access to this licence at once."),
    change_status.Effect.ACCESS_RETURNS: gettext_lazy("People get access to this licence back."),
    change_status.Effect.BILLING_GOES_ON: gettext_lazy("It is billed as before until the end of its term."),
    change_status.Effect.BILLING_ENDS: gettext_lazy("It is not billed any further."),
    change_status.Effect.AUTO_RENEW_GOES_OFF: gettext_lazy("It no longer renews by itself."),
    change_status.Effect.SEATS_CANNOT_BE_CHANGED: gettext_lazy("Seats cannot be changed until it is resumed."),
    change_status.Effect.WISHES_ARE_KEPT: gettext_lazy(
        "Your wishes for the renewal are kept, and count again once it is resumed."
    ),
    change_status.Effect.WISHES_ARE_STORED_AGAIN: gettext_lazy(
        "Your wishes for the renewal are stored at the vendor again."
    ),
    change_status.Effect.AUTO_RENEW_COMES_BACK: gettext_lazy("It renews by itself again, as it did before."),
    change_status.Effect.ENDING_COMES_BACK: gettext_lazy("Its term ends again as it was to before."),
    change_status.Effect.ENDS_WITH_THE_TERM: gettext_lazy("Unless it is resumed before, it ends with its term."),
    change_status.Effect.CANNOT_BE_UNDONE: gettext_lazy(
        "This cannot be undone. To have the licence again, it has to be bought anew."
    ),
}
STATUS_REFUSALS: Words = {
    "wrong_state": gettext_lazy("The licence is in another state by now, so this does not apply to it."),
    "term_over": gettext_lazy(
        "The term is over, and the vendor has yet to say what became of it. Sync and look again."
    ),
    "change_under_way": gettext_lazy("A change of this licence is under way. You can do this once that is done."),
    "window_closed": gettext_lazy(
        "It cannot end at once, because the return window of some of its seats has closed. It can end with its term: "
        "choose that at its renewal."
    ),
    "changed": gettext_lazy("Something changed since you opened the page. Read what it means now, then confirm again."),
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
    known = LINE_REFUSALS.get(reason_code) or wording_vendor.words(reason_code)
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


def conflict(reason: conflicts.Reason, *, zone: str) -> str:
    """What speaks against a wish for a renewal, and what is possible instead; instants in `zone` and UTC."""
    match reason:
        case conflicts.StillAssigned(assigned=assigned, would_be=would_be):
            return ngettext(
                "More people use seats than there will be: release %(n)s seat before the renewal.",
                "More people use seats than there will be: release %(n)s seats before the renewal.",
                assigned - would_be,
            ) % {"n": formats.number(value=assigned - would_be)}
        case refusals.BelowMinimum() | refusals.AboveMaximum() | refusals.StepSize():
            return refusal(reason, seats_before=0, zone=zone)
        case conflicts.PlanNotOffered(plans=plans):
            if not plans:
                return _("This licence is not sold with that term. Choose another one.")
            return _("This licence is not sold like that. With this term it is: %(plans)s.") % {
                "plans": ", ".join(named(PLANS, plan) for plan in plans)
            }
        case conflicts.EndDateNotAllowed(allowed=allowed):
            if not allowed:
                return _("The next term cannot end on that day. Let it run its full length.")
            return _("The next term cannot end on that day. It can end on: %(days)s.") % {
                "days": ", ".join(formats.day(value=day) for day in allowed)
            }
        case conflicts.NotARenewal(earlier_on=earlier_on, later_on=later_on):
            return _("No term begins on that day. The nearest ones begin on %(earlier)s and %(later)s.") % {
                "earlier": formats.day(value=earlier_on),
                "later": formats.day(value=later_on),
            }
        case conflicts.AfterTheEnd(ended_on=ended_on):
            return _("The licence is not renewed after %(day)s. Let it renew then to plan further.") % {
                "day": formats.day(value=ended_on)
            }
        case conflicts.Locked(since_at=since_at):
            return _(
                "The renewal has been fixed since %(since)s, because the vendor may be working on it. After the "
                "renewal you can change the licence again."
            ) % {"since": both_clocks(value=since_at, zone=zone)}
        case _:
            return _plain_conflict(reason)


def _plain_conflict(
    reason: conflicts.NotReachable
    | conflicts.FamilyFull
    | conflicts.NotOnSale
    | conflicts.EndingNotOffered
    | conflicts.Contradicts
    | conflicts.PromotionMismatch,
) -> str:
    match reason:
        case conflicts.NotReachable():
            return _("The vendor offers no way from this licence to that one. Keep it, or ask your reseller.")
        case conflicts.FamilyFull(maximum=maximum, elsewhere=elsewhere, most=most):
            return _(
                "Over all plans of this family at most %(maximum)s seats are allowed. Others will hold %(elsewhere)s, "
                "so this licence can have up to %(left)s."
            ) % {
                "maximum": formats.number(value=maximum),
                "elsewhere": formats.number(value=elsewhere),
                "left": formats.number(value=most),
            }
        case conflicts.NotOnSale():
            return _("This licence is not sold any more. It can renew as it is or end with its term.")
        case conflicts.EndingNotOffered():
            return _("This licence cannot end that way. It can renew or end with its term.")
        case conflicts.Contradicts():
            return _("What ends with its term is not renewed with anything. Take this wish back, or let it renew.")
        case conflicts.PromotionMismatch():
            return _("The promotion does not go with this. Keep what it asks for, or ask your reseller for a price.")
        case _:
            assert_never(reason)


def renewal_outcome(following: timeline.NextTerm) -> str:
    """What the end of the running term brings, in a few words without a subject."""
    match following.outcome:
        case renewals.Ending.RENEW:
            return ngettext("renews with %(n)s seat", "renews with %(n)s seats", following.quantity) % {
                "n": formats.number(value=following.quantity)
            }
        case renewals.Ending.CANCEL:
            return _("ends with its term")
        case renewals.Ending.EXTENDED:
            return _("runs on from month to month")
        case _:
            assert_never(following.outcome)


def wish(dimension: timeline.Dimension, value: timeline.Value, *, names: Mapping[str, str]) -> str:
    """A wish for the renewal in the words in which it was made; `names` are those of offers."""
    if isinstance(value, timeline.SeatsTotal):
        return ngettext("%(n)s seat in all", "%(n)s seats in all", value.total) % {
            "n": formats.number(value=value.total)
        }
    if isinstance(value, timeline.SeatsBy):
        count = abs(value.difference)
        words = (
            ngettext("%(n)s seat more", "%(n)s seats more", count)
            if value.difference > 0
            else ngettext("%(n)s seat fewer", "%(n)s seats fewer", count)
        )
        return words % {"n": formats.number(value=count)}
    if isinstance(value, dt.date):
        return _("the next term ends on %(day)s") % {"day": formats.day(value=value - dt.timedelta(days=1))}
    match dimension:
        case timeline.Dimension.TERM:
            return named(TERMS, value)
        case timeline.Dimension.BILLING_PLAN:
            return named(PLANS, value)
        case timeline.Dimension.ENDING if value != renewals.Ending.CANCEL:
            return _("goes on after its term")
        case timeline.Dimension.ENDING:
            return _("ends with its term")
        case _:
            return names.get(value, value)


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
