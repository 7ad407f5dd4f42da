"""Buying: the catalogue, a product with its live price, review, and booking with fresh proof of identity."""

import uuid
from collections.abc import Mapping

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from seatwright.access import permissions
from seatwright.customers import queries as customers
from seatwright.orders import requests as offer_requests
from seatwright.web import errors, purchase_form, requests, views_change, wording_buy
from seatwright.workflows import ask_for_offers, browse_catalogue, buy, buy_facts, buy_pricing, change_seats


@require_GET
def catalogue(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """What the customer may buy, by name or found by any name it ever had; the list alone for a search as one types."""
    text = requests.text(request.GET, "q", longest=80)
    skip = requests.text(request.GET, "skip", longest=5)
    page = browse_catalogue.catalogue_page(
        by=requests.acting(request),
        customer_id=customer_id,
        text=text,
        skip=int(skip) if skip.isascii() and skip.isdigit() else 0,
        at=requests.now(),
    )
    requests.enter(request, customer_id=customer_id)
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "pages/catalogue.html#rows" if is_fragment else "pages/catalogue.html"
    return render(request, template, {"page": page, "text": text})


@require_GET
def product(request: HttpRequest, customer_id: uuid.UUID, product_key: str) -> HttpResponse:
    """One product with its terms and prices, to buy or to ask for; a request that is to be booked fills the form."""
    by, at = requests.acting(request), requests.now()
    page = browse_catalogue.product(by=by, customer_id=customer_id, product_key=product_key, at=at)
    typed = purchase_form.untouched(page)
    asked = _asked_for(request, page)
    if asked is not None:
        typed = purchase_form.untouched(
            page,
            seats=asked.seats,
            plan=asked.offer_key,
            tenant_id=asked.tenant_id,
            request=str(asked.request_id),
        )
    return _product_page(request, page, typed, status=200)


def _asked_for(request: HttpRequest, page: browse_catalogue.Product) -> offer_requests.RequestRow | None:
    """The customer's request named in the address, if it is this customer's and still open."""
    text = requests.text(request.GET, "request", longest=40)
    try:
        found = ask_for_offers.for_booking(by=requests.acting(request), request_id=uuid.UUID(text))
    except (ValueError, permissions.NotAllowed, offer_requests.WrongState):
        return None
    return found if found.customer_id == page.customer.customer_id else None


def _product_page(
    request: HttpRequest, page: browse_catalogue.Product, typed: purchase_form.Typed, *, status: int
) -> HttpResponse:
    by, at = requests.acting(request), requests.now()
    requests.enter(request, customer_id=page.customer.customer_id)
    tenant = next((each for each in page.tenants if str(each.tenant_id) == typed.tenant), None)
    product_id, _colon, vendor_sku_id = page.product_key.partition(":")
    asked = None
    if tenant is not None and page.is_to_order:
        asked = buy_facts.ask(
            customer=page.customer,
            tenant=tenant,
            product_id=product_id,
            vendor_sku_id=vendor_sku_id,
            plan_terms=sorted({row.term for row in page.plans}),
            at=at,
        )
    priced = None
    if typed.choice is not None and page.is_to_order and not typed.choice.promotion_id:
        priced = buy.preview(by=by, customer_id=page.customer.customer_id, choice=typed.choice, at=at)
    values = {
        "page": page,
        "typed": typed,
        "differences": _differences(page),
        "asked": asked,
        "ends": purchase_form.end_options(asked.ends, page.names) if asked else (),
        "calculation": priced.calculation if priced else None,
        "against": tuple(wording_buy.refusal(each) for each in priced.refusals) if priced and status == 200 else (),
        "needs_word": by.is_staff,
    }
    return render(request, "pages/product.html", values, status=status)


def _differences(page: browse_catalogue.Product) -> Mapping[str, str]:
    currency = page.customer.currency
    return {row.offer_key: wording_buy.difference(row, currency=currency) for row in page.plans}


@require_POST
def price(request: HttpRequest, customer_id: uuid.UUID, product_key: str) -> HttpResponse:
    """The price of what is chosen, or why it cannot be bought, as a fragment; nothing is stored."""
    by, at = requests.acting(request), requests.now()
    page = browse_catalogue.product(by=by, customer_id=customer_id, product_key=product_key, at=at)
    typed = purchase_form.read(posted=request.POST, page=page)
    calculation = None
    if typed.choice is not None:
        priced = buy.preview(by=by, customer_id=customer_id, choice=typed.choice, at=at)
        typed = purchase_form.refused(typed, priced.refusals)
        calculation = priced.calculation
    values = {"typed": typed, "calculation": calculation, "page": page}
    return render(request, "pages/product_price.html", values, status=422 if typed.choice is None else 200)


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, customer_id: uuid.UUID, product_key: str) -> HttpResponse:
    """Store the priced choice for review; refused, the same form comes back with the reason at its field."""
    if request.method == "GET":
        return HttpResponseRedirect(reverse("product", args=[customer_id, product_key]))
    by, at = requests.acting(request), requests.now()
    page = browse_catalogue.product(by=by, customer_id=customer_id, product_key=product_key, at=at)
    typed = purchase_form.read(posted=request.POST, page=page)
    if typed.choice is not None and not typed.errors:
        try:
            quote_id = buy.prepare(
                by=by,
                customer_id=customer_id,
                choice=typed.choice,
                signatory=typed.signatory,
                on_whose_word=typed.word,
                at=at,
            )
        except buy_pricing.Refused as refused:
            typed = purchase_form.refused(typed, refused.priced.refusals)
        except change_seats.ReasonMissing:
            typed = typed.with_errors({"word": (_("Say on whose word the agreement is accepted."),)})
        else:
            return _to_purchase(quote_id, typed.request_id)
    return _product_page(request, page, typed, status=422)


@require_POST
def ask(request: HttpRequest, customer_id: uuid.UUID, product_key: str) -> HttpResponse:
    """Ask the reseller for what is chosen, in the customer's words."""
    by, at = requests.acting(request), requests.now()
    page = browse_catalogue.product(by=by, customer_id=customer_id, product_key=product_key, at=at)
    typed = purchase_form.read(posted=request.POST, page=page)
    if typed.choice is None:
        return _product_page(request, page, typed, status=422)
    ask_for_offers.ask(
        by=by,
        customer_id=customer_id,
        tenant_id=typed.choice.tenant_id,
        offer_key=typed.choice.offer_key,
        seats=typed.choice.seats,
        wish=typed.wish,
        at=at,
    )
    messages.success(request, _("Your request is with your reseller. You see the answer here."))
    return HttpResponseRedirect(reverse("requests", args=[customer_id]), status=303)


@require_POST
def self_service(request: HttpRequest, customer_id: uuid.UUID, product_key: str) -> HttpResponse:
    """Let the reseller's customers order this product themselves, or have them ask for it."""
    wanted = request.POST.getlist("self_service")
    if wanted not in (["yes"], ["no"]):
        return errors.refused(request, text=_("The form does not say what is wanted. Load the page again."))
    ask_for_offers.set_self_service(
        by=requests.acting(request),
        customer_id=customer_id,
        product_key=product_key,
        is_self_service=wanted == ["yes"],
        at=requests.now(),
    )
    messages.success(request, _("This holds for all your customers from now on."))
    return HttpResponseRedirect(reverse("product", args=[customer_id, product_key]), status=303)


@require_GET
def purchase(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """A stored quote of a purchase for review; one that was booked already leads to its order."""
    return _purchase_page(request, quote_id)


def _purchase_page(
    request: HttpRequest, quote_id: uuid.UUID, *, error: str = "", reason: str = "", status: int = 200
) -> HttpResponse:
    by = requests.acting(request)
    prepared = buy.prepared(by=by, quote_id=quote_id, at=requests.now())
    if prepared.order_id is not None:
        return HttpResponseRedirect(reverse("order", args=[prepared.order_id]))
    requests.enter(request, customer_id=prepared.customer_id)
    (line,) = prepared.calculation.lines
    assert line.purchase is not None
    tenant = customers.tenant(seen_by=by, tenant_id=line.purchase.tenant_id, action="catalogue.view")
    values = {
        "quote": prepared,
        "calculation": prepared.calculation,
        "line": line,
        "tenant": tenant,
        "product_key": buy_pricing.product_of(line),
        "order_words": views_change.order_words(),
        "needs_reason": by.is_staff,
        "reason": reason,
        "reason_error": error,
        "request_id": _request_id(request),
    }
    return render(request, "pages/purchase.html", values, status=status)


def _request_id(request: HttpRequest) -> uuid.UUID | None:
    values = request.POST if request.method == "POST" else request.GET
    try:
        return uuid.UUID(requests.text(values, "request", longest=40))
    except ValueError:
        return None


def _to_purchase(quote_id: uuid.UUID, request_id: uuid.UUID | None) -> HttpResponseRedirect:
    """To the review of the quote, with the customer's request that it answers."""
    query = f"?request={request_id}" if request_id else ""
    return HttpResponseRedirect(reverse("purchase", args=[quote_id]) + query, status=303)


@require_POST
def repurchase(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """Price an expired quote's choice again and show the new quote."""
    by, at = requests.acting(request), requests.now()
    old = buy.prepared(by=by, quote_id=quote_id, at=at)
    choice = buy_pricing.choice_of(old.calculation.lines[0])
    fresh = buy.prepare(by=by, customer_id=old.customer_id, choice=choice, at=at)
    return _to_purchase(fresh, _request_id(request))


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def book(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """Book the purchase once, whatever is clicked twice, and go to its order."""
    keys = request.POST.getlist("key")
    if len(keys) != 1:
        raise change_seats.KeyMismatch
    reason = requests.text(request.POST, "reason", longest=300)
    try:
        order_id = buy.place(
            by=requests.acting(request),
            quote_id=quote_id,
            idempotency_key=keys[0],
            agreed_words=views_change.order_words(),
            on_behalf_reason=reason,
            request_id=_request_id(request),
            at=requests.now(),
        )
    except change_seats.ReasonMissing:
        missing = _("Say on whose word you book, for example a name and a date.")
        return _purchase_page(request, quote_id, error=missing, status=422)
    except change_seats.QuoteExpired:
        return _purchase_page(request, quote_id, reason=reason, status=422)
    except offer_requests.WrongState:
        return errors.refused(request, text=_("Somebody has booked or declined this request meanwhile."))
    except change_seats.QuoteChanged as changed:
        messages.warning(request, _("Something changed since the price was made. This is the price as of now."))
        return _to_purchase(changed.fresh_quote_id, _request_id(request))
    return HttpResponseRedirect(reverse("order", args=[order_id]), status=303)
