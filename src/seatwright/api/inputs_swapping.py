"""What may be sent to swap people to another plan."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from seatwright.api.inputs import NO_CONTROLS, Body

PEOPLE_MOST = 1000


def _once_each(keys: Sequence[str]) -> Sequence[str]:
    if len(set(keys)) < len(keys):
        raise PydanticCustomError("named_twice", "Name each person once.")
    return keys


Key = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_CONTROLS)]


class SwapWish(Body):
    """Who changes to which plan, and how; `people` are `key`s of the subscription's swap."""

    to: Annotated[
        str, Field(min_length=3, max_length=80, pattern=NO_CONTROLS, description="`product_id:vendor_sku_id`")
    ]
    way: Annotated[
        str,
        Field(max_length=60, pattern=NO_CONTROLS, description="One of the plan's `ways`; empty for the first one."),
    ] = ""
    people: Annotated[list[Key], Field(max_length=PEOPLE_MOST), AfterValidator(_once_each)] = []
    everybody: Annotated[bool, Field(strict=True, description="All who hold the plan, instead of `people`.")] = False
    whole: Annotated[
        bool, Field(strict=True, description="Let the vendor convert the whole subscription, unused seats too.")
    ] = False
