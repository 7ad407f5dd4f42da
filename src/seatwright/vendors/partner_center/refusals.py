"""What Partner Center's error codes mean in the port's words.

Source: "Partner Center REST error codes". Unknown codes fall back to the meaning of the HTTP status.
"""

import datetime as dt
import re

from seatwright.vendors import bodies, http, instants, lossless, port
from seatwright.vendors.partner_center import values, wire

PENDING_AGAIN_S = 15 * 60
NOT_READY_AGAIN_S = 120

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")

_CODES_BY_REASON: dict[str, tuple[int, ...]] = {
    "window_closed": (800090, 900117, 900213, 900214, 900257),
    "quantity_out_of_range": (2002, 800017, 800066, 800067, 800088, 800089, 900275, 900419),
    "stale": (2055,),
    "operation_pending": (800060, 800064, 800082, 900278, 900280),
    "suspended": (2001, 800091),
    "ended": (2011, 800095, 900277, 900279, 900311),
    "agreement_missing": (13605, 900123, 900124, 900203, 900206),
    "credit_limit": (800023, 800025, 900121),
    "not_found": (20000, 20003, 60002, 60003),
    "denied": (2032, 20002, 800001, 900308, 900309, 900316, 900329, 900420, 800069, 800073, 800074, 800075, 900416),
    "status_not_allowed": (800040, 800063, 800077, 800096),
    "renewal_not_allowed": (800093,),
    "term_not_allowed": (
        *(2054, 6000, 6001, 800072, 800085, 800097, 800107, 800121, 800122, 900267, 900268, 900269, 900270),
    ),
    "end_date_not_allowed": (900242, 900244, 900245, 900246),
    "transition_not_allowed": (900236, 900258, 900259, 900260, 900261, 900263),
    "catalogue_changed": (400013, 400018, 400019),
    "not_for_sale": (2006, 2030, 2085, 2091, 2100, 400030, 400036, 400072, 800020, 800070),
    "prerequisite_missing": (27009, 400041, 800086),
    "cart_gone": (800008,),
    "line_refused": (800009,),
}
REASON_BY_CODE = {str(code): reason for reason, codes in _CODES_BY_REASON.items() for code in codes}

_CART_ERRORS = {
    10000: ("CurrencyIsNotSupported", "not_for_sale"),
    10001: ("CatalogItemIdIsNotValid", "catalogue_changed"),
    10002: ("QuotaNotAvailable", "quantity_out_of_range"),
    10003: ("InventoryNotAvailable", "not_for_sale"),
    10004: ("ParticipantsIsNotSupportedForPartner", "denied"),
    10006: ("UnableToProcessCartLineItem", "line_refused"),
    10007: ("SubscriptionIsNotValid", "line_refused"),
    10008: ("SubscriptionIsNotEnabledForRI", "line_refused"),
    10009: ("SandboxLimitExceeded", "quantity_out_of_range"),
    10010: ("InvalidInput", "line_refused"),
    10011: ("SubscriptionNotRegistered", "line_refused"),
    10012: ("AttestationNotAccepted", "agreement_missing"),
    10013: ("BillingPlanNotSupported", "term_not_allowed"),
    10014: ("InvalidPromotionId", "promotion_not_allowed"),
    10015: ("MaxAllowedSeatsPerSubscriptionExceeded", "quantity_out_of_range"),
    10016: ("InvalidCustomTermEndDateProduct", "end_date_not_allowed"),
    10017: ("InvalidCustomTermEndDate", "end_date_not_allowed"),
    10018: ("BaseOfferSeatQuantityNotMet", "prerequisite_missing"),
    10019: ("MinimumAddOnSeatsNotMet", "quantity_out_of_range"),
    500600: ("LegacyOfferNotEligibleForPurchase", "not_for_sale"),
}
_CART_REASONS = {str(code): reason for code, (_, reason) in _CART_ERRORS.items()} | {
    name.lower(): reason for name, reason in _CART_ERRORS.values()
}

REASON_BY_STATUS = {
    401: "denied",
    403: "denied",
    404: "not_found",
    409: "operation_pending",
    412: "stale",
    429: "throttled",
}

_SAFE_TEXTS = {
    "window_closed": "The vendor takes seats back only within their return window.",
    "quantity_out_of_range": "The vendor does not allow this number of seats.",
    "stale": "The subscription was changed elsewhere in the meantime.",
    "operation_pending": "The vendor is still working on an earlier change.",
    "suspended": "The subscription is suspended at the vendor.",
    "ended": "The vendor no longer allows changes to this subscription.",
    "agreement_missing": "An agreement with the vendor is missing.",
    "credit_limit": "The vendor's credit limit does not allow this.",
    "not_found": "The vendor does not know this subscription.",
    "status_not_allowed": "The vendor does not allow this change of state.",
    "renewal_not_allowed": "The vendor does not renew this subscription.",
    "term_not_allowed": "The vendor does not allow this term or billing cycle.",
    "end_date_not_allowed": "The vendor does not allow this end date.",
    "transition_not_allowed": "The vendor does not change this subscription into that product.",
    "catalogue_changed": "The vendor's catalogue no longer has this item in this form.",
    "not_for_sale": "The vendor does not sell this to this customer.",
    "prerequisite_missing": "The vendor sells this only to customers who hold what it needs.",
    "promotion_term": "The promotion does not apply to this term and billing cycle.",
    "promotion_seats": "The promotion does not apply to this number of seats.",
    "promotion_not_allowed": "The vendor does not grant this promotion.",
    "cart_gone": "The vendor no longer keeps this cart.",
    "line_refused": "The vendor refuses something in the cart.",
    "denied": "The vendor does not allow us to do this.",
    "throttled": "The vendor asks us to wait.",
    "not_sent": "The vendor could not be reached; nothing was sent.",
    "other": "The vendor refused the change.",
}


def error_in(reply: http.Reply) -> wire.Error | None:
    """The error in an answer's body; an empty one when the body is empty, None when it is no error body at all."""
    if not reply.body.strip():
        return wire.Error()
    try:
        error = lossless.from_tree(reply.json(), kind=wire.Error)
    except bodies.UnreadableBody:
        return None
    return error if error.code or error.status_code or error.message or error.description else None


def code_of(error: wire.Error | None, reply: http.Reply) -> str:
    """The vendor's code if it sent a sane one, else the HTTP status."""
    return safe_code(error.code if error else None) or f"http-{reply.status}"


def line_reason(code: str) -> str:
    """The reason for the code of a cart's line or order group, which may also be a name in any spelling."""
    return _CART_REASONS.get(values.squeezed(code)) or REASON_BY_CODE.get(code) or "line_refused"


def safe_code(code: str | None) -> str:
    """A foreign code that is fit to store, else nothing."""
    return code if code and _CODE.fullmatch(code) else ""


def safe_text(reason: str) -> str:
    """Our own text for one of the port's reasons."""
    return _SAFE_TEXTS[reason]


def refused(*, reply: http.Reply, error: wire.Error, at: dt.datetime) -> port.Refused:
    """The refusal that an answer below 500 with a readable (or no) error body stands for."""
    code = code_of(error, reply)
    reason = "throttled" if reply.status == 429 else REASON_BY_CODE.get(code)
    reason = reason or REASON_BY_STATUS.get(reply.status, "other")
    return refusal(reason=reason, code=code, retry_at=_again_at(reason, code, reply, at), request_ref=reply.request_ref)


def refusal(*, reason: str, code: str, retry_at: dt.datetime | None = None, request_ref: str = "") -> port.Refused:
    """A refusal with our own text for `reason`; the vendor's text is never passed on."""
    return port.Refused(
        code=code, reason=reason, safe_text=_SAFE_TEXTS[reason], retry_at=retry_at, request_ref=request_ref
    )


def _again_at(reason: str, code: str, reply: http.Reply, at: dt.datetime) -> dt.datetime | None:
    """When asking again makes sense: provisioning (900278) and renewals (900280) end at some quarter of an hour."""
    if reason == "throttled":
        return instants.retry_at(reply.headers, at=at)
    if reason == "operation_pending":
        missing_s = PENDING_AGAIN_S if code in ("900278", "900280") else NOT_READY_AGAIN_S
        return instants.retry_at(reply.headers, at=at, missing_s=missing_s)
    return None
