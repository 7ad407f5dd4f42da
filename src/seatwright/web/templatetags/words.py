"""Filters and tags that turn stored codes and exact figures into words."""

import datetime as dt
from collections.abc import Mapping

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from seatwright.web import formats, wording, wording_swap, wording_vendor

register = template.Library()


@register.simple_tag
def rate(text: str, currency: str) -> SafeString:
    """A price for one seat with every decimal that it really has."""
    return format_html(
        '<data class="money" value="{} {}">{}</data>', text, currency, formats.rate(text=text, currency=currency)
    )


@register.simple_tag
def term(code: str, plan: str) -> SafeString:
    """Term and billing plan in words, with the vendor's codes below (R053)."""
    return format_html(
        '{}, {} <span class="sub">{} · {}</span>',
        wording.named(wording.TERMS, code),
        wording.named(wording.PLANS, plan),
        code,
        plan,
    )


@register.simple_tag
def days(start_on: dt.date, end_on: dt.date) -> SafeString:
    """A half-open span of days as people say it, with its last day."""
    last_on = end_on - dt.timedelta(days=1)
    return format_html(
        '<time datetime="{}">{}</time> – <time datetime="{}">{}</time>',
        start_on.isoformat(),
        formats.day(value=start_on),
        last_on.isoformat(),
        formats.day(value=last_on),
    )


@register.simple_tag
def bar(used: int, total: int) -> SafeString:
    """How much of a pool is in use, as a drawing for the eye; the numbers stand beside it."""
    percent = 100 if total <= 0 else max(0, min(100, round(100 * used / total)))
    return format_html(
        '<svg class="bar{}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="bar-all" width="100" height="6"/><rect class="bar-used" width="{}" height="6"/></svg>',
        " bar-over" if used > total else "",
        percent,
    )


@register.filter
def per_cycle(plan: str) -> str:
    """The charge cycle of a billing plan: per month, per year."""
    return wording.named(wording.PER_CYCLE, plan)


@register.filter
def entry_kind(code: str) -> str:
    """The kind of a seat ledger entry."""
    return wording.named(wording.ENTRY_KINDS, code)


@register.filter
def event_name(code: str) -> str:
    """An audit action in words."""
    return wording.named(wording.EVENTS, code)


@register.filter
def parked_reason(code: str) -> str:
    """Why an operation waits for a person."""
    return str(wording_vendor.words(code) or wording.named(wording.PARKED, code))


@register.filter
def line_refusal(code: str) -> str:
    """Why a booked line was not carried out."""
    return wording_swap.line_refusal(code)


@register.filter
def vendor(key: str) -> str:
    """The vendor's name."""
    return wording.VENDORS.get(key, key)


@register.filter
def duration(seconds: float) -> str:
    """A measured time in words."""
    return wording.duration(seconds)


@register.filter
def signed(value: int) -> str:
    """A difference with its sign, minus being a true minus."""
    text = formats.number(value=abs(value))
    return f"+{text}" if value > 0 else f"−{text}" if value < 0 else text


@register.filter
def percent(basis_points: int) -> str:
    """A tax rate such as 21 %."""
    return formats.percent(basis_points=basis_points)


@register.filter
def get(names: Mapping[object, str], key: object) -> str:
    """The name under that key, or nothing."""
    return names.get(key, "")
