"""Journey 1 in a real browser: with a mouse, with the keyboard alone, without scripts, and on a phone."""

import pathlib
import re

from playwright.sync_api import Page, expect

from tests.browser import conftest, installation

RESULTS = pathlib.Path(__file__).parents[2] / "test-results"


def row(page: Page, licence: str) -> str:
    """The id part of the licence's row."""
    link = page.get_by_role("rowheader").get_by_role("link", name=licence, exact=True)
    target = link.get_attribute("href")
    assert target is not None
    return target.rsplit("/", 1)[1]


def seats(page: Page, licence: str) -> int:
    """The seats that the table shows."""
    return int(page.locator(f"#row-{row(page, licence)} td").first.locator("strong").inner_text())


def confirm(page: Page) -> None:
    """Give the password when the portal asks for it."""
    if "/account/confirm/" in page.url:
        page.locator("[name=password]").fill(installation.PASSWORD)
        page.get_by_role("button", name="Confirm and continue").click()


def test_three_more_seats_from_the_tile_to_the_receipt(window: conftest.Window) -> None:
    page = window(viewport={"width": 1440, "height": 900})
    conftest.open_organisation(page, "Kade Logistics")
    key, before = row(page, "Microsoft 365 Business Basic"), seats(page, "Microsoft 365 Business Basic")
    page.get_by_role("button", name="Change seats of Microsoft 365 Business Basic").click()
    total = page.get_by_role("textbox", name="New total of Microsoft 365 Business Basic")
    expect(total).to_be_focused()
    for _ in range(3):
        page.get_by_role("button", name="One more: New total of Microsoft 365 Business Basic").click()
    expect(total).to_have_value(str(before + 3))
    price = page.get_by_role("region", name="Price of the change")
    expect(price).to_contain_text("Due now")
    shown = price.locator(".sums-main data").first.inner_text()
    assert re.fullmatch(r"€[\d,]+\.\d\d", shown)
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / "licences.png")

    page.get_by_role("button", name="Review and book").click()
    expect(page.get_by_role("heading", name="Review and book")).to_be_visible()
    assert page.locator(".review-side .sums-main data").first.inner_text() == shown
    page.get_by_role("button", name="Order with obligation to pay").click()
    confirm(page)

    expect(page.get_by_role("heading", name="Your order")).to_be_visible()
    expect(page.get_by_text("Everything is as ordered.")).to_be_visible(timeout=60000)
    assert page.locator("#progress").get_attribute("hx-get") is None
    assert page.locator(".sums-main data").first.inner_text() == shown
    expect(page.get_by_role("link", name=re.compile(r"Assign now \(\d+ free\)"))).to_be_visible()

    page.goto(f"/subscriptions/{key}")
    history = page.get_by_role("table", name="Change history")
    expect(history).to_contain_text("+3")
    expect(history.get_by_role("row").nth(1)).to_contain_text(str(before + 3))


def test_the_whole_journey_by_keyboard_alone(window: conftest.Window) -> None:
    page = window(login="")
    page.goto("/account/login/")
    page.keyboard.type("owner@kade-logistics.example")
    page.keyboard.press("Tab")
    page.keyboard.type(installation.PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Switch between light and dark").wait_for()

    page.keyboard.press("Control+k")
    page.keyboard.type("kade studio")
    expect(page.get_by_role("option", name="Kade Studio Licences")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Licences", exact=True).wait_for()

    tab_to(page, "Change seats of Microsoft 365 Business Premium")
    page.keyboard.press("Enter")
    total = page.get_by_role("textbox", name="New total of Microsoft 365 Business Premium")
    expect(total).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("region", name="Price of the change")).to_contain_text("Due now")
    tab_to(page, "Review and book")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Review and book").wait_for()
    tab_to(page, "Order with obligation to pay")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Confirm that it is you").wait_for()
    expect(page.locator("[name=password]")).to_be_focused()
    page.keyboard.type(installation.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your order")).to_be_visible()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of that name has the focus, and see that the focus can be seen all the way."""
    for _ in range(80):
        page.keyboard.press("Tab")
        label, has_outline = page.evaluate(
            """() => { const e = document.activeElement; const s = getComputedStyle(e);
                return [e.getAttribute("aria-label") || e.innerText || "", s.outlineStyle !== "none"]; }"""
        )
        assert has_outline, f"the focus on {label!r} cannot be seen"
        if label.strip() == name:
            return
    raise AssertionError(f"{name!r} is not reached by Tab")


def test_the_journey_works_without_scripts(window: conftest.Window) -> None:
    page = window(java_script_enabled=False)
    page.get_by_role("link", name="Change seats of Kade Studio").click()
    total = page.get_by_role("textbox", name="New total of Power BI Pro")
    total.fill(str(int(total.input_value()) + 1))
    page.get_by_role("button", name="Review and book").click()
    expect(page.get_by_role("heading", name="Review and book")).to_be_visible()
    page.get_by_role("button", name="Order with obligation to pay").click()
    confirm(page)
    expect(page.get_by_role("heading", name="Your order")).to_be_visible()
    expect(
        page.get_by_role("link", name="Look again").or_(page.get_by_text("Everything is as ordered."))
    ).to_be_visible()


def test_a_wrong_number_is_refused_at_its_field_while_it_is_typed(window: conftest.Window) -> None:
    page = window()
    conftest.open_organisation(page, "Kade Logistics")
    page.get_by_role("button", name="Change seats of Exchange Online (Plan 1)").click()
    total = page.get_by_role("textbox", name="New total of Exchange Online (Plan 1)")
    for typed, message in (("1e3", "digits only"), ("0", "sold from 1 seats")):
        total.fill(typed)
        expect(page.locator(f"#error-{row(page, 'Exchange Online (Plan 1)')}")).to_contain_text(message)
    total.fill("1e3")
    page.get_by_role("button", name="Review and book").click()
    expect(page.get_by_role("textbox", name="New total of Exchange Online (Plan 1)")).to_have_value("1e3")
    expect(page.get_by_text("Write the number in digits only").first).to_be_visible()


def test_more_or_fewer_moves_the_total_and_its_difference(window: conftest.Window) -> None:
    page = window()
    conftest.open_organisation(page, "Kade Logistics")
    page.get_by_role("link", name="Change several").click()
    total = page.get_by_role("textbox", name="New total of Microsoft 365 Business Standard")
    before = int(total.input_value())
    page.get_by_role("textbox", name="Difference for Microsoft 365 Business Standard").fill("2")
    expect(total).to_have_value(str(before + 2))
    editor = page.locator(f"#edit-{row(page, 'Microsoft 365 Business Standard')}")
    expect(editor.locator("[data-delta]")).to_have_text("+2")
    editor.get_by_label("fewer", exact=True).check()
    expect(total).to_have_value(str(before - 2))
    expect(page.get_by_role("region", name="Price of the change")).to_contain_text("Credited now")
    total.fill(str(before))
    expect(page.get_by_role("textbox", name="Difference for Microsoft 365 Business Standard")).to_have_value("")


def test_on_a_phone_the_menu_is_a_drawer_and_tables_are_cards(window: conftest.Window) -> None:
    page = window(viewport={"width": 390, "height": 844}, has_touch=True)
    page.get_by_role("link", name="Licences of Kade Logistics").click()
    page.get_by_role("heading", name="Licences", exact=True).wait_for()
    for path in ("/", page.url, page.url + "?edit=all", page.url.replace("licences", "people")):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    menu = page.get_by_role("complementary", name="Menu")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Open the menu").click()
    expect(menu).to_be_visible()
    expect(menu.get_by_role("link", name="Seatwright")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    assert page.locator(".table thead").evaluate("e => getComputedStyle(e).position") == "absolute"
