"""What the command palette finds: pages by name, organisations by name or domain, products by any name they had."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers

CUSTOMER_LIMIT = 8
PRODUCT_LIMIT = 6


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A place to go to; `kind` says in words what it is."""

    label: str
    kind: str
    href: str
    icon: str


def entries(*, by: Actor, text: str) -> list[Entry]:
    """The places that hold every word of `text`, pages first; an empty text lists the first of each kind."""
    words = text.casefold().split()[:8]
    found = [entry for entry in _pages(by=by) if all(word in entry.label.casefold() for word in words)]
    return found + _organisations(by=by, words=words) + _products(by=by, text=text)


def _pages(*, by: Actor) -> list[Entry]:
    places = [] if by.is_staff else [(_("Home"), "home", "home")]
    if by.is_staff:
        places += [
            (_("Customers"), "staff_customers", "building-store"),
            (_("Order queue"), "staff_queue", "inbox"),
            (_("Requests"), "staff_requests", "help-circle"),
        ]
    places += [
        (_("Two-step sign-in"), "mfa_index", "shield-lock"),
        (_("Change password"), "account_change_password", "key"),
        (_("Calendar feed"), "calendar", "calendar-event"),
        (_("Where you are signed in"), "usersessions_list", "device-desktop"),
    ]
    return [Entry(label=label, kind=_("Page"), href=reverse(name), icon=icon) for label, name, icon in places]


def _products(*, by: Actor, text: str) -> list[Entry]:
    """What the person's first organisation can buy under that name, or any that it ever had (R034)."""
    if by.is_staff or not text.strip():
        return []
    rows = customers.customers(seen_by=by, action="catalogue.view", limit=1)
    return [
        Entry(
            label=found.name,
            kind=_("Catalogue"),
            href=reverse("product", args=[row.customer_id, found.product_key]),
            icon="package",
        )
        for row in rows
        for found in catalogue.shelf(
            reseller_id=row.reseller_id,
            market=row.country,
            segment=row.segment,
            text=text,
            limit=PRODUCT_LIMIT,
        )[0]
    ]


def _organisations(*, by: Actor, words: list[str]) -> list[Entry]:
    if by.is_staff:
        rows = list(customers.search(seen_by=by, text=" ".join(words), limit=CUSTOMER_LIMIT).rows)
    else:
        rows = [
            row
            for row in customers.customers(seen_by=by, limit=200)
            if all(word in row.name.casefold() for word in words)
        ][:CUSTOMER_LIMIT]
    found = []
    for row in rows:
        place = {"reseller_id": row.reseller_id, "customer_id": row.customer_id}
        found.append(_place(row, _("Licences"), "licences", "armchair"))
        if words and permissions.allowed(by=by, action="catalogue.view", **place):
            found.append(_place(row, _("Catalogue"), "catalogue", "package"))
        if words and permissions.allowed(by=by, action="people.view", **place):
            found.append(_place(row, _("People"), "people", "users"))
    return found


def _place(row: customers.CustomerRow, kind: str, name: str, icon: str) -> Entry:
    return Entry(label=row.name, kind=kind, href=reverse(name, args=[row.customer_id]), icon=icon)
