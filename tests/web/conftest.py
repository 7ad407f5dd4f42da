"""The portal's tests share one scene and run at its instant."""

import pytest
from django.core.cache import cache
from django.test import Client

from seatwright.web import requests
from tests.web import scene as scenes


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Attempts counted by one test do not count in the next."""
    cache.clear()


@pytest.fixture
def scene(db: None, monkeypatch: pytest.MonkeyPatch) -> scenes.Scene:
    """One reseller with two customers, on 17 March 2026."""
    monkeypatch.setattr(requests, "now", lambda: scenes.NOW)
    return scenes.build()


@pytest.fixture
def owner(scene: scenes.Scene, client: Client) -> Client:
    """A browser in which the contract owner of `north` is signed in."""
    return scenes.sign_in(client, "north_owner")


@pytest.fixture
def staff(scene: scenes.Scene) -> Client:
    """A browser in which the reseller's administrator is signed in."""
    return scenes.sign_in(Client(), "staff")
