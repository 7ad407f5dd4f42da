"""The vendor rules that ship with the product, each the first version of a row with its source; plain data.

A number that changes becomes a further version: by `changes.add_return_policy` or `changes.add_policy_figure` in an
installation, by a further entry here in the product.
"""

import datetime as dt
from typing import Any

from django.db import models

HOUR_S = 3600
DAY_S = 24 * HOUR_S

NCE_CANCELLATION = "Partner Center: NCE cancellation policy (2023-07-27)"
NCE_SCHEDULE = "Partner Center: Manage scheduled changes (2023-02-17)"
SOFTWARE = "Partner Center: NCE cancellation policy (2023-07-27), software"
ADOBE = "Adobe VIP Marketplace programme guide"
GOOGLE = "Google Workspace reseller help"
EXTENDED = "Partner Center: Extended service terms (2026)"
LIFECYCLE = "Partner Center: Subscription lifecycle states (2023-08-04)"
OURS = "Seatwright's own rule"

RETURN_POLICIES: list[dict[str, Any]] = [
    {
        "vendor_key": "microsoft",
        "offer_class": "licence",
        "valid_from_on": dt.date(2022, 3, 1),
        "return_rule": "window",
        "return_window_s": 168 * HOUR_S,
        "safety_margin_s": 600,
        "lock_before_renewal_s": 24 * HOUR_S,
        "source": NCE_CANCELLATION,
    },
    {
        "vendor_key": "microsoft",
        "offer_class": "software_subscription",
        "valid_from_on": dt.date(2022, 3, 1),
        "return_rule": "window",
        "return_window_s": 168 * HOUR_S,
        "safety_margin_s": 600,
        "takes_whole_line_only": True,
        "lock_before_renewal_s": 24 * HOUR_S,
        "source": SOFTWARE,
    },
    {
        "vendor_key": "microsoft",
        "offer_class": "software_perpetual",
        "valid_from_on": dt.date(2022, 3, 1),
        "return_rule": "window",
        "return_window_s": 30 * DAY_S,
        "safety_margin_s": 600,
        "takes_whole_line_only": True,
        "source": SOFTWARE,
    },
    {
        "vendor_key": "adobe",
        "offer_class": "vip_marketplace",
        "valid_from_on": dt.date(2022, 1, 1),
        "return_rule": "window",
        "return_window_s": 14 * DAY_S,
        "safety_margin_s": 600,
        "takes_whole_line_only": True,
        "lock_before_renewal_s": 3 * DAY_S,
        "source": ADOBE,
    },
    {
        "vendor_key": "google",
        "offer_class": "workspace_annual",
        "valid_from_on": dt.date(2022, 1, 1),
        "return_rule": "never",
        "source": GOOGLE,
    },
    {
        "vendor_key": "google",
        "offer_class": "workspace_flexible",
        "valid_from_on": dt.date(2022, 1, 1),
        "return_rule": "any_time",
        "source": GOOGLE,
    },
]

POLICY_FIGURES = [
    ("microsoft", "family:m365_business", "maximum_seats", 300, "seats", "2013-01-01", "Product terms, Business plans"),
    ("microsoft", "term:P1M", "surcharge", 2000, "basis_points", "2022-01-10", "NCE launch rule"),
    (
        "microsoft",
        "billing:annual_term_monthly",
        "surcharge",
        500,
        "basis_points",
        "2025-04-01",
        "Partner Center announcement, March 2025",
    ),
    ("microsoft", "extended_service_term", "surcharge", 300, "basis_points", "2026-05-04", "Extended service terms"),
    (
        "microsoft",
        "extended_service_term:no_monthly_term",
        "surcharge",
        2300,
        "basis_points",
        "2026-05-04",
        "Extended service terms",
    ),
    ("microsoft", "renewal", "processing_time", 24 * HOUR_S, "seconds", "2022-01-10", NCE_SCHEDULE),
    ("microsoft", "add_on:multi_geo", "minimum_share_of_base", 5, "percent", "2022-02-28", "New commerce add-ons"),
    (
        "microsoft",
        "term:P3Y:enterprise",
        "minimum_seats",
        100,
        "seats",
        "2025-06-01",
        "CSP Accelerate Partner FAQ (2025-08)",
    ),
    ("factro", "monthly_contract", "notice_period", 14, "days", "2022-01-01", "factro terms"),
    ("microsoft", "renewal", "alarm_1", 72 * HOUR_S, "seconds", "2022-01-10", OURS),
    ("microsoft", "renewal", "alarm_2", 25 * HOUR_S, "seconds", "2022-01-10", OURS),
    ("adobe", "renewal", "alarm_1", 5 * DAY_S, "seconds", "2022-01-01", OURS),
    ("adobe", "renewal", "alarm_2", 73 * HOUR_S, "seconds", "2022-01-01", OURS),
    ("adobe", "renewal", "processing_time", 24 * HOUR_S, "seconds", "2022-01-01", OURS),
    ("google", "renewal", "alarm_1", 72 * HOUR_S, "seconds", "2022-01-01", OURS),
    ("google", "renewal", "alarm_2", 25 * HOUR_S, "seconds", "2022-01-01", OURS),
    ("google", "renewal", "processing_time", 24 * HOUR_S, "seconds", "2022-01-01", OURS),
    ("microsoft", "after_term", "free_use", 30, "days", "2022-01-10", LIFECYCLE),
    ("microsoft", "after_term", "disabled", 90, "days", "2022-01-10", LIFECYCLE),
    ("seatwright", "renewal_sheet", "reminder_1", 30, "days", "2022-01-01", OURS),
    ("seatwright", "renewal_sheet", "reminder_2", 14, "days", "2022-01-01", OURS),
    ("seatwright", "renewal_sheet", "reminder_3", 7, "days", "2022-01-01", OURS),
    ("seatwright", "renewal_sheet", "reminder_4", 2, "days", "2022-01-01", OURS),
    ("seatwright", "renewal_sheet", "answer_before_lock", 3 * DAY_S, "seconds", "2022-01-01", OURS),
]

# A day as the number YYYYMMDD, which only tables from migration 0004 on take.
DATE_FIGURES = [
    ("microsoft", "extended_service_term", "bought_from", 20250401, "date", "2026-05-04", EXTENDED),
]


def add_missing(*, policies: type[models.Model], figures: type[models.Model], with_dates: bool = True) -> int:
    """Add the rules that these tables lack and return how many; takes the tables so that a migration can call it.

    Without `with_dates` the figures that are days are left out.
    """
    held = set(policies._default_manager.values_list("vendor_key", "offer_class", "version"))
    new_policies = [
        policies(version=1, **row) for row in RETURN_POLICIES if (row["vendor_key"], row["offer_class"], 1) not in held
    ]
    known = set(figures._default_manager.values_list("vendor_key", "subject", "figure", "version"))
    new_figures = [
        figures(
            version=1,
            vendor_key=vendor_key,
            subject=subject,
            figure=figure,
            amount=amount,
            unit=unit,
            valid_from_on=dt.date.fromisoformat(day),
            source=source,
        )
        for vendor_key, subject, figure, amount, unit, day, source in [
            *POLICY_FIGURES,
            *(DATE_FIGURES if with_dates else ()),
        ]
        if (vendor_key, subject, figure, 1) not in known
    ]
    policies._default_manager.bulk_create(new_policies)
    figures._default_manager.bulk_create(new_figures)
    return len(new_policies) + len(new_figures)
