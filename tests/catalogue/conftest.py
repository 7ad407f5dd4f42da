"""A reseller to own prices, and the day on which the tests of this folder happen."""

import datetime as dt
import uuid

import pytest

from seatwright.access import actors
from seatwright.customers import changes as customers

AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
ON = AT.date()
OPERATOR = actors.operator(label="a test")


@pytest.fixture
def reseller_id(db: None) -> uuid.UUID:
    return customers.create_reseller(
        name="Harbour Cloud", country="BE", time_zone="Europe/Brussels", currency="EUR", support_contact="", at=AT
    )
