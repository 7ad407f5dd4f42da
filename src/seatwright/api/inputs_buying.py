"""What may be sent to buy something or to ask for it."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from seatwright.api.inputs import NO_CONTROLS, Body, Id, plainly_true
from seatwright.rules import quantities


def _day(text: str) -> str:
    try:
        if text and dt.date.fromisoformat(text).isoformat() != text:
            raise ValueError(text)
    except ValueError:
        raise PydanticCustomError("wrong_form", "Write the day as YYYY-MM-DD.") from None
    return text


OfferKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=160,
        pattern=NO_CONTROLS,
        description="The `offer_key` of one of the product's plans.",
    ),
]
Seats = Annotated[int, Field(strict=True, ge=1, le=quantities.MAX_QUANTITY, description="How many seats to buy.")]
Text = Annotated[str, Field(max_length=120, pattern=NO_CONTROLS)]
Reason = Annotated[
    str, Field(max_length=300, pattern=NO_CONTROLS, description="On whose word; needed of a reseller's staff.")
]


class Signatory(Body):
    """Who accepts the vendor's customer agreement; counts only while nobody has."""

    first_name: Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROLS)]
    last_name: Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROLS)]
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    phone: Annotated[str, Field(max_length=40, pattern=NO_CONTROLS)] = ""


class PurchaseWish(Body):
    """Seats of an offer for a tenant."""

    tenant_id: Id
    offer_key: OfferKey
    seats: Seats
    promotion: Annotated[Text, Field(description="The vendor's id of a promotion, or empty.")] = ""
    first_term_ends_on: Annotated[
        str,
        AfterValidator(_day),
        Field(max_length=10, description="The first day after a shortened first term, or empty for a whole one."),
    ] = ""
    signatory: Signatory | None = None
    on_behalf_reason: Reason = ""


class PurchaseAgreement(Body):
    """The words that bind: the customer pays what the quote says."""

    agrees_to_pay: Annotated[
        Literal[True],
        BeforeValidator(plainly_true),
        Field(description="Must be true: an order with obligation to pay."),
    ]
    on_behalf_reason: Reason = ""


class OfferWish(Body):
    """What the reseller is asked for."""

    tenant_id: Id
    offer_key: OfferKey
    seats: Seats
    words: Annotated[str, Field(max_length=1000, pattern=NO_CONTROLS)] = ""
