"""Simulated worlds bring their own databases; the runner's own is where they copy the tables from."""

import os
from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

collect_ignore = [] if os.environ.get("SEATWRIGHT_TEST_SIZE") == "nightly" else ["test_nightly.py"]


@pytest.fixture
def unblocked(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Worlds may use databases; the runner's is asked for by name, so that the second pass leaves these tests out."""
    request.getfixturevalue("django_db_setup")
    with django_db_blocker.unblock():
        yield
