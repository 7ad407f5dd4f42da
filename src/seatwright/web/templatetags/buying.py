"""Filters for the pages about buying: shares, plans and last days in words."""

import datetime as dt
from decimal import Decimal

from django import template

from seatwright.web import formats, wording, wording_buy

register = template.Library()


@register.filter
def share(text: str) -> str:
    """A share such as "0.05" in percent."""
    return formats.percent(basis_points=int(Decimal(text) * 10_000))


@register.filter
def term_words(code: str) -> str:
    """A commitment term in words."""
    return wording.named(wording.TERMS, code)


@register.filter
def plan(term: str, billing_plan: str) -> str:
    """A term and billing plan in words."""
    return wording_buy.plan_words(term, billing_plan)


@register.filter
def last_day(end_on: dt.date) -> str:
    """The last day before a half-open end."""
    return formats.day(value=end_on - dt.timedelta(days=1))


@register.filter
def offer_plan(offer_key: str) -> str:
    """Term and billing plan of an offer in words."""
    parts = offer_key.split(":")
    return wording_buy.plan_words(parts[4], parts[5])


@register.filter
def offer_product(offer_key: str) -> str:
    """The product that an offer sells, as in its page's address."""
    return ":".join(offer_key.split(":")[1:3])
