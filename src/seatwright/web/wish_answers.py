"""The question whether a wish for the renewal follows a change of seats: how a page asks it and reads the answer."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seatwright.orders import calculation as frozen
from seatwright.web import formats
from seatwright.workflows import rebase_wishes

Way = rebase_wishes.Way
WAYS = (Way.FOLLOWS, Way.STAYS)


@dataclass(frozen=True, kw_only=True)
class Option:
    """One answer with what it leads to."""

    way: Way
    words: str
    result: frozen.WishResult
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question as the review page shows it; `error` says that it was not answered."""

    question: frozen.WishQuestion
    field: str
    name: str
    on_text: str
    options: tuple[Option, ...]
    error: str


def field_of(question: frozen.WishQuestion) -> str:
    """The name of the form's field with the answer."""
    return f"wish-{question.subscription_id}"


def read(*, posted: QueryDict, calculation: frozen.Calculation) -> dict[uuid.UUID, Way]:
    """The answers in the form by subscription; a question that was answered twice counts as not answered."""
    typed = {each.subscription_id: posted.getlist(field_of(each)) for each in calculation.questions}
    return {key: Way(values[0]) for key, values in typed.items() if len(values) == 1 and values[0] in WAYS}


def asked(*, calculation: frozen.Calculation, answers: Mapping[uuid.UUID, Way], is_refused: bool) -> tuple[Asked, ...]:
    """The questions of a quote with what was chosen so far; nothing is chosen beforehand."""
    names = {line.subscription_id: line.name for line in calculation.lines}
    return tuple(
        Asked(
            question=each,
            field=field_of(each),
            name=names[each.subscription_id],
            on_text=formats.day(value=each.effective_on),
            options=tuple(
                Option(
                    way=way,
                    words=result_words(question=each, way=way),
                    result=each.follows if way is Way.FOLLOWS else each.stays,
                    is_chosen=answers.get(each.subscription_id) is way,
                )
                for way in WAYS
            ),
            error=_("Choose one of the two.") if is_refused and each.subscription_id not in answers else "",
        )
        for each in calculation.questions
    )


def result_words(*, question: frozen.WishQuestion, way: Way) -> str:
    """What an answer leads to, in one clause."""
    if way is Way.FOLLOWS:
        words = ngettext(
            "It follows: %(n)s seat from then on", "It follows: %(n)s seats from then on", question.follows.seats
        )
        return words % {"n": formats.number(value=question.follows.seats)}
    if question.stays.seats == question.wished:
        words = ngettext(
            "It stays: %(n)s seat from then on", "It stays: %(n)s seats from then on", question.stays.seats
        )
    else:
        words = ngettext(
            "It is dropped: %(n)s seat from then on", "It is dropped: %(n)s seats from then on", question.stays.seats
        )
    return words % {"n": formats.number(value=question.stays.seats)}
