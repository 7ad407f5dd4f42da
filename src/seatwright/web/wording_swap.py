"""Sentences about swaps: the ways, why one cannot be booked, why a person could not be moved and what helps."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seatwright.orders import swap_terms
from seatwright.web import formats, wording_buy
from seatwright.workflows import swap_plan

Words = dict[str, Promise]
WAYS: dict[swap_terms.Way, Promise] = {
    swap_terms.Way.FULL: gettext_lazy("The vendor turns the whole licence into the new plan and moves the people."),
    swap_terms.Way.PARTIAL: gettext_lazy(
        "The vendor turns these seats into a licence of their own that ends with the old one; we move the people."
    ),
    swap_terms.Way.MERGE: gettext_lazy("The vendor adds these seats to a licence that you hold; we move the people."),
    swap_terms.Way.MORE: gettext_lazy("Missing seats are added to a licence that you hold; we move the people."),
    swap_terms.Way.FREE: gettext_lazy("Enough seats of the new plan are free; we move the people."),
    swap_terms.Way.BUY: gettext_lazy("Missing seats are bought as a new licence; we move the people."),
}
REASONS: Words = {
    "nobody": gettext_lazy("Choose at least one person."),
    "people_changed": gettext_lazy(
        "Somebody chosen does not hold this licence any more. Choose again from the list as it is now."
    ),
    "no_way": gettext_lazy("There is no way to this plan now. Choose another plan or another way."),
    "not_active": gettext_lazy("The licence is not active, so people cannot be moved from it. Resume it first."),
    "change_under_way": gettext_lazy("A change of one of the licences is under way. Wait until it is done."),
    "term_over": gettext_lazy("The term of a licence is over or has not been read anew. Sync, then try again."),
    "other_currency": gettext_lazy("The two licences are priced in different currencies. Ask your reseller."),
    "not_self_service": gettext_lazy("Your reseller changes this licence for you. Ask them."),
    "renewal_locked": gettext_lazy(
        "The old seats could not leave with the renewal in time any more, so they would be bound for another term. "
        "Swap after it."
    ),
    "converted_today": gettext_lazy("The licence became another plan today already. Do this tomorrow."),
    "all_into_other": gettext_lazy(
        "Not all seats can join another licence. Let the whole licence become the new plan."
    ),
    "no_path": gettext_lazy("The vendor offers no way of its own to this plan. Choose the way with new seats."),
    "more_than_held": gettext_lazy("More people are chosen than the licence has seats."),
    "source_not_active": gettext_lazy("The licence is not active. Resume it first."),
    "source_is_trial": gettext_lazy("A trial cannot be swapped."),
    "target_not_active": gettext_lazy("The licence that should take the seats is not active."),
    "target_in_window": gettext_lazy(
        "The licence that should take the seats was bought only days ago; the vendor adds none until its return window "
        "is closed."
    ),
    "target_other_offer": gettext_lazy("The licence that should take the seats is of another plan."),
    "target_term_shorter": gettext_lazy("The licence that should take the seats has a shorter term."),
    "target_ends_earlier": gettext_lazy("The licence that should take the seats ends earlier."),
    "target_ends": gettext_lazy(
        "The licence that should take the people is to end with its term. Take that plan back first."
    ),
    "target_shrinks": gettext_lazy(
        "The licence that should take the people is to renew with too few seats for them. Change that plan first."
    ),
    "agreement_missing": gettext_lazy(
        "Nobody has accepted the vendor's customer agreement yet. Accept it in the catalogue, then come back."
    ),
    "vendor_not_reached": gettext_lazy("The vendor cannot be reached now. Try again in some minutes."),
    "not_sold": gettext_lazy("This plan is not sold to you in this term."),
    "no_price": gettext_lazy("No price is known for this plan in this term. Ask your reseller."),
    "prerequisite_missing": gettext_lazy("This plan needs another product first."),
}
PEOPLE: Words = {
    "usage_location_missing": gettext_lazy(
        "No usage location. Set the country in the vendor's user settings, then try again."
    ),
    "licence_from_group": gettext_lazy(
        "Holds the old licence through a group. Change the licence of the group, or take the person out of it."
    ),
    "licence_not_held": gettext_lazy("Does not hold the old licence any more; somebody else changed it."),
    "person_gone": gettext_lazy("Is no longer in the directory."),
    "no_licence_left": gettext_lazy("No seat of the new plan was free. Free one or add one, then try again."),
    "licence_unknown": gettext_lazy("The new plan did not show in the directory in time. Try again later."),
    "plan_conflict": gettext_lazy(
        "Another licence of this person contains a service that excludes one of the new plan. Take that one away first."
    ),
    "plan_dependency": gettext_lazy(
        "A service that this person uses needs one that the new plan lacks. Give another licence first, or leave it."
    ),
    "denied": gettext_lazy("The vendor does not allow us to change this person. Your reseller's support can help."),
    "seats_refused": gettext_lazy("The new seats could not be had, so nobody was moved."),
    "settled_not_done": gettext_lazy("Our staff looked and found that it did not happen."),
    "other": gettext_lazy("The vendor refused without a clear reason. Try again; if it stays, ask your reseller."),
}
LINE_REFUSALS: Words = {
    "seats_refused": gettext_lazy("The new seats could not be had, so nobody was moved and nothing is charged."),
    "people_left": gettext_lazy("Some people could not be moved; they keep what they have."),
    "no_path": gettext_lazy("The vendor does not offer this way any more, so nothing was changed."),
    "term_over": gettext_lazy("The term of a licence is over or has not been read anew. Sync, then try again."),
    "transition_failed": gettext_lazy("The vendor tried to convert the seats and failed. Nothing was changed."),
}


def reason(found: swap_plan.Reason) -> str:
    """Why the swap cannot be booked, and what is possible instead."""
    number = formats.number(value=found.number or 0)
    match found.code:
        case "people_blocked":
            return _(
                "These people cannot be moved now, and their old seats would be gone: %(names)s. Leave them out, or "
                "see at each what helps."
            ) % {"names": names(found.people)}
        case "others_hold_it" if found.people:
            return _(
                "The whole licence can only become the new plan when everybody who holds it is chosen. Not chosen: "
                "%(names)s."
            ) % {"names": names(found.people)}
        case "others_hold_it":
            return _("Other licences of the same plan exist, so the vendor could move other people than those chosen.")
        case "below_minimum":
            return _("A licence needs at least %(n)s seats; choose more or fewer people.") % {"n": number}
        case "above_maximum" | "above_family_maximum":
            return _("No more than %(n)s seats of this plan can be held.") % {"n": number}
    known = REASONS.get(found.code)
    if known is not None:
        return str(known)
    return _("This is not possible now (%(code)s).") % {"code": found.code}


def person(code: str) -> str:
    """Why a person was not moved and what helps."""
    return str(PEOPLE.get(code) or PEOPLE["other"])


def names(people: tuple[str, ...], *, most: int = 5) -> str:
    """The first names of a list, and how many more there are."""
    shown = ", ".join(people[:most])
    more = len(people) - most
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(n)s more", "%(names)s and %(n)s more", more) % {
        "names": shown,
        "n": formats.number(value=more),
    }


def line_refusal(code: str) -> str:
    """Why a booked line was refused when it was carried out, a swap's among them."""
    known = LINE_REFUSALS.get(code)
    if known is None and code.startswith(("transition_", "target_")):
        return _("The vendor does not allow this change any more, so nothing was changed.")
    return str(known) if known is not None else wording_buy.line_refusal(code)
