"""Journeys 2, 3, 4 and 7 in a real browser: planning a renewal, buying, swapping people, answering a renewal sheet."""

import re

from playwright.sync_api import Page, expect

from tests.browser import conftest
from tests.browser.test_change_seats import RESULTS, confirm

PHONE = {"width": 390, "height": 844}


def open_licence(page: Page, organisation: str, licence: str) -> None:
    conftest.open_organisation(page, organisation)
    page.get_by_role("rowheader").get_by_role("link", name=licence, exact=True).click()
    page.get_by_role("heading", name=licence, exact=True).wait_for()


def keep_picture(page: Page, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / f"{name}.png", full_page=True)


def fits(page: Page) -> bool:
    """Whether nothing of the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_fewer_seats_are_planned_for_the_renewal_and_the_plan_is_taken_back(window: conftest.Window) -> None:
    page = window()
    open_licence(page, "Kade Studio", "Power BI Pro")
    plan, timeline = page.locator("#renewal"), page.locator("#timeline")
    seats = plan.get_by_role("textbox", name="Seats from then on")
    held = int(seats.input_value())
    seats.fill(str(held - 1))
    expect(plan).to_contain_text("-€")
    plan.get_by_role("button", name="Plan the renewal").click()
    confirm(page)
    fewer = re.compile(rf"This licence renews with {held - 1} seats?\.")
    expect(timeline).to_contain_text(fewer)
    expect(timeline).to_contain_text("stored at the vendor", timeout=60000)
    keep_picture(page, "renewal")
    timeline.get_by_role("button", name=re.compile("Take back: ")).click()
    confirm(page)
    expect(timeline).to_contain_text(f"This licence renews with {held} seats.")


def test_a_licence_is_bought_on_a_phone_with_the_agreement_accepted_on_the_way(window: conftest.Window) -> None:
    page = window(viewport=PHONE)
    page.goto("/")
    page.get_by_role("link", name="Licences of Kade Studio").click()
    page.goto(page.url.replace("/licences", "/catalogue"))
    assert fits(page)
    page.get_by_role("searchbox").first.fill("EXCHANGESTANDARD")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Exchange Online (Plan 1)").first.click()
    page.get_by_role("textbox", name="Seats").fill("2")
    for label, value in (("First name", "Ada"), ("Last name", "Kade"), ("E-mail", "ada@kade-studio.example")):
        page.get_by_role("textbox", name=label).fill(value)
    page.get_by_role("checkbox", name="This person has read and accepts the agreement.").check()
    expect(page.locator("#purchase_price")).to_contain_text(re.compile(r"2\s+seats"))
    assert fits(page)
    keep_picture(page, "product-phone")
    page.get_by_role("button", name="Review").click()
    shown = page.locator(".sums-main data").first.inner_text()
    page.get_by_role("button", name="Order with obligation to pay").click()
    confirm(page)
    expect(page.get_by_text("Everything is as ordered.")).to_be_visible(timeout=90000)
    assert page.locator(".sums-main data").first.inner_text() == shown
    assert fits(page)


def test_two_people_are_swapped_to_a_larger_plan(window: conftest.Window) -> None:
    page = window()
    open_licence(page, "Kade Logistics", "Microsoft 365 Business Basic")
    page.get_by_role("link", name="Swap people").click()
    page.get_by_role("link", name="Microsoft 365 Business Premium", exact=True).click()
    people = page.locator("input[name=person]")
    people.nth(0).check()
    people.nth(1).check()
    expect(page.get_by_text("This cannot be undone")).to_be_visible()
    expect(page.get_by_text("People gain")).to_be_visible()
    keep_picture(page, "swap")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Order with obligation to pay").click()
    confirm(page)
    expect(page.get_by_text("2 of 2 people moved")).to_be_visible(timeout=120000)
    expect(page.get_by_text("Everything is as ordered.")).to_be_visible(timeout=60000)
    keep_picture(page, "swap-order")


def test_staff_ask_about_a_renewal_and_the_owner_decides_with_a_record_to_keep(window: conftest.Window) -> None:
    staff = window("staff@noordkaap.example")
    staff.goto("/staff/customers?q=kade-studio")
    staff.get_by_role("link", name="Open Kade Studio").click()
    staff.goto(staff.url.replace("/licences", "/renewal-sheets/new"))
    for other in staff.locator("input[name=ask]").all():
        other.uncheck()
    staff.get_by_role("checkbox", name=re.compile("Microsoft 365 Business Premium")).check()
    staff.get_by_role("button", name="Make the draft").click()
    staff.get_by_role("button", name="Send to the contract owners").click()
    expect(staff.get_by_text("waits for an answer")).to_be_visible()
    address = staff.url

    page = window()
    expect(page.get_by_role("link", name="Renewal sheet").first).to_be_visible()
    page.goto(address)
    page.get_by_role("radio", name=re.compile("Keep as it is")).check()
    keep_picture(page, "renewal-sheet")
    page.get_by_role("button", name="Decide as chosen").click()
    confirm(page)
    expect(page.get_by_text("Keep as it is, with")).to_be_visible()
    record = page.get_by_role("link", name="Record of who decided (PDF)")
    for _ in range(30):
        if record.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    answer = page.request.get(str(record.get_attribute("href")))
    assert (answer.headers["content-type"], answer.body()[:5]) == ("application/pdf", b"%PDF-")
