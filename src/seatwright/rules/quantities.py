"""Numbers of seats as people type them: plain ASCII digits and nothing else."""

import enum
import re

MAX_QUANTITY = 1_000_000
MAX_DIGITS = 7
_DIGITS = re.compile(r"[0-9]+")


class BadQuantity(ValueError):
    """The text is no acceptable number of seats; `reason_code` says why: empty, not_digits, too_large or below_zero."""

    def __init__(self, reason_code: str) -> None:
        super().__init__(reason_code)
        self.reason_code = reason_code


class Direction(enum.StrEnum):
    """Whether a difference was typed as additional or as fewer seats (R047)."""

    MORE = "more"
    FEWER = "fewer"


def parse_quantity(text: str) -> int:
    """The number of seats written in `text`: one to seven ASCII digits, at most `MAX_QUANTITY`.

    Leading zeros are read as decimal ("007" is 7), since they are how spreadsheets pad numbers. Signs, spaces,
    separators, exponents and the digits of other scripts are refused rather than guessed. Raises `BadQuantity`.
    """
    if text == "":
        raise BadQuantity("empty")
    if not _DIGITS.fullmatch(text):
        raise BadQuantity("not_digits")
    if len(text) > MAX_DIGITS:
        raise BadQuantity("too_large")
    return _bounded(int(text))


def after_difference(*, quantity: int, direction: Direction, by: int) -> int:
    """The total after `by` more or fewer seats; raises `BadQuantity` below zero or above `MAX_QUANTITY`."""
    return _bounded(quantity + by if direction is Direction.MORE else quantity - by)


def _bounded(quantity: int) -> int:
    if quantity < 0:
        raise BadQuantity("below_zero")
    if quantity > MAX_QUANTITY:
        raise BadQuantity("too_large")
    return quantity
