"""Orders raced by real processes use the installations that the tests of operations use, on each database."""

from tests.operations.conftest import place, postgres_url

__all__ = ["place", "postgres_url"]
