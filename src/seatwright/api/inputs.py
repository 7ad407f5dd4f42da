"""What may be sent: bodies with exactly these members, and numbers that are JSON integers and nothing like them."""

import re
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from ninja import Header, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from seatwright.rules import quantities

LINES_MOST = 100
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NO_CONTROLS = r"^[^\u0000-\u001f\u007f]*$"


def _canonical(value: Any) -> Any:
    """Only the usual form of a UUID; braces, URNs and bare digits are other spellings of the same id."""
    if isinstance(value, str) and not _UUID.fullmatch(value):
        raise PydanticCustomError("uuid_form", "Write the UUID as 8-4-4-4-12 hexadecimal digits.")
    return value


def plainly_true(value: Any) -> Any:
    """Only `true` itself, since 1 equals it in Python."""
    if value is not True:
        raise PydanticCustomError("not_agreed", "Must be true.")
    return value


Id = Annotated[uuid.UUID, BeforeValidator(_canonical)]
Seats = Annotated[int, Field(strict=True, ge=0, le=quantities.MAX_QUANTITY, description="The wished total of seats.")]


class Body(BaseModel):
    """A body; a member that is not listed is refused."""

    model_config = ConfigDict(extra="forbid")


class Quantity(Body):
    """The wished total of one subscription."""

    subscription_id: Id
    seats: Seats


def _once_each(lines: Sequence[Quantity]) -> Sequence[Quantity]:
    if len({line.subscription_id for line in lines}) < len(lines):
        raise PydanticCustomError("named_twice", "Name each subscription once.")
    return lines


class SeatWish(Body):
    """The wished totals of one booking; subscriptions not named stay as they are."""

    quantities: Annotated[list[Quantity], Field(min_length=1, max_length=LINES_MOST), AfterValidator(_once_each)]


class WishAnswer(Body):
    """Whether a wished total for the renewal follows the change of seats or stays as it is."""

    subscription_id: Id
    way: Literal["follows", "stays"]


def _answered_once(answers: Sequence[WishAnswer]) -> Sequence[WishAnswer]:
    if len({answer.subscription_id for answer in answers}) < len(answers):
        raise PydanticCustomError("named_twice", "Answer for each subscription once.")
    return answers


class Agreement(Body):
    """The words that bind: the customer pays what the quote says, and what is to become of wishes for renewals."""

    agrees_to_pay: Annotated[
        Literal[True],
        BeforeValidator(plainly_true),
        Field(description="Must be true: an order with obligation to pay."),
    ]
    on_behalf_reason: Annotated[
        str,
        Field(max_length=300, pattern=NO_CONTROLS, description="On whose word; needed of a reseller's staff."),
    ] = ""
    wishes: Annotated[
        list[WishAnswer],
        Field(max_length=LINES_MOST, description="One answer for each of the quote's questions."),
        AfterValidator(_answered_once),
    ] = []


class Settlement(Body):
    """A person's decision on a parked operation."""

    decision: Literal["look_again", "done", "not_done"]
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=NO_CONTROLS)]


Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=16,
        max_length=64,
        pattern="^[A-Za-z0-9_-]+$",
        description="The idempotency_key of the quote.",
    ),
]
After = Annotated[str, Query(max_length=2000, pattern=NO_CONTROLS, description="The `next` of the page before.")]
Text = Annotated[str, Query(max_length=80, pattern=NO_CONTROLS, description="Words that must all occur.")]
Flag = Annotated[Literal["true", "false"], Query()]
QUERY_NAMES = frozenset({"q", "after", "unlicensed", "on", "within", "savable"})
