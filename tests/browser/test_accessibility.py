"""Every page, in light and dark and on a phone, has no serious or critical finding of axe (WCAG 2.2 AA)."""

from collections.abc import Callable, Iterable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from tests.browser import conftest

STAFF_PAGES = ("staff_customers", "staff_queue", "components", "staff_licences", "new_sheet", "staff_renewals")
ENTRANCE_PAGES = ("login", "reset")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # What passes is not told, so that axe need not describe every element of the page.
    "resultTypes": ["violations"],
}
SCHEMES = ("light", "dark")
WEAK_IN_THE_DARK = """<!doctype html><html lang="en"><head><title>Seats</title><style>
p { color: black; background: white } @media (prefers-color-scheme: dark) { p { color: #222; background: black } }
</style></head><body><main><h1>Seats</h1><p>Three more seats</p></main></body></html>"""


def go(page: Page, path: str) -> None:
    page.goto(path)


def follow(page: Page, link: Locator) -> None:
    """Go where the link leads; a click alone returns while the old page may still stand."""
    with page.expect_navigation():
        link.click()


def organisation(page: Page, suffix: str) -> None:
    conftest.open_organisation(page, "Kade Logistics")
    page.goto(page.url.replace("/licences", suffix))


def staff_licences(page: Page) -> None:
    page.goto("/staff/customers?q=kade-logistics")
    follow(page, page.get_by_role("link", name="Open Kade Logistics"))


def subscription(page: Page) -> None:
    conftest.open_organisation(page, "Kade Logistics")
    follow(page, page.get_by_role("rowheader").get_by_role("link", name="Microsoft 365 Copilot"))


def suspend(page: Page) -> None:
    subscription(page)
    follow(page, page.get_by_role("link", name="Suspend"))


def review(page: Page, licence: str = "Microsoft 365 Business Standard") -> None:
    organisation(page, "/licences?edit=all")
    total = page.get_by_role("textbox", name=f"New total of {licence}")
    total.fill(str(int(total.input_value()) + 1))
    page.get_by_role("button", name="Review and book").click()
    page.get_by_role("heading", name="Review and book").wait_for()


def of_licence(page: Page, link: str) -> None:
    subscription(page)
    follow(page, page.get_by_role("link", name=link).first)
    page.wait_for_load_state("networkidle")


def swap(page: Page) -> None:
    of_licence(page, "Swap people")
    follow(page, page.locator("a[href*='to=']").first)
    page.locator("input[name=person]").first.check()
    page.get_by_text("What it costs").wait_for()


def product(page: Page) -> None:
    organisation(page, "/catalogue?q=exchange")
    follow(page, page.get_by_role("link", name="Exchange Online (Plan 2)").first)
    page.get_by_text("What it costs").wait_for()


def sheet(page: Page) -> None:
    organisation(page, "/renewals")
    follow(page, page.locator("a[href^='/renewal-sheets/']").first)


def new_sheet(page: Page) -> None:
    staff_licences(page)
    page.goto(page.url.replace("/licences", "/renewal-sheets/new"))


def order(page: Page) -> None:
    organisation(page, "/orders")
    if page.locator("th a[href^='/orders/']").count() == 0:
        review(page, "Microsoft 365 Copilot")
        page.get_by_role("button", name="Order with obligation to pay").click()
        page.locator("[name=password]").fill("Seats-for-everyone-2026")
        page.get_by_role("button", name="Confirm and continue").click()
    else:
        follow(page, page.locator("th a[href^='/orders/']").first)
    page.get_by_role("heading", name="Your order").wait_for()


STEPS: dict[str, Callable[[Page], None]] = {
    "home": lambda page: go(page, "/"),
    "licences": lambda page: organisation(page, "/licences"),
    "editor": lambda page: organisation(page, "/licences?edit=all"),
    "subscription": subscription,
    "suspend": suspend,
    "swap": swap,
    "term": lambda page: of_licence(page, "Change term or billing"),
    "auto_renewal": lambda page: of_licence(page, "Automatic renewal"),
    "catalogue": lambda page: organisation(page, "/catalogue"),
    "product": product,
    "requests": lambda page: organisation(page, "/requests"),
    "sheet": sheet,
    "new_sheet": new_sheet,
    "staff_renewals": lambda page: go(page, "/staff/renewals"),
    "renewals": lambda page: organisation(page, "/renewals"),
    "ahead": lambda page: organisation(page, "/ahead"),
    "people": lambda page: organisation(page, "/people"),
    "orders": lambda page: organisation(page, "/orders"),
    "order": order,
    "review": review,
    "palette": lambda page: go(page, "/palette?q=kade"),
    "two_step": lambda page: go(page, "/account/two-step/"),
    "sessions": lambda page: go(page, "/account/sessions/"),
    "password": lambda page: go(page, "/account/password/change/"),
    "missing": lambda page: go(page, "/nothing-here"),
    "staff_customers": lambda page: go(page, "/staff/customers"),
    "staff_queue": lambda page: go(page, "/staff/queue"),
    "components": lambda page: go(page, "/components"),
    "staff_licences": staff_licences,
    "login": lambda page: go(page, "/account/login/"),
    "reset": lambda page: go(page, "/account/password/reset/"),
}


def login_of(name: str) -> str:
    if name in ENTRANCE_PAGES:
        return ""
    return "staff@noordkaap.example" if name in STAFF_PAGES else "owner@kade-logistics.example"


def serious_findings(page: Page) -> list[str]:
    """What axe finds serious or critical, with the elements concerned."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']][:5]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def findings_of(
    names: Iterable[str], pages: Callable[..., Page], *, width: int, schemes: Iterable[str]
) -> dict[str, list[str]]:
    """The findings of each page that has any, by its name and the scheme in which it was looked at."""
    findings = {}
    for name in names:
        page = pages(login_of(name), width)
        page.emulate_media(color_scheme="light")
        STEPS[name](page)
        for scheme in schemes:
            show_in(page, scheme)
            if found := serious_findings(page):
                findings[f"{name}, {scheme}"] = found
    return findings


def show_in(page: Page, scheme: str) -> None:
    """Change the colours of the page that is open, and wait until none is on its way to another."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    assert page.evaluate("name => matchMedia(`(prefers-color-scheme: ${name})`).matches", scheme)
    page.evaluate("() => Promise.allSettled(document.getAnimations().map(each => each.finished))")


def test_every_page_is_free_of_serious_findings_in_light_and_dark(browser_pages: Callable[..., Page]) -> None:
    assert findings_of(STEPS, browser_pages, width=1360, schemes=SCHEMES) == {}


def test_on_a_phone_no_page_has_serious_findings(browser_pages: Callable[..., Page]) -> None:
    names = (*"home editor subscription renewals people order review swap product sheet".split(), "staff_customers")
    assert findings_of(names, browser_pages, width=390, schemes=["light"]) == {}


def test_a_colour_that_is_weak_in_the_dark_alone_is_found_there(browser_pages: Callable[..., Page]) -> None:
    page = browser_pages("", 1360)
    page.set_content(WEAK_IN_THE_DARK)
    found = {}
    for scheme in SCHEMES:
        show_in(page, scheme)
        found[scheme] = [each.partition(":")[0] for each in serious_findings(page)]
    assert found == {"light": [], "dark": ["color-contrast"]}


@pytest.fixture
def browser_pages(window: conftest.Window) -> Callable[..., Page]:
    """One window for each person and width, used for all their pages; what axe's own styles break is not ours."""
    opened: dict[tuple[str, int], Page] = {}

    def page_of(login: str, width: int) -> Page:
        key = (login, width)
        if key not in opened:
            opened[key] = window(login, is_listened_to=False, viewport={"width": width, "height": 900})
        return opened[key]

    return page_of
