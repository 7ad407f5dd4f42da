"""Browser tests share one installation and one Chromium; each test has its own context, as a private window has."""

import os
import pathlib
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser import installation

ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
Window = Callable[..., Page]
HERE = pathlib.Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests run in one process, beside one installation."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the installation is."""
    with installation.running(tmp_path_factory.mktemp("demo")) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; it ends with the module, so that its event loop never runs beside another test's database."""
    named = os.environ.get("SEATWRIGHT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert named, "no Chromium: run './dev test', or set SEATWRIGHT_CHROMIUM to its path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=named, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Window]:
    """Opens a window in which somebody is signed in; what its console complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not re.search(r"status of 4\d\d", message.text):
            complaints.append(message.text)

    def open_window(
        login: str = "owner@kade-logistics.example", *, is_listened_to: bool = True, **settings: Any
    ) -> Page:
        context = browser.new_context(base_url=address, **{"viewport": {"width": 1360, "height": 900}, **settings})
        contexts.append(context)
        page = context.new_page()
        if is_listened_to:
            page.on("console", listen)
            page.on("pageerror", lambda error: complaints.append(str(error)))
        if login:
            sign_in(page, login)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


def sign_in(page: Page, login: str) -> None:
    """Sign in as a person does."""
    page.goto("/account/login/")
    page.get_by_label("Email").or_(page.get_by_label("E-Mail")).first.fill(login)
    page.locator("[name=password]").fill(installation.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/account/login/" not in url)
    page.wait_for_load_state()


def open_organisation(page: Page, name: str) -> None:
    """From home to the licences of an organisation."""
    page.goto("/")
    page.get_by_role("link", name=f"Licences of {name}").click()
    page.get_by_role("heading", name="Licences", exact=True).wait_for()
