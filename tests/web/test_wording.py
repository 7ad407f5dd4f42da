"""Sentences and figures as people read them, in both languages."""

import datetime as dt
import decimal
import itertools
import re
import typing

import pytest
from django.utils import translation

from seatwright.rules import conflicts, money, refusals, renewals, terms, timeline
from seatwright.web import formats, wording
from seatwright.web.templatetags import components, words

UNTIL = dt.datetime(2026, 11, 24, 13, 3, tzinfo=dt.UTC)
SAMPLES: dict[type, typing.Any] = {
    refusals.NotAChange: refusals.NotAChange(),
    refusals.NamedTwice: refusals.NamedTwice(),
    refusals.OtherCurrency: refusals.OtherCurrency("USD", "EUR"),
    refusals.NotChangeable: refusals.NotChangeable("suspended"),
    refusals.NotSelfService: refusals.NotSelfService(),
    refusals.CycleNotCurrent: refusals.CycleNotCurrent(dt.date(2026, 11, 24)),
    refusals.BelowAssigned: refusals.BelowAssigned(3, ("Ada", "Bo")),
    refusals.BelowMinimum: refusals.BelowMinimum(2),
    refusals.AboveMaximum: refusals.AboveMaximum(300),
    refusals.AboveFamilyMaximum: refusals.AboveFamilyMaximum("business", 300, 304),
    refusals.PackageNeedsOne: refusals.PackageNeedsOne(1, 0),
    refusals.NotReturnable: refusals.NotReturnable(7, 2, UNTIL, dt.date(2027, 2, 28)),
    refusals.StepSize: refusals.StepSize(5, 10, 15),
}


START, END = dt.date(2027, 2, 28), dt.date(2028, 2, 29)
CONFLICTS: dict[type, typing.Any] = {
    conflicts.StillAssigned: conflicts.StillAssigned(9, 7),
    conflicts.FamilyFull: conflicts.FamilyFull("business", 300, 290),
    conflicts.NotReachable: conflicts.NotReachable("offer"),
    conflicts.NotOnSale: conflicts.NotOnSale("offer"),
    conflicts.PlanNotOffered: conflicts.PlanNotOffered(
        terms.Term.P1Y, terms.BillingPlan.TRIENNIAL, (terms.BillingPlan.MONTHLY, terms.BillingPlan.ANNUAL)
    ),
    conflicts.EndDateNotAllowed: conflicts.EndDateNotAllowed(END, (START,)),
    conflicts.EndingNotOffered: conflicts.EndingNotOffered(renewals.Ending.EXTENDED),
    conflicts.Contradicts: conflicts.Contradicts(renewals.Ending.CANCEL),
    conflicts.AfterTheEnd: conflicts.AfterTheEnd(renewals.Ending.CANCEL, START),
    conflicts.NotARenewal: conflicts.NotARenewal(START, END),
    conflicts.PromotionMismatch: conflicts.PromotionMismatch("promotion"),
    conflicts.Locked: conflicts.Locked(UNTIL),
} | {kind: SAMPLES[kind] for kind in (refusals.BelowMinimum, refusals.AboveMaximum, refusals.StepSize)}


def said(found: refusals.Refusal, language: str = "en") -> str:
    with translation.override(language):
        return wording.refusal(found, seats_before=7, zone="Europe/Brussels")


def test_every_refusal_has_its_sentence_in_every_language() -> None:
    assert set(SAMPLES) == set(typing.get_args(refusals.Refusal))
    for found in SAMPLES.values():
        english, german = said(found), said(found, "de")
        assert english.endswith(".")
        assert german.endswith(".")
        assert english != german
        assert "%(" not in english + german


def against(reason: conflicts.Reason, language: str = "en") -> str:
    with translation.override(language):
        return wording.conflict(reason, zone="Europe/Brussels")


def test_everything_against_a_renewal_has_its_sentence_in_every_language() -> None:
    assert set(CONFLICTS) == set(typing.get_args(conflicts.Reason))
    bare = (
        conflicts.PlanNotOffered(terms.Term.P3Y, terms.BillingPlan.MONTHLY, ()),
        conflicts.EndDateNotAllowed(END, ()),
    )
    for reason in (*CONFLICTS.values(), *bare):
        english, german = against(reason), against(reason, "de")
        assert english.endswith(".")
        assert german.endswith(".")
        assert english != german
        assert "%(" not in english + german


def test_what_speaks_against_a_renewal_says_what_is_possible_instead() -> None:
    assert against(CONFLICTS[conflicts.PlanNotOffered]) == (
        "This licence is not sold like that. With this term it is: billed monthly, billed yearly."
    )
    assert against(CONFLICTS[conflicts.Locked]) == (
        "The renewal has been fixed since Tue 24 Nov 2026, 14:03 CET (13:03 UTC), because the vendor may be working on "
        "it. After the renewal you can change the licence again."
    )


@pytest.mark.parametrize(
    ("dimension", "value", "text"),
    [
        (timeline.Dimension.QUANTITY, timeline.SeatsTotal(1), "1 seat in all"),
        (timeline.Dimension.QUANTITY, timeline.SeatsBy(-2), "2 seats fewer"),
        (timeline.Dimension.QUANTITY, timeline.SeatsBy(1), "1 seat more"),
        (timeline.Dimension.TERM, terms.Term.P3Y, "3 years"),
        (timeline.Dimension.BILLING_PLAN, terms.BillingPlan.ANNUAL, "billed yearly"),
        (timeline.Dimension.END_DATE, dt.date(2027, 7, 1), "the next term ends on 30 Jun 2027"),
        (timeline.Dimension.ENDING, renewals.Ending.CANCEL, "ends with its term"),
        (timeline.Dimension.ENDING, renewals.Ending.RENEW, "goes on after its term"),
        (timeline.Dimension.OFFER, "key", "Business Premium"),
    ],
)
def test_a_wish_reads_as_it_was_made(dimension: timeline.Dimension, value: timeline.Value, text: str) -> None:
    with translation.override("en"):
        assert wording.wish(dimension, value, names={"key": "Business Premium"}) == text


def test_a_closed_window_is_told_with_the_next_possible_date() -> None:
    assert said(SAMPLES[refusals.NotReturnable]) == (
        "Only 2 of 7 seats can be returned now, until Tue 24 Nov 2026, 14:03 CET (13:03 UTC). "
        "The other 5 can end with the term on 28 Feb 2027."
    )
    assert said(SAMPLES[refusals.NotReturnable], "de") == (
        "Nur 2 von 7 Plätzen können jetzt zurückgegeben werden, bis Di., 24. Nov. 2026, 14:03 MEZ (13:03 UTC). "
        "Die anderen 5 können mit der Laufzeit am 28.02.2027 enden."
    )


def test_one_and_many_are_told_apart() -> None:
    assert said(refusals.BelowAssigned(1, ())).startswith("1 person uses a seat")
    assert said(refusals.BelowAssigned(2, ())).startswith("2 people use seats")
    closed = refusals.NotReturnable(1, 0, None, dt.date(2027, 2, 28))
    assert said(closed).startswith("This 1 seat cannot be returned now")
    assert said(closed, "de").startswith("Dieser 1 Platz kann jetzt nicht")


def test_of_many_holders_five_are_named_and_the_others_counted() -> None:
    text = said(refusals.BelowAssigned(20, tuple(f"P{number}" for number in range(1, 21))))
    assert text.endswith("Held by: P1, P2, P3, P4, P5 and 15 more.")


@pytest.mark.parametrize(
    ("minor", "currency", "english", "german"),
    [
        (1210, "EUR", "€12.10", "12,10 €"),
        (-1210, "EUR", "-€12.10", "-12,10 €"),
        (123456789, "EUR", "€1,234,567.89", "1.234.567,89 €"),
        (0, "EUR", "€0.00", "0,00 €"),
        (1210, "JPY", "JP¥1,210", "1.210 ¥"),
        (1210, "KWD", "KWD 1.210", "1,210 KWD"),
        (9007199254740993, "EUR", "€90,071,992,547,409.93", "90.071.992.547.409,93 €"),
    ],
)
def test_money_is_written_as_the_language_writes_it_and_exact(
    minor: int, currency: str, english: str, german: str
) -> None:
    for language, expected in (("en", english), ("de", german)):
        with translation.override(language):
            assert formats.money(minor=minor, currency=currency).replace("\xa0", " ") == expected


def digits(text: str) -> int:
    """The number that a reader sees, without its sign for the currency and the marks between its digits."""
    return int("".join(each for each in text if each.isdecimal() or each == "-"))


def test_every_currency_is_written_to_the_minor_unit_by_which_the_books_count() -> None:
    currencies = sorted(money._EXPONENTS)
    assert {"EUR", "RSD", "IQD", "LBP", "CLF"} < set(currencies)
    for currency, language in itertools.product(currencies, ("en", "de")):
        places = money.exponent(currency)
        for minor in (0, 4326, -1234567):
            with translation.override(language):
                shown = formats.money(minor=minor, currency=currency)
                plain = formats.plain_money(minor=minor, currency=currency)
            mark = "." if language == "en" else ","
            decimals = re.search(rf"{re.escape(mark)}(\d+)(?=\D*$)", shown) if places else None
            assert (digits(shown), len(decimals.group(1)) if decimals else 0) == (minor, places), shown
            assert decimal.Decimal(plain.split()[0]).scaleb(places) == minor


def test_a_price_for_a_seat_has_at_least_the_digits_of_its_currency() -> None:
    with translation.override("en"):
        assert formats.rate(text="43.26", currency="RSD").replace("\xa0", " ") == "RSD 43.26"
        assert formats.rate(text="1.5", currency="IQD").replace("\xa0", " ") == "IQD 1.500"
        assert formats.rate(text="1210", currency="JPY") == "JP¥1,210"
        assert formats.rate(text="1210.125", currency="JPY") == "JP¥1,210.125"


def test_a_price_for_a_seat_keeps_every_decimal_that_it_has() -> None:
    with translation.override("en"):
        assert formats.rate(text="5.6", currency="EUR") == "€5.60"
        assert formats.rate(text="0.416667", currency="EUR") == "€0.416667"


def test_an_instant_is_told_in_two_clocks_and_in_one_where_they_agree() -> None:
    with translation.override("en"):
        summer = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)
        assert formats.instant(value=summer, zone_name="Europe/Brussels") == (
            "Thu 2 Jul 2026, 00:30 CEST",
            "Wed 1 Jul 2026, 22:30 UTC",
        )
        assert formats.instant(value=summer, zone_name="UTC")[1] == ""
        assert formats.instant(value=summer, zone_name="Not/AZone")[1] == ""


def test_the_hour_that_comes_twice_is_told_apart_by_its_zone() -> None:
    with translation.override("en"):
        first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
        texts = [
            formats.instant(value=first + dt.timedelta(hours=hours), zone_name="Europe/Brussels")[0] for hours in (0, 1)
        ]
        assert texts == ["Sun 25 Oct 2026, 02:30 CEST", "Sun 25 Oct 2026, 02:30 CET"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 second"), (4, "4 seconds"), (89.5, "90 seconds"), (90, "2 minutes"), (1080, "18 minutes")],
)
def test_measured_times_are_rounded_up(seconds: float, text: str) -> None:
    expected = "2 minutes" if seconds == 89.5 else text
    with translation.override("en"):
        assert wording.duration(seconds) == expected


def test_amounts_and_instants_are_readable_by_machines_too() -> None:
    assert 'value="12.10 EUR"' in components.money(1210, "EUR")
    assert 'value="1210 JPY"' in components.money(1210, "JPY")
    assert components.status("never heard of").count("never heard of") == 1
    assert "&lt;b&gt;" in components.status("<b>")
    assert words.signed(3) == "+3"
    assert words.signed(-3) == "−3"
