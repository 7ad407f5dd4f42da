"""What Partner Center's error codes mean in the port's words.

Source: "Partner Center REST error codes". Unknown codes fall back to the meaning of the HTTP status.
"""

import datetime as dt
import re

from seatwright.vendors import bodies, http, instants, lossless, port
from seatwright.vendors.partner_center import wire

PENDING_AGAIN_S = 15 * 60
NOT_READY_AGAIN_S = 120

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")

_CODES_BY_REASON: dict[str, tuple[int, ...]] = {
    "window_closed": (800090, 900117, 900213, 900214, 900257),
    "quantity_out_of_range": (2002, 800017, 800066, 800067, 800088, 800089, 900275, 900419),
    "stale": (2055,),
    "operation_pending": (800060, 800064, 800082, 900278),
    "suspended": (2001, 800091),
    "ended": (2011, 800095, 900277, 900279, 900280),
    "agreement_missing": (13605, 900123, 900124, 900203, 900206),
    "credit_limit": (800023, 800025, 900121),
    "not_found": (20000, 20003, 60002, 60003, 800008, 400013, 400018, 400019),
    "denied": (2032, 20002, 800001, 900308, 900309, 900316, 900329, 900420, 800069, 800073, 800074, 800075, 900416),
}
REASON_BY_CODE = {str(code): reason for reason, codes in _CODES_BY_REASON.items() for code in codes}

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
    code = (error and error.code) or ""
    return code if _CODE.fullmatch(code) else f"http-{reply.status}"


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
    """When asking again makes sense: what is pending (900278) ends with provisioning, every quarter of an hour."""
    if reason == "throttled":
        return instants.retry_at(reply.headers, at=at)
    if reason == "operation_pending":
        missing_s = PENDING_AGAIN_S if code == "900278" else NOT_READY_AGAIN_S
        return instants.retry_at(reply.headers, at=at, missing_s=missing_s)
    return None
