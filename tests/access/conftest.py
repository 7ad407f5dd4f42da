"""Tests of tables that everybody writes to use the world of the isolation probes, which has rows in all of them."""

from tests.isolation.conftest import world

__all__ = ["world"]
