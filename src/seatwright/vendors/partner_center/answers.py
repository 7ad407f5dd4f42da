"""What an answer to a change proves; anything that proves nothing is unclear."""

import datetime as dt
from collections.abc import Callable, Collection

from seatwright.vendors import bodies, http, instants, port
from seatwright.vendors.partner_center import refusals, wire

OK = frozenset({200})
OK_OR_CREATED = frozenset({200, 201})


def nothing_sent(trouble: port.VendorTrouble) -> port.Refused:
    """The refusal for trouble before the first byte of the change."""
    reason, retry_at = "not_sent", None
    if isinstance(trouble, port.VendorBusy):
        reason, retry_at = "throttled", trouble.retry_at
    elif isinstance(trouble, port.VendorDenied):
        reason = "denied"
    elif isinstance(trouble, port.VendorMissing):
        reason = "not_found"
    return refusals.refusal(
        reason=reason, code=type(trouble).__name__, retry_at=retry_at, request_ref=trouble.request_ref
    )


def answered[Proof](
    send: Callable[[], http.Reply],
    *,
    proof: Callable[[http.Reply], Proof | None],
    at: dt.datetime,
    proving: Collection[int] = OK,
    later_s: int = instants.DEFAULT_WAIT_S,
) -> Proof | port.Later | port.Unclear | port.Refused:
    """The outcome of the change that `send` sends, once; see `meaning`."""
    try:
        reply = send()
    except (http.AnswerLost, http.AnswerRefused) as trouble:
        return port.Unclear(why=trouble.safe_text, request_ref=trouble.request_ref)
    except port.VendorTrouble as trouble:
        return nothing_sent(trouble)
    return meaning(reply, proof=proof, at=at, proving=proving, later_s=later_s)


def meaning[Proof](
    reply: http.Reply,
    *,
    proof: Callable[[http.Reply], Proof | None],
    at: dt.datetime,
    proving: Collection[int] = OK,
    later_s: int = instants.DEFAULT_WAIT_S,
) -> Proof | port.Later | port.Unclear | port.Refused:
    """What `proof` reads from an answer with a `proving` status; it gives None for an answer that proves nothing.

    Accepted work is looked at after the vendor's own wait, else after `later_s`.
    """
    if reply.status in proving:
        try:
            proven = proof(reply)
        except (bodies.UnreadableBody, port.VendorGarbled):
            return port.Unclear(why="Partner Center's answer cannot be read", request_ref=reply.request_ref)
        return proven or port.Unclear(
            why="Partner Center's answer does not show the change", request_ref=reply.request_ref
        )
    if reply.status == 202:
        look_at = instants.retry_at(reply.headers, at=at, missing_s=later_s)
        return port.Later(at=look_at, request_ref=reply.request_ref)
    if reply.status == 401:
        return refusals.refusal(reason="not_sent", code="http-401", request_ref=reply.request_ref)
    error = refusals.error_in(reply) if 400 <= reply.status < 500 and reply.status != 408 else None
    if error is None and reply.status != 429:
        return port.Unclear(why=f"Partner Center answered {reply.status}", request_ref=reply.request_ref)
    return refusals.refused(reply=reply, error=error or wire.Error(), at=at)
