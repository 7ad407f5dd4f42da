"""Another term or billing plan inside the running term: the choices with their prices, and booking with fresh proof."""

import uuid

from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from seatwright.customers import queries as customers
from seatwright.rules import terms
from seatwright.subscriptions import queries as holdings
from seatwright.web import requests, wording, wording_term
from seatwright.workflows import change_seats, change_term

FIELDS = frozenset({"to", "fingerprint", "reason", "csrfmiddlewaretoken"})


@require_http_methods(["GET", "POST"])
def term(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponseBase:
    """What can be begun inside the running term and costs how much; posted, the chosen one is booked."""
    if request.method == "POST":
        answer: HttpResponse = _book(request, subscription_id)
        return answer
    return _page(request, subscription_id, chosen=requests.text(request.GET, "to", longest=20))


@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def _book(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    by, at = requests.acting(request), requests.now()
    reason = requests.text(request.POST, "reason", longest=300)
    chosen = requests.text(request.POST, "to", longest=20)
    if set(request.POST) - FIELDS or any(len(request.POST.getlist(name)) != 1 for name in request.POST):
        error = _("A field was sent twice or does not belong to this page. Read it again, then confirm.")
        return _page(request, subscription_id, chosen=chosen, error=error, reason=reason)
    pair = _pair(chosen)
    if pair is None:
        return _page(request, subscription_id, chosen="", error=_("Choose one of the terms listed."), reason=reason)
    try:
        quote_id = change_term.prepare(by=by, subscription_id=subscription_id, to=pair, at=at)
        quote = change_term.prepared(by=by, quote_id=quote_id, at=at)
        shown = change_term.preview(by=by, subscription_id=subscription_id, to=pair, at=at)
        if shown.fingerprint != requests.text(request.POST, "fingerprint", longest=100):
            raise change_term.NotPossible("changed")
        order_id = change_term.place(
            by=by,
            quote_id=quote_id,
            idempotency_key=quote.idempotency_key,
            agreed_words=order_words(),
            on_behalf_reason=reason,
            at=at,
        )
    except change_term.NotPossible as refused:
        error = wording.named(wording_term.REFUSALS, refused.why)
        return _page(request, subscription_id, chosen=chosen, error=error, reason=reason)
    except change_seats.ReasonMissing:
        missing = _("Say on whose word you book, for example a name and a date.")
        return _page(request, subscription_id, chosen=chosen, reason_error=missing)
    except change_seats.QuoteChanged:
        error = str(wording_term.REFUSALS["changed"])
        return _page(request, subscription_id, chosen=chosen, error=error, reason=reason)
    return HttpResponseRedirect(reverse("order", args=[order_id]), status=303)


def order_words() -> str:
    """The words on the button that binds the customer, in the language in which they were read."""
    return _("Order with obligation to pay")


def _pair(text: str) -> change_term.Pair | None:
    term_text, _colon, plan_text = text.partition(":")
    try:
        return terms.Term(term_text), terms.BillingPlan(plan_text)
    except ValueError:
        return None


def _page(
    request: HttpRequest,
    subscription_id: uuid.UUID,
    *,
    chosen: str,
    error: str = "",
    reason: str = "",
    reason_error: str = "",
) -> HttpResponse:
    by, at = requests.acting(request), requests.now()
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.quote")
    customer = customers.customer(seen_by=by, customer_id=row.customer_id)
    requests.enter(request, customer_id=customer.customer_id)
    found: tuple[change_term.Preview, ...] = ()
    pair, preview = _pair(chosen), None
    try:
        found = change_term.choices(by=by, subscription_id=subscription_id, at=at)
        if pair is not None:
            preview = change_term.preview(by=by, subscription_id=subscription_id, to=pair, at=at)
    except change_term.NotPossible as refused:
        error = error or wording.named(wording_term.REFUSALS, refused.why)
    values = {
        "customer": customer,
        "row": row,
        "choices": found,
        "preview": preview,
        "chosen": chosen,
        "rebased": wording_term.rebased(preview.rebased) if preview else [],
        "error": error,
        "order_words": order_words(),
        "needs_reason": by.is_staff,
        "reason": reason,
        "reason_error": reason_error,
        "time_zone": customer.time_zone,
    }
    return render(request, "pages/term.html", values, status=422 if error or reason_error else 200)
