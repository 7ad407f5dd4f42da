"""Sentences about buying: why something cannot be bought, how plans compare, what became of a request."""

from typing import assert_never

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seatwright.rules import purchases, refusals
from seatwright.web import formats, wording
from seatwright.workflows import browse_catalogue

NO_AGREEMENT = gettext_lazy(
    "The vendor has no record that its customer agreement was accepted, so nothing was bought. Accept it first."
)
LINE_REFUSALS: dict[str, Promise] = {
    "day_over": gettext_lazy(
        "The day was over before it could be sent, so that the term and its price would be others. Nothing was bought: "
        "buy it again at today's price."
    ),
    "agreement_missing": NO_AGREEMENT,
    "vendor_agreement_missing": NO_AGREEMENT,
    "vendor_not_for_sale": gettext_lazy("The vendor does not sell this term to you at present, so nothing was bought."),
    "vendor_prerequisite_missing": gettext_lazy(
        "The vendor found none of the products that this add-on needs, so nothing was bought. Buy one of them first."
    ),
    "vendor_promotion_term": gettext_lazy(
        "The promotion does not cover this term, and the vendor would charge the full price, so nothing was bought."
    ),
    "vendor_promotion_seats": gettext_lazy(
        "The promotion does not cover this number of seats any more, so nothing was bought."
    ),
    "vendor_promotion_not_allowed": gettext_lazy(
        "The vendor does not grant the promotion any more, so nothing was bought."
    ),
    "vendor_quantity_out_of_range": gettext_lazy(
        "The vendor does not allow this number of seats, so nothing was bought."
    ),
    "vendor_end_date_not_allowed": gettext_lazy(
        "The vendor does not allow this end of the first term any more, so nothing was bought."
    ),
}


def line_refusal(reason_code: str) -> str:
    """Why a booked line was refused when it was carried out, a purchase's among them."""
    known = LINE_REFUSALS.get(reason_code)
    return str(known) if known else wording.line_refusal(reason_code)


def refusal(found: purchases.Refusal) -> str:
    """What cannot be bought, why in one clause, and what is possible instead."""
    match found:
        case refusals.BelowMinimum() | refusals.AboveMaximum() | refusals.AboveFamilyMaximum():
            return wording.refusal(found, seats_before=0, zone="UTC")
        case refusals.NotSelfService():
            return _("Your reseller orders this for you. Send a request instead, it takes one click.")
        case purchases.NotSold():
            return _("This is not sold to you in this term. Choose another term, or ask your reseller.")
        case purchases.NoPrice():
            return _("There is no price for this term yet. Choose another term, or send a request.")
        case purchases.PrerequisiteMissing(any_of=any_of):
            return _("This add-on needs another product first; any one of these is enough: %(names)s.") % {
                "names": ", ".join(any_of)
            }
        case purchases.AgreementMissing():
            return _(
                "Somebody of your organisation has to accept the vendor's customer agreement first. Fill it in here."
            )
        case purchases.EndDateNotPossible(possible=possible):
            return _end_not_possible([formats.day(value=each) for each in possible])
        case purchases.VendorNotReached():
            return _("The vendor cannot be asked at the moment. Nothing was ordered; try again in some minutes.")
        case _:
            return _promotion_refusal(found)


def _promotion_refusal(
    found: purchases.PromotionWrongPlan
    | purchases.PromotionWrongSeats
    | purchases.PromotionUsed
    | purchases.PromotionNotGranted,
) -> str:
    match found:
        case purchases.PromotionWrongPlan(plans=plans):
            return _(
                "This promotion is for %(plans)s only, and the vendor would charge the full price. Choose that term, "
                "or go on without the promotion."
            ) % {"plans": _(" or ").join(plan_words(*plan) for plan in plans) or _("another term")}
        case purchases.PromotionWrongSeats():
            return _promotion_seats(found)
        case purchases.PromotionUsed():
            return _("You have used this promotion, or had the product, before. It can be bought without it.")
        case purchases.PromotionNotGranted():
            return _("The vendor does not grant this promotion to you now. It can be bought without it.")
        case _:
            assert_never(found)


def _promotion_seats(found: purchases.PromotionWrongSeats) -> str:
    if found.available is not None:
        return _("This promotion is left for %(n)s seats. Lower the number, or go on without the promotion.") % {
            "n": formats.number(value=found.available)
        }
    return _("This promotion starts at %(n)s seats. Raise the number, or go on without the promotion.") % {
        "n": formats.number(value=found.minimum or 1)
    }


def _end_not_possible(days: list[str]) -> str:
    if not days:
        return _("The first term cannot end early. Choose a whole term.")
    return _("The first term cannot end then. Possible are: %(days)s, or a whole term.") % {"days": ", ".join(days)}


def plan_words(term: str, billing_plan: str) -> str:
    """A term and billing plan in words."""
    return f"{wording.named(wording.TERMS, term)}, {wording.named(wording.PLANS, billing_plan)}"


def difference(row: browse_catalogue.PlanRow, *, currency: str) -> str:
    """How a plan's price compares with the cheapest one; empty where there is no price."""
    if row.unit_minor is None:
        return ""
    if not row.surcharge:
        return _("the lowest price per month")
    return _("%(share)s dearer: %(amount)s a year for each seat") % {
        "share": formats.percent(basis_points=row.surcharge),
        "amount": formats.money(minor=row.saving_minor, currency=currency),
    }
