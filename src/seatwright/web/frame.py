"""What surrounds every page: menu, organisations, language, theme and the banner for staff."""

import dataclasses
import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.customers import queries as customers
from seatwright.web import requests

THEMES = ("light", "dark")
SWITCHER_LIMIT = 30


@dataclass(frozen=True, kw_only=True)
class Link:
    """An entry of the menu."""

    label: str
    href: str
    icon: str
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """An entry of the organisation switcher."""

    name: str
    href: str
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language on offer, named in itself."""

    code: str
    name: str
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Everything that `base.html` shows around a page; without a person it is that of the entrance."""

    languages: tuple[Language, ...]
    language: str
    theme: str
    path: str
    reference: str
    now: dt.datetime
    time_zone: str = "UTC"
    person_name: str = ""
    person_email: str = ""
    menu: tuple[Link, ...] = ()
    staff_menu: tuple[Link, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    organisation: str = ""
    reseller: str = ""
    is_staff_visit: bool = False


def context(request: HttpRequest) -> dict[str, object]:
    """The context processor: `frame` for every template."""
    frame = _signed_out(request)
    by, person = requests.actor(request), requests.person(request)
    if by is None or person is None:
        return {"frame": frame, "time_zone": "UTC"}
    rows = customers.customers(seen_by=by, limit=SWITCHER_LIMIT)
    current = _current(request, by=by, rows=rows)
    frame = dataclasses.replace(
        frame,
        person_name=person.name or person.email,
        person_email=person.email,
        menu=_menu(request, by=by, current=current),
        staff_menu=_staff_menu(request, by=by),
        organisations=tuple(
            Organisation(
                name=row.name, href=reverse("licences", args=[row.customer_id]), is_current=_is_same(row, current)
            )
            for row in ([] if by.is_staff else rows)
        ),
        organisation=current.name if current else "",
        reseller=current.reseller_name if current else "",
        is_staff_visit=current is not None and by.is_staff,
        time_zone=person.time_zone,
    )
    return {"frame": frame, "time_zone": person.time_zone}


def _signed_out(request: HttpRequest) -> Frame:
    active = translation.get_language() or "en"
    theme = request.COOKIES.get("seatwright-theme", "")
    return Frame(
        languages=tuple(Language(code=code, name=name, is_current=code == active) for code, name in settings.LANGUAGES),
        language=active,
        theme=theme if theme in THEMES else "",
        path=request.get_full_path(),
        reference=requests.request_id(request),
        now=requests.now(),
    )


def _current(request: HttpRequest, *, by: Actor, rows: list[customers.CustomerRow]) -> customers.CustomerRow | None:
    """The organisation that the page is about; with only one organisation, always that."""
    entered = requests.entered(request)
    if entered is None:
        return rows[0] if len(rows) == 1 and not by.is_staff else None
    for row in rows:
        if row.customer_id == entered:
            return row
    try:
        return customers.customer(seen_by=by, customer_id=entered)
    except (permissions.Unknown, permissions.NotAllowed):
        return None


def _is_same(row: customers.CustomerRow, current: customers.CustomerRow | None) -> bool:
    return current is not None and row.customer_id == current.customer_id


def _link(request: HttpRequest, label: str, icon: str, name: str, *args: uuid.UUID) -> Link:
    match = request.resolver_match
    return Link(
        label=label,
        icon=icon,
        href=reverse(name, args=args),
        is_current=match is not None and match.url_name == name,
    )


def _menu(request: HttpRequest, *, by: Actor, current: customers.CustomerRow | None) -> tuple[Link, ...]:
    links = [] if by.is_staff else [_link(request, _("Home"), "home", "home")]
    if current is None:
        return tuple(links)
    where = {"reseller_id": current.reseller_id, "customer_id": current.customer_id}
    if permissions.allowed(by=by, action="licences.view", **where):
        links.append(_link(request, _("Licences"), "armchair", "licences", current.customer_id))
        links.append(_link(request, _("Catalogue"), "package", "catalogue", current.customer_id))
        links.append(_link(request, _("Requests"), "inbox", "requests", current.customer_id))
        links.append(_link(request, _("Look ahead"), "calendar-event", "ahead", current.customer_id))
        links.append(_link(request, _("Renewals"), "history", "renewals", current.customer_id))
    if permissions.allowed(by=by, action="people.view", **where):
        links.append(_link(request, _("People"), "users", "people", current.customer_id))
    if permissions.allowed(by=by, action="orders.view", **where):
        links.append(_link(request, _("Orders"), "receipt", "orders", current.customer_id))
    return tuple(links)


def _staff_menu(request: HttpRequest, *, by: Actor) -> tuple[Link, ...]:
    if not by.is_staff:
        return ()
    return (
        _link(request, _("Customers"), "building-store", "staff_customers"),
        _link(request, _("Order queue"), "inbox", "staff_queue"),
        _link(request, _("All renewals"), "history", "staff_renewals"),
        _link(request, _("Requests"), "help-circle", "staff_requests"),
        _link(request, _("Components"), "package", "components"),
    )
