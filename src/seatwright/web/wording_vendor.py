"""Why a vendor refused a change, in words: one sentence for each reason that the vendors' port knows."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, Promise] = {
    "window_closed": _("The vendor says that the return window has closed."),
    "quantity_out_of_range": _("The vendor does not sell this number of seats."),
    "stale": _("The licence was changed elsewhere at the same moment, so the vendor did nothing."),
    "operation_pending": _("The vendor is still working on another change of this licence."),
    "suspended": _("The licence is suspended at the vendor, where nothing can be changed until it is resumed."),
    "ended": _("The licence has ended at the vendor."),
    "agreement_missing": _("The vendor's customer agreement is not accepted yet."),
    "credit_limit": _("The vendor's credit limit of your reseller is used up."),
    "not_found": _("The vendor does not know this licence any more."),
    "denied": _("The vendor does not accept our access."),
    "throttled": _("The vendor received too many requests at once."),
    "not_sent": _("The vendor could not be reached, so nothing was sent."),
    "status_not_allowed": _("The vendor does not allow this in the state in which the licence is."),
    "renewal_not_allowed": _("The vendor does not accept this for the renewal."),
    "term_not_allowed": _("The vendor does not allow this term or billing plan here."),
    "end_date_not_allowed": _("The vendor does not allow the term to end on that day."),
    "transition_not_allowed": _("The vendor offers no way from this licence to that one."),
    "catalogue_changed": _("The vendor's catalogue has changed meanwhile."),
    "not_for_sale": _("The vendor does not sell this any more."),
    "prerequisite_missing": _("The vendor asks for another licence that has to be there first."),
    "promotion_term": _("The promotion is for another term or billing plan."),
    "promotion_seats": _("The promotion is for another number of seats."),
    "promotion_not_allowed": _("The vendor does not grant the promotion."),
    "cart_gone": _("The vendor has forgotten the order that was prepared."),
    "line_refused": _("The vendor refused a line of the order."),
    "usage_location_missing": _("The person has no country in which the licence is used."),
    "no_licence_left": _("There is no free seat left at the vendor."),
    "licence_unknown": _("The vendor does not know this licence."),
    "licence_not_held": _("The person does not hold this licence any more."),
    "licence_from_group": _("The person has this licence by a group, and only the group can change that."),
    "plan_dependency": _("Part of the licence needs another one that the person does not have."),
    "plan_conflict": _("Part of the licence contradicts another one that the person has."),
    "other": _("The vendor refused it for a reason of its own."),
}


def words(code: str) -> Promise | None:
    """The sentence for a stored code such as `vendor_stale`; None when it is no vendor's refusal."""
    prefix, _underscore, reason = code.partition("_")
    return REASONS.get(reason) if prefix == "vendor" else None
