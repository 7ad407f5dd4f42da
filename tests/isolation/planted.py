"""Pages with one mistake each, as a hurried afternoon might leave them; the probe has to find every one."""

import logging
import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core import mail
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from seatwright.access import permissions
from seatwright.customers import queries as customers
from seatwright.customers.models import Customer
from seatwright.subscriptions.models import Subscription
from seatwright.web import requests
from seatwright.workflows import connections


def _subscription(subscription_id: uuid.UUID) -> Subscription:
    row = Subscription.objects.filter(pk=subscription_id).first()
    if row is None:
        raise Http404
    return row


def _visible(request: HttpRequest, customer_id: uuid.UUID) -> customers.CustomerRow:
    return customers.customer(seen_by=requests.acting(request), customer_id=customer_id)


def unscoped(_request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """Forgets `seen_by`."""
    return HttpResponse(_subscription(subscription_id).name)


def number_only(_request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """Shows no name, only how many seats."""
    return HttpResponse(f"{_subscription(subscription_id).seats:,} seats")


def telling(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """403 for what is somebody else's, 404 for what is not there."""
    if not Customer.objects.filter(pk=customer_id).exists():
        raise Http404
    try:
        return HttpResponse(_visible(request, customer_id).name)
    except permissions.Unknown:
        return HttpResponse("not yours", status=403)


def asking_more(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Answers alike and works longer for what is there."""
    row = Customer.objects.filter(pk=customer_id).first()
    if row is not None:
        Subscription.objects.filter(customer=row).count()
    return HttpResponse(_visible(request, customer_id).name)


def everybody(_request: HttpRequest) -> HttpResponse:
    """A list without a filter."""
    return HttpResponse(", ".join(Customer.objects.values_list("name", flat=True)))


def in_a_header(request: HttpRequest) -> HttpResponse:
    """A debugging header that nobody took out again."""
    response = HttpResponse("fine")
    response.headers["X-Debug"] = Customer.objects.order_by("created_at", "name").last().name  # type: ignore[union-attr]
    return response


def in_a_message(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The refusal names what it refuses."""
    row = Customer.objects.filter(pk=customer_id).first()
    messages.error(request, f"You may not open {row.name if row else 'this'}.")
    raise Http404


def in_the_log(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The refusal is logged with the name."""
    row = Customer.objects.filter(pk=customer_id).first()
    logging.getLogger(__name__).warning("refused: %s", row.name if row else "")
    return HttpResponse(_visible(request, customer_id).name)


def by_mail(request: HttpRequest) -> HttpResponse:
    """Mails a report of all customers to whoever asks."""
    everyone = "\n".join(Customer.objects.values_list("name", flat=True))
    mail.send_mail("Report", everyone, "from@example.test", ["somebody@example.test"])
    return HttpResponse("sent")


def writes_by_get(request: HttpRequest) -> HttpResponse:
    """Counts its visits in somebody's row."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET segment = 'visited'")
    return HttpResponse("counted")


@csrf_exempt
def takes_any_form(request: HttpRequest) -> HttpResponse:
    """A form without its token."""
    return HttpResponse("saved")


def asks_the_vendor(request: HttpRequest) -> HttpResponse:
    """Looks something up at the vendor for everybody."""
    tenant = customers.tenants_of_installation()[0]
    try:
        connections.vendor_of(tenant).list_pools(tenant=connections.reference(tenant), at=requests.now())
    except Exception:  # noqa: BLE001 -- swallowed as it should not be
        return HttpResponse("nothing")
    return HttpResponse("something")


def breaks(request: HttpRequest) -> HttpResponse:
    """Does not expect what it is sent."""
    return HttpResponse(str(int(request.GET.get("q", "0"))))


@login_not_required
def open_to_all(request: HttpRequest) -> HttpResponse:
    """A public page that says whose customers there are."""
    return HttpResponse(", ".join(Customer.objects.values_list("name", flat=True)))


urlpatterns: list[URLPattern | URLResolver] = [
    path("planted/<uuid:subscription_id>", unscoped, name="unscoped"),
    path("planted/<uuid:subscription_id>/number", number_only, name="number_only"),
    path("planted/<uuid:customer_id>/telling", telling, name="telling"),
    path("planted/<uuid:customer_id>/more", asking_more, name="asking_more"),
    path("planted/<uuid:customer_id>/message", in_a_message, name="in_a_message"),
    path("planted/<uuid:customer_id>/log", in_the_log, name="in_the_log"),
    path("planted/everybody", everybody, name="everybody"),
    path("planted/header", in_a_header, name="in_a_header"),
    path("planted/mail", by_mail, name="by_mail"),
    path("planted/get", writes_by_get, name="writes_by_get"),
    path("planted/form", takes_any_form, name="takes_any_form"),
    path("planted/vendor", asks_the_vendor, name="asks_the_vendor"),
    path("planted/breaks", breaks, name="breaks"),
    path("planted/open", open_to_all, name="open_to_all"),
    path("staff/planted", everybody, name="staff_for_all"),
    path("", include("seatwright.config.urls")),
]

UNCLASSIFIABLE = {
    "another parameter": path("x/<uuid:thing_id>", unscoped, name="x"),
    "a number for an id": path("x/<int:subscription_id>", unscoped, name="x"),
    "a text for an id": path("x/<customer_id>", telling, name="x"),
    "a group without a name": re_path(r"^x/([0-9a-f-]+)$", unscoped, name="x"),
    "no end": re_path(r"^x/(?P<customer_id>[0-9a-f-]+)", telling, name="x"),
    "no name": path("x/<uuid:customer_id>", telling),
    "no sign-in": path("x/<uuid:customer_id>", login_not_required(lambda request, customer_id: None), name="x"),
    "a parameter before an include": path("x/<slug:place>/", include([path("y", everybody, name="x")])),
}
