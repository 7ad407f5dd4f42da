"""The frame in a real browser: the palette, the theme, the language, and the page of components."""

import re

from playwright.sync_api import expect

from tests.browser import conftest


def test_the_palette_opens_by_key_is_steered_by_arrows_and_says_what_it_found(window: conftest.Window) -> None:
    page = window("staff@noordkaap.example")
    page.keyboard.press("Control+k")
    search = page.get_by_role("combobox", name="Search pages and customers")
    expect(search).to_be_focused()
    search.fill("kade")
    expect(page.get_by_role("option")).to_have_count(6)
    expect(page.locator("[data-palette-status]")).to_have_text("6 results")
    page.keyboard.press("ArrowDown")
    second = page.get_by_role("option").nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    assert search.get_attribute("aria-activedescendant") == second.get_attribute("id")
    search.fill("nothing like this")
    expect(page.locator("[data-palette-status]")).to_contain_text("Nothing found")
    page.keyboard.press("Escape")
    expect(search).to_be_hidden()


def test_the_palette_finds_a_customer_by_its_domain_and_goes_there(window: conftest.Window) -> None:
    page = window("staff@noordkaap.example")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("morgenrot.example")
    expect(page.get_by_role("option").first).to_contain_text("Morgenrot")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You are working for")).to_be_visible()


def test_the_chosen_theme_holds_on_the_next_page(window: conftest.Window) -> None:
    page = window(color_scheme="light")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto("/account/sessions/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_a_person_who_chose_german_is_spoken_to_in_german(window: conftest.Window) -> None:
    page = window("owner@morgenrot.example")
    expect(page.get_by_role("heading", name="Ihre Organisationen")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Lizenzen von")).click()
    expect(page.get_by_role("columnheader", name="Laufzeit und Abrechnung")).to_be_visible()
    expect(page.locator("time[data-ago]").first).to_have_text(re.compile(r"^(vor|jetzt|in) ?"))


def test_a_dialog_keeps_the_focus_and_gives_it_back(window: conftest.Window) -> None:
    page = window("staff@noordkaap.example")
    page.goto("/components")
    opener = page.get_by_role("button", name="Open the dialog")
    opener.click()
    dialog = page.get_by_role("dialog", name="Dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_menus_close_on_escape_and_on_a_click_elsewhere(window: conftest.Window) -> None:
    page = window()
    account = page.locator("details.menu > summary")
    account.click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(account).to_be_focused()
    account.click()
    page.locator("h1").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
