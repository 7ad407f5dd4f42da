"""Vendor rules are rows: another number is another version, never another program."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from seatwright.catalogue import changes, queries, vendor_rules
from seatwright.catalogue.models import ReturnPolicy

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 22)


def test_microsoft_takes_licences_back_for_168_hours() -> None:
    policy = queries.return_policy(vendor_key="microsoft", on=DAY)
    assert policy.return_window == dt.timedelta(hours=168)
    assert policy.lock_before_renewal == dt.timedelta(hours=24)
    assert policy.version == "microsoft/licence/v1"
    assert policy.source


def test_72_hours_from_a_day_on_need_no_code() -> None:
    changes.add_return_policy(
        vendor_key="microsoft",
        offer_class="licence",
        valid_from_on=dt.date(2027, 1, 1),
        return_window=dt.timedelta(hours=72),
        source="an announcement",
    )
    assert queries.return_policy(vendor_key="microsoft", on=dt.date(2026, 12, 31)).return_window == dt.timedelta(days=7)
    new = queries.return_policy(vendor_key="microsoft", on=dt.date(2027, 1, 1))
    assert (new.return_window, new.version) == (dt.timedelta(hours=72), "microsoft/licence/v2")


def test_any_time_and_never_are_different_answers() -> None:
    flexible = queries.return_policy(vendor_key="google", offer_class="workspace_flexible", on=DAY)
    annual = queries.return_policy(vendor_key="google", offer_class="workspace_annual", on=DAY)
    assert (flexible.return_window, flexible.is_any_time) == (None, True)
    assert (annual.return_window, annual.is_any_time) == (None, False)


@pytest.mark.parametrize(("vendor_key", "on"), [("nobody", DAY), ("microsoft", dt.date(2020, 1, 1))])
def test_a_missing_rule_is_an_error(vendor_key: str, on: dt.date) -> None:
    with pytest.raises(queries.PolicyMissing):
        queries.return_policy(vendor_key=vendor_key, on=on)


def test_the_business_family_is_capped_at_300_seats_until_a_row_says_otherwise() -> None:
    assert queries.family_cap(vendor_key="microsoft", family="m365_business", on=DAY) == 300
    assert queries.family_cap(vendor_key="microsoft", family="none", on=DAY) is None
    changes.add_policy_figure(
        vendor_key="microsoft",
        subject="family:m365_business",
        figure="maximum_seats",
        amount=500,
        unit="seats",
        valid_from_on=DAY,
        source="an announcement",
    )
    assert queries.family_cap(vendor_key="microsoft", family="m365_business", on=DAY) == 500
    assert queries.family_cap(vendor_key="microsoft", family="m365_business", on=dt.date(2026, 11, 21)) == 300


def test_surcharges_are_rows_with_a_first_day() -> None:
    figure = queries.policy_figure(
        vendor_key="microsoft", subject="billing:annual_term_monthly", name="surcharge", on=DAY
    )
    assert (figure.amount, figure.unit, figure.valid_from_on) == (500, "basis_points", dt.date(2025, 4, 1))


def test_alarms_and_processing_time_of_a_renewal_are_rows_and_a_new_version_counts_from_its_day() -> None:
    on = queries.RenewalRules(vendor_keys=["microsoft"]).on(DAY, vendor_key="microsoft")
    hours = [alarm / dt.timedelta(hours=1) for alarm in on.alarms_before_renewal]
    assert (hours, on.processing, on.version) == ([72, 25], dt.timedelta(hours=24), "microsoft/licence/v1+renewal/v1")
    changes.add_policy_figure(
        vendor_key="microsoft",
        subject="renewal",
        figure="alarm_2",
        amount=30 * 3600,
        unit="seconds",
        valid_from_on=dt.date(2027, 1, 1),
        source="an announcement",
    )
    rules = queries.RenewalRules(vendor_keys=["microsoft"])
    assert rules.on(DAY, vendor_key="microsoft").alarms_before_renewal[1] == dt.timedelta(hours=25)
    later = rules.on(dt.date(2027, 1, 1), vendor_key="microsoft")
    assert (later.alarms_before_renewal[1], later.version) == (
        dt.timedelta(hours=30),
        "microsoft/licence/v1+renewal/v2",
    )
    for vendor_key, day in (("nobody", DAY), ("microsoft", dt.date(2020, 1, 1)), ("microsoft", dt.date(2022, 1, 5))):
        with pytest.raises(queries.PolicyMissing):
            rules.on(day, vendor_key=vendor_key)


def test_terms_that_end_from_4_may_2026_go_on_as_extended_service_with_a_surcharge() -> None:
    before = queries.after_term(vendor_key="microsoft", on=dt.date(2026, 5, 3))
    assert (before.extended_from_on, before.bought_from_on, before.grace_days, before.disabled_days) == (
        None,
        None,
        30,
        90,
    )
    after = queries.after_term(vendor_key="microsoft", on=dt.date(2026, 5, 4))
    assert (after.extended_from_on, after.bought_from_on) == (dt.date(2026, 5, 4), dt.date(2025, 4, 1))
    assert (after.surcharge_basis_points, after.surcharge_without_monthly_basis_points) == (300, 2300)
    with pytest.raises(queries.PolicyMissing):
        queries.after_term(vendor_key="nobody", on=DAY)


def test_reminders_of_a_renewal_sheet_are_rows_and_one_of_no_days_is_none() -> None:
    rules = queries.sheet_rules(on=DAY)
    assert [before.days for before in rules.reminders_before] == [30, 14, 7, 2]
    assert rules.answer_before_lock == dt.timedelta(days=3)
    changes.add_policy_figure(
        vendor_key="seatwright",
        subject="renewal_sheet",
        figure="reminder_1",
        amount=0,
        unit="days",
        valid_from_on=DAY,
        source="the reseller",
    )
    assert [before.days for before in queries.sheet_rules(on=DAY).reminders_before] == [14, 7, 2]
    with pytest.raises(queries.PolicyMissing):
        queries.sheet_rules(on=dt.date(2020, 1, 1))


def test_every_rule_that_ships_is_there_once_and_restoring_adds_nothing() -> None:
    assert ReturnPolicy.objects.count() == len(vendor_rules.RETURN_POLICIES)
    assert changes.restore_vendor_rules() == 0


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"return_window_s": 600, "safety_margin_s": 600}, "return_policy_window_fits_rule"),
        ({"return_window_s": None}, "return_policy_window_fits_rule"),
        ({"source": ""}, "return_policy_has_source"),
    ],
)
def test_the_database_refuses_a_rule_that_makes_no_sense(fields: dict[str, object], constraint: str) -> None:
    (row,) = ReturnPolicy.objects.filter(vendor_key="microsoft", offer_class="licence").values()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ReturnPolicy.objects.create(**{**row, "id": None, "version": 9, **fields})
