"""Filters of the pages about swaps."""

from django import template

from seatwright.orders import swap_terms
from seatwright.web import wording_swap

register = template.Library()


@register.filter
def swap_way(way: swap_terms.Way) -> str:
    """How the new seats come about, in a sentence."""
    return str(wording_swap.WAYS[way])


@register.filter
def move_failure(code: str) -> str:
    """Why somebody was not moved, and what helps."""
    return wording_swap.person(code)


@register.filter
def swap_line_refusal(code: str) -> str:
    """Why a line of the order was not carried out."""
    return wording_swap.line_refusal(code)
