"""One world for all probes of a process, in a transaction that is never committed."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from seatwright.operations import clock
from tests.isolation import world as worlds

UNLIMITED = {"ACCOUNT_REAUTHENTICATION_TIMEOUT": 86_400, "API_REQUESTS_PER_MINUTE": 10**9, "ACCOUNT_RATE_LIMITS": False}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[worlds.World]:
    """The world on 17 March 2026, with limits of rate and of fresh proof lifted, since probes are many."""
    with django_db_blocker.unblock(), override_settings(**UNLIMITED), pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: worlds.NOW)
        cache.clear()
        atomic = transaction.atomic()
        atomic._from_testcase = True  # as in django.test.TestCase: workflows may open their outermost transactions
        with atomic:
            yield worlds.build()
            transaction.set_rollback(True)
