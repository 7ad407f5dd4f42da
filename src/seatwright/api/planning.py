"""The API's operations for what is ahead: wishes for renewals, states, terms, and the days to come."""

import datetime as dt
import uuid
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from seatwright.api import answers_orders, answers_planning, bearer, inputs_planning, parameters, problems
from seatwright.api.errors import Fault
from seatwright.operations import clock
from seatwright.rules import renewals, terms, timeline
from seatwright.workflows import change_status, change_term, look_ahead, schedule_change

router = Router(auth=bearer.READ)
router.add_decorator(parameters.exact)
Dimension = timeline.Dimension
THREE_MONTHS = dt.timedelta(days=92)


@router.get("/subscriptions/{uuid:subscription_id}/renewal", response=answers_planning.Renewal, tags=["renewals"])
def read_renewal(request: HttpRequest, subscription_id: uuid.UUID) -> answers_planning.Renewal:
    """What the end of the running term brings, the wishes for it, and whether the vendor has stored them."""
    plan = schedule_change.plan(by=bearer.acting(request), subscription_id=subscription_id, at=clock.now())
    return answers_planning.renewal(plan)


@router.post(
    "/subscriptions/{uuid:subscription_id}/renewal/wishes",
    response=answers_planning.Renewal,
    auth=bearer.WRITE,
    tags=["renewals"],
)
def wish_for_renewal(
    request: HttpRequest, subscription_id: uuid.UUID, wish: inputs_planning.RenewalWish
) -> answers_planning.Renewal:
    """Wish for the renewal; wishing the same again changes nothing, and what would hold anyway is no wish."""
    by, at = bearer.acting(request), clock.now()
    wishes = _wishes(wish)
    is_ended = wish.ending in ("cancel", "extended")
    clear = [each for each in Dimension if each is not Dimension.ENDING] if is_ended else []
    schedule_change.schedule(by=by, subscription_id=subscription_id, wishes=wishes, clear=clear, at=at)
    return answers_planning.renewal(schedule_change.plan(by=by, subscription_id=subscription_id, at=at))


def _wishes(wish: inputs_planning.RenewalWish) -> dict[Dimension, timeline.Value]:
    """The members that were named; raises problems.Invalid for one that cannot be."""
    wishes: dict[Dimension, timeline.Value] = {}
    if wish.ending:
        wishes[Dimension.ENDING] = renewals.Ending(wish.ending)
    if wish.ending in ("cancel", "extended"):
        return wishes
    if wish.seats is not None:
        is_total = wish.seats_are == "total"
        if is_total and wish.seats < 0:
            detail = "A total of seats is not negative."
            raise problems.Invalid(Fault(location="body", field="seats", code="too_small", detail=detail))
        wishes[Dimension.QUANTITY] = timeline.SeatsTotal(wish.seats) if is_total else timeline.SeatsBy(wish.seats)
    if wish.to_offer_key:
        wishes[Dimension.OFFER] = wish.to_offer_key
    if wish.term:
        wishes[Dimension.TERM] = terms.Term(wish.term)
    if wish.billing_plan:
        wishes[Dimension.BILLING_PLAN] = terms.BillingPlan(wish.billing_plan)
    if wish.ends_on:
        wishes[Dimension.END_DATE] = dt.date.fromisoformat(wish.ends_on)
    return wishes


@router.post(
    "/subscriptions/{uuid:subscription_id}/renewal/revoke",
    response=answers_planning.Renewal,
    auth=bearer.WRITE,
    tags=["renewals"],
)
def revoke_wish(
    request: HttpRequest, subscription_id: uuid.UUID, revoked: inputs_planning.WishRevoked
) -> answers_planning.Renewal:
    """Take one wish back, or all of them; taking back what was not wished changes nothing."""
    by, at = bearer.acting(request), clock.now()
    dimension = None if revoked.dimension == "all" else Dimension(revoked.dimension)
    schedule_change.revoke(by=by, subscription_id=subscription_id, dimension=dimension, at=at)
    return answers_planning.renewal(schedule_change.plan(by=by, subscription_id=subscription_id, at=at))


@router.post(
    "/subscriptions/{uuid:subscription_id}/status/preview", response=answers_planning.StatusPreview, tags=["states"]
)
def preview_status(
    request: HttpRequest, subscription_id: uuid.UUID, wish: inputs_planning.StatusWish
) -> answers_planning.StatusPreview:
    """What suspending, resuming or ending would mean now; nothing is stored."""
    shown = change_status.preview(
        by=bearer.acting(request),
        subscription_id=subscription_id,
        action=change_status.Action[wish.action.upper()],
        at=clock.now(),
    )
    return answers_planning.status_preview(shown)


@router.post(
    "/subscriptions/{uuid:subscription_id}/status",
    response={202: answers_planning.Started},
    auth=bearer.WRITE,
    tags=["states"],
)
def change_state(
    request: HttpRequest, subscription_id: uuid.UUID, change: inputs_planning.StatusChange
) -> Status[answers_planning.Started]:
    """Suspend, resume or end; it is refused when anything differs from the preview whose fingerprint is sent."""
    by, at = bearer.acting(request), clock.now()
    action = change_status.Action[change.action.upper()]
    shown = change_status.preview(by=by, subscription_id=subscription_id, action=action, at=at)
    if change.fingerprint or action is change_status.Action.END:
        shown = replace(shown, fingerprint=change.fingerprint)
    operation_id = change_status.place(by=by, shown=shown, reason=change.on_behalf_reason.strip(), at=at)
    return Status(202, answers_planning.Started(operation_id=operation_id))


@router.get("/subscriptions/{uuid:subscription_id}/term-choices", response=answers_planning.TermChoices, tags=["terms"])
def list_term_choices(request: HttpRequest, subscription_id: uuid.UUID) -> answers_planning.TermChoices:
    """The terms and billing plans that can begin inside the running term, each with its price."""
    found = change_term.choices(by=bearer.acting(request), subscription_id=subscription_id, at=clock.now())
    return answers_planning.TermChoices(items=[answers_planning.term_choice(each) for each in found])


@router.post(
    "/subscriptions/{uuid:subscription_id}/term-quotes",
    response={201: answers_orders.Quote},
    auth=bearer.WRITE,
    tags=["terms"],
)
def create_term_quote(
    request: HttpRequest, response: HttpResponse, subscription_id: uuid.UUID, wish: inputs_planning.TermWish
) -> Status[answers_orders.Quote]:
    """Store the price of another term for half an hour; it is read and ordered under /seat-quotes like any quote."""
    by, at = bearer.acting(request), clock.now()
    pair = (terms.Term(wish.term), terms.BillingPlan(wish.billing_plan))
    quote_id = change_term.prepare(by=by, subscription_id=subscription_id, to=pair, at=at)
    response.headers["Location"] = f"/api/v1/seat-quotes/{quote_id}"
    return Status(201, answers_orders.quote(change_term.prepared(by=by, quote_id=quote_id, at=at)))


@router.get("/customers/{uuid:customer_id}/ahead", response=answers_planning.Ahead, tags=["renewals"])
def look_at_day(request: HttpRequest, customer_id: uuid.UUID, on: inputs_planning.On = "") -> answers_planning.Ahead:
    """Seats, windows and expected charges on a day to come; nothing is changed."""
    at = clock.now()
    try:
        day = dt.date.fromisoformat(on) if on else (at + THREE_MONTHS).date()
    except ValueError:
        fault = Fault(location="query", field="on", code="wrong_form", detail="There is no such day.")
        raise problems.Invalid(fault) from None
    page = look_ahead.licences(by=bearer.acting(request), customer_id=customer_id, on=day, at=at)
    return answers_planning.ahead(page)
