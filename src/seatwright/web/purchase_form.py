"""Reads the form of a product's page: plan, seats, promotion, end of the first term, and who accepts the agreement."""

import datetime as dt
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from django.http import QueryDict
from django.utils.translation import gettext as _

from seatwright.rules import purchases, quantities, refusals
from seatwright.web import requests, wording, wording_buy
from seatwright.workflows import browse_catalogue, buy, buy_facts, buy_pricing

FIELDS = frozenset(
    {
        "csrfmiddlewaretoken",
        *("tenant", "plan", "seats", "promotion", "end", "wish", "request"),
        *("first_name", "last_name", "email", "phone", "agree", "word"),
    }
)
SIGNATORY_FIELDS = ("first_name", "last_name", "email", "phone")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PLACES: dict[type, str] = {
    refusals.BelowMinimum: "seats",
    refusals.AboveMaximum: "seats",
    refusals.AboveFamilyMaximum: "seats",
    purchases.NotSold: "plan",
    purchases.NoPrice: "plan",
    purchases.PromotionWrongPlan: "promotion",
    purchases.PromotionWrongSeats: "promotion",
    purchases.PromotionUsed: "promotion",
    purchases.PromotionNotGranted: "promotion",
    purchases.EndDateNotPossible: "end",
    purchases.AgreementMissing: "agree",
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The form as typed; `choice` is None where it could not be read. Errors stand at their field, others under ""."""

    tenant: str = ""
    plan: str = ""
    seats: str = "1"
    promotion: str = ""
    end: str = ""
    wish: str = ""
    request: str = ""
    word: str = ""
    agrees: bool = False
    contact: Mapping[str, str] = field(default_factory=dict)
    choice: buy_pricing.Choice | None = None
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def signatory(self) -> buy.Signatory | None:
        """Who accepts the agreement, if somebody does."""
        if not self.agrees:
            return None
        return buy.Signatory(**{name: self.contact.get(name, "") for name in SIGNATORY_FIELDS})

    @property
    def request_id(self) -> uuid.UUID | None:
        """The customer's request that this purchase answers."""
        return _uuid(self.request)

    def with_errors(self, found: Mapping[str, tuple[str, ...]]) -> "Typed":
        """The form with more messages at its fields."""
        return replace(self, errors={**self.errors, **found})


def untouched(
    page: browse_catalogue.Product,
    *,
    seats: int = 1,
    plan: str = "",
    tenant_id: uuid.UUID | None = None,
    request: str = "",
) -> Typed:
    """The form before anything was typed: the least seats, in the cheapest yearly plan with a price if there is one."""
    first = page.tenants[0].tenant_id if page.tenants else None
    priced = [row for row in page.plans if row.unit_minor is not None] or list(page.plans)
    usual = next((row for row in priced if (row.term, row.billing_plan) == ("P1Y", "monthly")), priced[0])
    known = {row.offer_key for row in page.plans}
    return _read(
        page,
        tenant=str(tenant_id or first or ""),
        plan=plan if plan in known else usual.offer_key,
        seats=str(max(seats, page.minimum)),
        request=request,
    )


def read(*, posted: QueryDict, page: browse_catalogue.Product) -> Typed:
    """The choice in the form, strictly read: unknown and repeated fields are refused, nothing is guessed (S16, S28)."""
    if set(posted) - FIELDS or any(len(posted.getlist(name)) > 1 for name in posted):
        return Typed(errors={"": (_("The form does not belong to this page. Load the page again."),)})
    contact = {name: requests.text(posted, name, longest=120).strip() for name in SIGNATORY_FIELDS}
    typed = _read(
        page,
        tenant=requests.text(posted, "tenant", longest=40),
        plan=requests.text(posted, "plan", longest=160),
        seats=requests.text(posted, "seats", longest=20),
        promotion=requests.text(posted, "promotion", longest=100).strip(),
        end=requests.text(posted, "end", longest=20),
        wish=requests.text(posted, "wish", longest=1000),
        request=requests.text(posted, "request", longest=40),
        word=requests.text(posted, "word", longest=300),
        agrees=posted.get("agree") == "yes",
        contact=contact,
    )
    return typed.with_errors(_contact_errors(contact)) if typed.agrees else typed


def _contact_errors(contact: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    missing: dict[str, tuple[str, ...]] = {
        name: (_("Write the name and the address of the person who accepts."),)
        for name in ("first_name", "last_name")
        if not contact[name]
    }
    if not EMAIL.fullmatch(contact["email"]):
        missing["email"] = (_("Write an e-mail address, for example ada@example.org."),)
    return missing


def _read(page: browse_catalogue.Product, **given: object) -> Typed:
    typed = Typed(**given)  # type: ignore[arg-type]
    errors: dict[str, tuple[str, ...]] = {}
    tenant_id = _uuid(typed.tenant)
    if tenant_id not in {tenant.tenant_id for tenant in page.tenants}:
        errors["tenant"] = (_("Choose the tenant that the licence is for."),)
    plan = next((row for row in page.plans if row.offer_key == typed.plan), None)
    if plan is None:
        errors["plan"] = (_("Choose one of the terms."),)
    seats = 0
    try:
        seats = quantities.parse_quantity(typed.seats)
    except quantities.BadQuantity as bad:
        errors["seats"] = (wording.quantity_refusal(bad.reason_code),)
    end_on = None
    if typed.end:
        term, _colon, day = typed.end.partition(":")
        end_on = _day(day)
        if end_on is None or plan is None or term != plan.term:
            errors["end"] = (_("This end belongs to another term. Choose one that is listed for the term you want."),)
    if errors or tenant_id is None or plan is None:
        return replace(typed, errors=errors)
    choice = buy_pricing.Choice(
        tenant_id=tenant_id,
        offer_key=plan.offer_key,
        seats=seats,
        promotion_id=typed.promotion,
        custom_end_on=end_on,
    )
    return replace(typed, choice=choice)


def refused(typed: Typed, found: Collection[purchases.Refusal]) -> Typed:
    """The form with the sentence of each refusal at its field."""
    placed: dict[str, tuple[str, ...]] = {}
    for each in found:
        place = PLACES.get(type(each), "")
        placed[place] = (*placed.get(place, ()), wording_buy.refusal(each))
    return typed.with_errors(placed)


@dataclass(frozen=True, kw_only=True)
class EndOption:
    """A choice for the end of the first term; `value` names the term that it belongs to."""

    value: str
    end_on: dt.date
    term: str
    is_month_end: bool
    names: tuple[str, ...]


def end_options(
    ends: Mapping[str, tuple[buy_facts.PossibleEnd, ...]], names: Mapping[str, str]
) -> tuple[EndOption, ...]:
    """The ends that the vendor allows, by term; `names` are those of subscriptions by the vendor's id."""
    return tuple(
        EndOption(
            value=f"{term}:{each.end_on.isoformat()}",
            end_on=each.end_on,
            term=term,
            is_month_end=each.is_month_end,
            names=tuple(sorted({names[key] for key in each.vendor_subscription_ids if key in names})),
        )
        for term, found in ends.items()
        for each in found
    )


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
