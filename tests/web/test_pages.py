"""What the pages show of the books: home, licences, subscription, people, the palette and the staff's side."""

import datetime as dt
import re

from django.test import Client
from django.urls import reverse

from seatwright.operations.models import Operation
from seatwright.web import requests
from tests.web import scene as scenes
from tests.web.test_editor import plain


def test_home_shows_a_tile_with_the_numbers_and_its_main_action(owner: Client, scene: scenes.Scene) -> None:
    text = owner.get("/").content.decode()
    shown = plain(text)
    # 10 + 5 seats; 10 x 6.00 + 5 x 12.50 = 122.50 a month.
    assert "Paid 15 Assigned 7 Free 8" in shown
    assert "Cost per month, without tax €122.50" in shown
    assert "Next renewal 1 Mar 2027 in 349 days" in shown
    assert f'href="{reverse("licences", args=[scene.customers["north"]])}?edit=all"' in text
    assert "South" not in shown


def test_home_lists_seats_that_can_still_be_returned_with_their_deadline(owner: Client, scene: scenes.Scene) -> None:
    shown = plain(owner.get("/").content.decode())
    assert "2 unused seats can still be returned." in shown
    assert re.search(r"until Sun 22 Mar 2026, \d\d:\d\d CET \(\d\d:\d\d UTC\)", shown)


def test_staff_start_at_their_customers(staff: Client, scene: scenes.Scene) -> None:
    assert staff.get("/").headers["Location"] == reverse("staff_customers")


def test_the_licences_table_has_every_column_with_foreign_licences_below(owner: Client, scene: scenes.Scene) -> None:
    shown = plain(owner.get(reverse("licences", args=[scene.customers["north"]])).content.decode())
    for column in "Licence Ours Foreign Assigned Available Renewal Auto-renew Status".split():
        assert column in shown
    assert "Business Basic PART 10 0 7 3 1 year, billed monthly P1Y · monthly €6.00 per month 1 Mar 2027" in shown
    assert "in 349 days Yes Automatic renewal of Business Basic Active" in shown
    assert "0 3 1" in shown
    assert "Bought elsewhere" in shown


def test_the_editor_of_a_licence_opens_by_its_address_without_scripts(owner: Client, scene: scenes.Scene) -> None:
    path = reverse("licences", args=[scene.customers["north"]])
    closed = owner.get(path).content.decode()
    assert re.search(rf'<tr class="editor" id="edit-{scene.basic}" hidden>', closed)
    opened = owner.get(f"{path}?edit={scene.basic}").content.decode()
    assert re.search(rf'<tr class="editor" id="edit-{scene.basic}">', opened)
    assert re.search(rf'<tr class="editor" id="edit-{scene.standard}" hidden>', opened)
    everything = owner.get(f"{path}?edit=all").content.decode()
    assert 'class="editor" id="edit-' in everything
    assert 'hidden><td colspan="11">' not in everything


def test_sync_is_asked_for_once_and_says_so(owner: Client, scene: scenes.Scene) -> None:
    path = reverse("sync", args=[scene.customers["north"]])
    assert "1 tenant is being read." in owner.post(path, follow=True).content.decode()
    assert (
        "A reading is under way already, or waits until the vendor can be asked again."
        in owner.post(path, follow=True).content.decode()
    )


def test_a_subscription_shows_its_lots_with_windows_in_both_clocks(owner: Client, scene: scenes.Scene) -> None:
    shown = plain(owner.get(reverse("subscription", args=[scene.basic])).content.decode())
    assert "Sun 22 Mar 2026, 11:00 CET (10:00 UTC)" in shown
    assert "with the end of the term" in shown
    assert "Running billing period 1 Mar 2026 – 31 Mar 2026" in shown
    assert "Taken over as found at the vendor" in shown
    assert "Person 01" in shown


def test_people_are_listed_escaped_searched_and_filtered(owner: Client, scene: scenes.Scene) -> None:
    path = reverse("people", args=[scene.customers["north"]])
    text = owner.get(path).content.decode()
    assert "9 people, 2 without a licence" in plain(text)
    assert "&lt;b&gt;Sales&lt;/b&gt;" in text
    assert text.count("No licence") == 2
    unlicensed = owner.get(path + "?show=unlicensed").content.decode()
    assert "Person 08" in unlicensed
    assert "Person 01" not in unlicensed
    assert "Person 03" in owner.get(path + "?q=person3").content.decode()
    assert "Nobody fits this search." in owner.get(path + "?q=nobody").content.decode()


def test_the_palette_finds_pages_and_only_one_s_own_organisations(owner: Client, scene: scenes.Scene) -> None:
    text = owner.get("/palette?q=north", headers={"HX-Request": "true"}).content.decode()
    assert 'role="option"' in text
    assert reverse("licences", args=[scene.customers["north"]]) in text
    assert "South" not in owner.get("/palette?q=south").content.decode()
    assert "Two-step sign-in" in owner.get("/palette?q=two").content.decode()


def test_the_palette_of_staff_finds_customers_by_domain(staff: Client, scene: scenes.Scene) -> None:
    text = staff.get("/palette?q=south.example").content.decode()
    assert reverse("licences", args=[scene.customers["south"]]) in text


def test_staff_search_their_customers_and_open_one_with_a_banner(staff: Client, scene: scenes.Scene) -> None:
    shown = plain(staff.get(reverse("staff_customers") + "?q=nor").content.decode())
    assert "North north.example BE 2 15" in shown
    assert "South" not in shown
    page = staff.get(reverse("licences", args=[scene.customers["north"]])).content.decode()
    assert 'class="visit"' in page


def test_another_reseller_s_staff_see_none_of_it(scene: scenes.Scene, client: Client) -> None:
    scenes.sign_in(client, "other_staff")
    assert "No customer fits" in client.get(reverse("staff_customers")).content.decode()
    assert client.get(reverse("licences", args=[scene.customers["north"]])).status_code == 404


def test_customers_cannot_open_the_staff_s_pages(owner: Client, scene: scenes.Scene) -> None:
    assert owner.get(reverse("staff_customers")).status_code == 403
    assert owner.get(reverse("staff_queue")).status_code == 403
    assert owner.get(reverse("components")).status_code == 404


def test_the_page_of_components_shows_them_all(staff: Client, scene: scenes.Scene) -> None:
    shown = plain(staff.get(reverse("components")).content.decode())
    assert "€12,345.10" in shown
    assert "-€12.10" in shown
    assert "something new" in shown


def test_the_same_page_in_german_writes_money_dates_and_zones_as_germans_do(owner: Client, scene: scenes.Scene) -> None:
    owner.post("/language", {"language": "de", "next": "/"})
    shown = plain(owner.get("/").content.decode())
    assert "Kosten pro Monat, ohne Steuer 122,50 €" in shown
    assert "Nächste Verlängerung 01.03.2027 in 349 Tagen" in shown
    assert re.search(r"bis So\., 22\. März 2026, \d\d:\d\d MEZ \(\d\d:\d\d UTC\)", shown)


def test_looking_ahead_tells_what_a_day_brings_and_changes_nothing(owner: Client, scene: scenes.Scene) -> None:
    path = reverse("ahead", args=[scene.customers["north"]])
    shown = plain(owner.get(path + "?on=2027-03-02").content.decode())
    assert "What you hold and owe on Tue 2 Mar 2027" in shown
    assert "1 Mar 2028 after 1 renewal" in shown
    for wrong in ("2026-03-16", "2030-01-01", "tomorrow", "2027-02-30"):
        answer = owner.get(path, {"on": wrong})
        assert answer.status_code == 422, wrong
        assert "Choose a day" in answer.content.decode()


def test_a_reading_under_way_is_shown_and_asks_again_until_it_is_done(owner: Client, scene: scenes.Scene) -> None:
    path = reverse("licences", args=[scene.customers["north"]])
    assert 'hx-trigger="every 2s"' not in owner.get(path).content.decode()
    owner.post(reverse("sync", args=[scene.customers["north"]]))
    text = owner.get(path).content.decode()
    assert 'hx-trigger="every 2s"' in text
    assert "Being read from the vendor now" in text


def test_a_reading_that_waits_is_not_called_under_way_and_one_queued_for_later_begins_at_once(
    owner: Client, scene: scenes.Scene
) -> None:
    path, ask = (reverse(name, args=[scene.customers["north"]]) for name in ("licences", "sync"))
    owner.post(ask)
    later = requests.now() + dt.timedelta(minutes=30)
    readings = Operation.objects.filter(kind="sync_tenant")
    readings.update(state="waiting", due_at=later)
    text = plain(owner.get(path).content.decode())
    assert "Being read from the vendor now" not in text
    assert re.search(r"last synced .* tried again at \w{3} \d", text)
    said = owner.post(ask, follow=True).content.decode()
    assert "waits until the vendor can be asked again" in said
    assert readings.get().due_at == later

    readings.update(state="queued")
    assert "1 tenant is being read." in owner.post(ask, follow=True).content.decode()
    assert readings.get().due_at < later


def test_a_text_with_nul_is_searched_like_any_other(owner: Client, staff: Client, scene: scenes.Scene) -> None:
    for client, path in (
        (owner, reverse("people", args=[scene.customers["north"]]) + "?q=%00&after=%00%7C%00"),
        (owner, "/palette?q=%00"),
        (staff, reverse("staff_customers") + "?q=%00&after=%00%7C%00"),
    ):
        assert client.get(path).status_code == 200, path
