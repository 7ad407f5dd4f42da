"""What the API refuses, as `application/problem+json` (RFC 9457): the one place where a refusal gets its status.

A body never holds an inside, a request's reference or an id that the caller did not send, so that a foreign id and an
invented one are answered with the same bytes (invariant 26).
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from seatwright.access import permissions
from seatwright.api import line_refusals, planning_faults
from seatwright.api.errors import Fault
from seatwright.operations import changes as operations
from seatwright.workflows import (
    answer_sheet,
    change_seats,
    change_status,
    look_ahead,
    rebase_wishes,
    run_desk,
    schedule_change,
    swap,
    swap_plan,
    term_pricing,
    wishes,
)

MEDIA_TYPE = "application/problem+json"
FAULTS_MOST = 50
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of problem; `docs/reference/api.md` explains each under its slug."""

    slug: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The problem's `type`, relative to the installation."""
        return f"/problems/{self.slug}"


MALFORMED = Kind(slug="malformed", status=400, title="The request could not be read.")
NO_TOKEN = Kind(slug="no-token", status=401, title="A valid token is needed.")
NOT_ALLOWED = Kind(slug="not-allowed", status=403, title="The user's role does not allow this.")
READ_ONLY = Kind(slug="read-only-token", status=403, title="The token may only read.")
NOT_FOUND = Kind(slug="not-found", status=404, title="There is nothing here for this token.")
WRONG_METHOD = Kind(slug="wrong-method", status=405, title="The address does not know this method.")
TOO_LATE = Kind(slug="too-late", status=409, title="The operation no longer waits for a decision.")
TOO_LARGE = Kind(slug="too-large", status=413, title="The body is too large.")
WRONG_MEDIA_TYPE = Kind(slug="wrong-media-type", status=415, title="The body must be application/json.")
INVALID = Kind(slug="invalid", status=422, title="The request is not valid.")
REFUSED = Kind(slug="refused", status=422, title="The booking is not possible.")
QUOTE_EXPIRED = Kind(slug="quote-expired", status=422, title="The quote's time is over.")
QUOTE_CHANGED = Kind(slug="quote-changed", status=422, title="Something changed since the quote.")
WRONG_KEY = Kind(slug="wrong-key", status=422, title="The idempotency key does not belong to this request.")
WISH_UNANSWERED = Kind(slug="wish-unanswered", status=422, title="A question about a wish is not answered.")
REASON_MISSING = Kind(slug="reason-missing", status=422, title="A reason is needed.")
TOO_MANY = Kind(slug="too-many-requests", status=429, title="Too many requests.")
BROKEN = Kind(slug="broken", status=500, title="Something broke on our side.")
KINDS = tuple(value for value in list(globals().values()) if isinstance(value, Kind))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One refusal as it is sent."""

    kind: Kind
    detail: str
    faults: Sequence[Fault] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> HttpResponse:
        """The response; its bytes depend on nothing but the problem."""
        body = {
            "type": self.kind.uri,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "errors": [fault.as_json() for fault in self.faults[:FAULTS_MOST]],
        }
        response = HttpResponse(json.dumps(body), status=self.kind.status, content_type=MEDIA_TYPE)
        for name, value in self.headers.items():
            response.headers[name] = value
        return response


class TokenReadsOnly(Exception):
    """The operation changes something and the token's scope is `read`."""


class TooManyRequests(Exception):
    """The token's requests of this window are used up; `retry_after_s` until the next one begins."""

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


class Invalid(Exception):
    """The request is not valid; `faults` name each place."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults)
        self.faults = faults


class NothingAnswered(Invalid):
    """None of the licences named in the answers to a renewal sheet could be decided."""


class KeyReused(Exception):
    """The idempotency key was used before with another body."""


class NoLongerPossible(line_refusals.NotBookable):
    """The booking was possible when it was quoted and is not now."""


KEY_HEADER = "Idempotency-Key"


def not_found(_error: Exception | None = None) -> Problem:
    """404, the same for whatever is not there, not this token's, or no address at all."""
    return Problem(kind=NOT_FOUND, detail="The address or an id in the request is unknown.")


def no_token() -> Problem:
    """401, the same for a missing, wrong, expired or revoked token and for a user who is no longer active."""
    return Problem(
        kind=NO_TOKEN,
        detail="Send a token as 'Authorization: Bearer swt_...'.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _not_allowed(error: permissions.NotAllowed) -> Problem:
    return Problem(kind=NOT_ALLOWED, detail=f"No role of the token's user allows '{error.action}' here.")


def _read_only(_error: TokenReadsOnly) -> Problem:
    return Problem(kind=READ_ONLY, detail="Use a token with the scope 'write'.")


def _too_many(error: TooManyRequests) -> Problem:
    return Problem(
        kind=TOO_MANY,
        detail="Wait as many seconds as Retry-After says.",
        headers={"Retry-After": str(error.retry_after_s)},
    )


def _invalid(error: Invalid) -> Problem:
    return Problem(kind=INVALID, detail="See 'errors' for each place.", faults=error.faults)


def _refused(error: line_refusals.NotBookable) -> Problem:
    return Problem(
        kind=REFUSED,
        detail="Nothing was stored. See 'errors' for each line.",
        faults=error.faults(location="body", field="quantities"),
    )


def _no_longer_possible(error: NoLongerPossible) -> Problem:
    return Problem(
        kind=REFUSED,
        detail="It was possible when quoted and is not now. Nothing was ordered.",
        faults=error.faults(location="quote", field="calculation.lines"),
    )


def _not_for_sale(error: line_refusals.NotForSale) -> Problem:
    return Problem(
        kind=REFUSED,
        detail="Nothing was stored. See 'errors' for each reason.",
        faults=error.faults(location="body"),
    )


def _no_longer_for_sale(error: line_refusals.NoLongerForSale) -> Problem:
    return Problem(
        kind=REFUSED,
        detail="It was possible when quoted and is not now. Nothing was ordered.",
        faults=error.faults(location="quote"),
    )


def _expired(_error: change_seats.QuoteExpired) -> Problem:
    return Problem(
        kind=QUOTE_EXPIRED,
        detail="Nothing was ordered. Ask for a new quote.",
        faults=[Fault(location="quote", field="expires_at", code="quote_expired", detail="The quote is expired.")],
    )


def _changed(error: change_seats.QuoteChanged) -> Problem:
    fresh = {"quote_id": str(error.fresh_quote_id)}
    detail = "Prices, seats or windows are not those of the quote; the quote in 'data' has those of now."
    return Problem(
        kind=QUOTE_CHANGED,
        detail="Nothing was ordered. Read the fresh quote and order that one if it is agreed.",
        faults=[Fault(location="quote", field="", code="quote_changed", detail=detail, data=fresh)],
    )


def _wish_unanswered(error: rebase_wishes.Unanswered) -> Problem:
    detail = "Say under 'wishes' whether the wish for the renewal follows the change or stays."
    faults = [
        Fault(
            location="body",
            field="wishes",
            code="wish_unanswered",
            detail=detail,
            data={
                "subscription_id": str(each.subscription_id),
                "effective_on": each.effective_on.isoformat(),
                "wished": each.wished,
                "follows": each.follows.seats,
                "stays": each.stays.seats,
            },
        )
        for each in error.questions
    ]
    return Problem(kind=WISH_UNANSWERED, detail="Nothing was ordered.", faults=faults)


def _no_swap(error: swap_plan.NotPossible) -> Problem:
    faults = [
        Fault(
            location="body",
            field="people" if reason.people or reason.code in ("nobody", "people_changed") else "",
            code=reason.code,
            detail="See the reference for what the code means and what is possible instead.",
            data={"people": list(reason.people), "number": reason.number},
        )
        for reason in error.planned.reasons
    ]
    return Problem(kind=REFUSED, detail="Nothing was stored or ordered.", faults=faults)


def _nothing_to_leave(_error: swap_plan.NothingToLeave) -> Problem:
    detail = "A trial, a licence that no people hold, or one without a price cannot be swapped."
    return Problem(kind=REFUSED, detail=detail)


def _nobody_left(_error: swap.NobodyLeft) -> Problem:
    return Problem(kind=TOO_LATE, detail="Everybody has moved, or the swap is still under way.")


def _conflicted(error: schedule_change.Conflicted) -> Problem:
    faults = [planning_faults.conflict(each) for each in error.found]
    return Problem(kind=REFUSED, detail="Nothing was stored. See 'errors' for each wish.", faults=faults)


def _no_answer(error: answer_sheet.NotAnswerable) -> Problem:
    fault = planning_faults.plain(error.problem, planning_faults.SHEETS[error.problem])
    return Problem(kind=REFUSED, detail="Nothing was decided.", faults=[fault])


def _nothing_answered(error: NothingAnswered) -> Problem:
    return Problem(kind=REFUSED, detail="Nothing was decided. See 'errors' for each licence.", faults=error.faults)


def _not_running(_error: wishes.NotRunning) -> Problem:
    fault = planning_faults.plain("not_running", "Only an active licence whose offer is known has a renewal to plan.")
    return Problem(kind=REFUSED, detail="Nothing was stored.", faults=[fault])


def _no_status(error: change_status.NotPossible) -> Problem:
    fault = planning_faults.plain(error.why, planning_faults.STATES.get(error.why, error.why), field="action")
    return Problem(kind=REFUSED, detail="Nothing was changed.", faults=[fault])


def _no_term(error: term_pricing.NotPossible) -> Problem:
    offered = [f"{term}:{plan}" for term, plan in error.offered]
    sentence = planning_faults.TERMS.get(error.why, error.why)
    fault = planning_faults.plain(error.why, sentence, field="term", data={"offered": offered})
    return Problem(kind=REFUSED, detail="Nothing was stored.", faults=[fault])


def _no_day(_error: look_ahead.DayRefused) -> Problem:
    detail = "Choose a day from today to three years ahead."
    fault = Fault(location="query", field="on", code="out_of_range", detail=detail)
    return Problem(kind=INVALID, detail="See 'errors' for each place.", faults=[fault])


def _wrong_key(_error: change_seats.KeyMismatch) -> Problem:
    detail = "Send the idempotency_key that came with this quote."
    return Problem(
        kind=WRONG_KEY,
        detail="Nothing was ordered.",
        faults=[Fault(location="header", field=KEY_HEADER, code="wrong_key", detail=detail)],
    )


def _key_reused(_error: KeyReused) -> Problem:
    detail = "The order of this key was placed with another body."
    return Problem(
        kind=WRONG_KEY,
        detail="Nothing was ordered again.",
        faults=[Fault(location="header", field=KEY_HEADER, code="key_reused", detail=detail)],
    )


def _no_word(_error: change_seats.ReasonMissing) -> Problem:
    detail = "Staff say on whose word they book, for example a name and a date."
    fault = Fault(location="body", field="on_behalf_reason", code="reason_missing", detail=detail)
    return Problem(kind=REASON_MISSING, detail="Nothing was ordered.", faults=[fault])


def _no_reason(_error: run_desk.ReasonMissing) -> Problem:
    fault = Fault(location="body", field="reason", code="reason_missing", detail="Write down why.")
    return Problem(kind=REASON_MISSING, detail="Nothing was decided.", faults=[fault])


def _too_late(_error: operations.NotPossible) -> Problem:
    return Problem(kind=TOO_LATE, detail="Somebody else decided it meanwhile, or it went on by itself.")


def _broken(error: Exception) -> Problem:
    _log.error("an API request broke", exc_info=error)
    return Problem(kind=BROKEN, detail="Your request may or may not have had its effect. Look before you repeat it.")


MAPPING: dict[type[Exception], Callable[[Any], Problem]] = {
    permissions.Unknown: not_found,
    permissions.NotAllowed: _not_allowed,
    Http404: not_found,
    TokenReadsOnly: _read_only,
    TooManyRequests: _too_many,
    Invalid: _invalid,
    KeyReused: _key_reused,
    NoLongerPossible: _no_longer_possible,
    line_refusals.NotBookable: _refused,
    line_refusals.NoLongerForSale: _no_longer_for_sale,
    line_refusals.NotForSale: _not_for_sale,
    change_seats.QuoteExpired: _expired,
    change_seats.QuoteChanged: _changed,
    rebase_wishes.Unanswered: _wish_unanswered,
    schedule_change.Conflicted: _conflicted,
    wishes.NotRunning: _not_running,
    answer_sheet.NotAnswerable: _no_answer,
    NothingAnswered: _nothing_answered,
    change_status.NotPossible: _no_status,
    change_status.ReasonMissing: _no_word,
    term_pricing.NotPossible: _no_term,
    look_ahead.DayRefused: _no_day,
    change_seats.KeyMismatch: _wrong_key,
    change_seats.ReasonMissing: _no_word,
    run_desk.ReasonMissing: _no_reason,
    operations.NotPossible: _too_late,
    swap_plan.NotPossible: _no_swap,
    swap_plan.NothingToLeave: _nothing_to_leave,
    swap.NobodyLeft: _nobody_left,
    Exception: _broken,
}


def answer(_request: HttpRequest, error: Exception) -> HttpResponse:
    """The response to whatever a workflow or the API itself refused; everything else is a 500 without an inside."""
    kind = next(each for each in type(error).__mro__ if each in MAPPING)
    return MAPPING[kind](error).response()
