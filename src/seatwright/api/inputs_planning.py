"""What may be sent to plan a renewal, to change a state or a term, and to look ahead."""

import datetime as dt
from typing import Annotated, Literal

from ninja import Query
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from seatwright.api.inputs import NO_CONTROLS, Body
from seatwright.rules import quantities


def _day(text: str) -> str:
    try:
        if text and dt.date.fromisoformat(text).isoformat() != text:
            raise ValueError(text)
    except ValueError:
        raise PydanticCustomError("wrong_form", "Write the day as YYYY-MM-DD.") from None
    return text


MOST = quantities.MAX_QUANTITY
Reason = Annotated[
    str, Field(max_length=300, pattern=NO_CONTROLS, description="On whose word; needed of a reseller's staff.")
]
Day = Annotated[str, AfterValidator(_day), Field(max_length=10)]
On = Annotated[
    str,
    Query(
        max_length=10,
        pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$",
        description="The day that is looked at, YYYY-MM-DD; three months ahead without one.",
    ),
]


class RenewalWish(Body):
    """What is wished for the renewal; a member that is left out, null or empty stays as it was wished before."""

    seats: Annotated[int, Field(strict=True, ge=-MOST, le=MOST)] | None = None
    seats_are: Annotated[
        Literal["total", "difference"], Field(description="Whether `seats` is the total, or more or fewer than before.")
    ] = "total"
    ending: Annotated[
        Literal["", "renew", "cancel", "extended"],
        Field(description="What the end of the term brings; all but `renew` take every other wish back."),
    ] = ""
    to_offer_key: Annotated[str, Field(max_length=160, pattern=NO_CONTROLS, description="The offer to renew with.")] = (
        ""
    )
    term: Literal["", "P1M", "P1Y", "P3Y"] = ""
    billing_plan: Literal["", "monthly", "annual", "triennial"] = ""
    ends_on: Annotated[Day, Field(description="The first day after a co-terminous next term.")] = ""


class WishRevoked(Body):
    """Which wish is taken back."""

    dimension: Literal["all", "quantity", "offer", "term", "billing_plan", "end_date", "ending"]


class StatusWish(Body):
    """What is to become of a subscription now."""

    action: Literal["suspend", "resume", "end"]


class StatusChange(StatusWish):
    """A change of state as it was previewed; ending needs the `fingerprint` of its preview."""

    fingerprint: Annotated[str, Field(max_length=200, pattern=NO_CONTROLS)] = ""
    on_behalf_reason: Reason = ""


class TermWish(Body):
    """The term and billing plan to begin."""

    term: Literal["P1M", "P1Y", "P3Y"]
    billing_plan: Literal["monthly", "annual", "triennial"]
