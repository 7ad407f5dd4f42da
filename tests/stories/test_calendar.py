"""The calendar feed: what is in it, whose it is, and its secret address."""

import datetime as dt

import icalendar
import pytest
import time_machine
from django.test import Client

from seatwright.access.models import CalendarFeed, User
from seatwright.rules import timeline
from seatwright.workflows import schedule_change
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(world: World, name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=world.user_ids[name]))
    return client


def made(client: Client) -> str:
    """The new address of the feed, as the page shows it once."""
    text = client.post("/account/calendar/", {"feed": "make"}).content.decode()
    address = text.split('readonly value="')[1].split('"')[0]
    assert address.startswith("http://testserver/calendar/")
    assert address not in client.get("/account/calendar/").content.decode()
    return address.removeprefix("http://testserver")


def events(address: str) -> dict[str, icalendar.Event]:
    answer = Client().get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert not answer.cookies
    found = icalendar.Calendar.from_ical(answer.content)
    return {str(event["uid"]): event for event in found.walk("VEVENT")}


def test_every_deadline_is_told_in_both_clocks_and_taken_off_once_it_is_decided(world: World) -> None:
    with time_machine.travel(world.at, tick=False):
        address = made(signed_in(world, "north_owner"))
        basic = world.holding("north", BASIC)
        # Two seats were added on 15 March at 10:00 UTC, so that their window closes on the 22nd, less our ten minutes.
        window = f"window-{basic.subscription_id}-20260322T100000Z@seatwright"
        renewal = f"renewal-{basic.subscription_id}-2027-01-30@seatwright"
        found = events(address)
        assert found[window].start == dt.datetime(2026, 3, 22, 9, 50, tzinfo=dt.UTC)
        assert "Sun 22 Mar 2026, 10:50 CET (09:50 UTC)" in str(found[window]["summary"])
        assert found[renewal].start == dt.datetime(2027, 1, 29, tzinfo=dt.UTC)
        assert "Fri 29 Jan 2027, 01:00 CET (00:00 UTC)" in str(found[renewal]["summary"])
        assert str(found[renewal]["url"]) == f"http://testserver/subscriptions/{basic.subscription_id}"
        # Basic's window and two yearly renewals; the month of Exchange rolls on silently.
        assert len(found) == 3
        assert {str(each["status"]) for each in found.values()} == {"CONFIRMED"}
        assert events(address).keys() == found.keys()

        schedule_change.schedule(
            by=world.actor("north_owner"),
            subscription_id=basic.subscription_id,
            wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(8)},
            at=world.at,
        )
        after = events(address)
        assert after.keys() == found.keys()
        assert (str(after[renewal]["status"]), int(after[renewal]["sequence"])) == ("CANCELLED", 1)


def test_an_unchanged_feed_answers_briefly_and_each_reads_only_their_own(world: World) -> None:
    with time_machine.travel(world.at, tick=False):
        address, staff = made(signed_in(world, "north_owner")), made(signed_in(world, "staff"))
        first = Client().get(address)
        again = Client().get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        summaries = [str(event["summary"]) for event in events(staff).values()]
        assert {text.split(":")[0] for text in summaries} == {"North"}
        world.at += dt.timedelta(days=200)
    with time_machine.travel(world.at, tick=False):
        # Within 120 days of 3 October: north's Standard (7 December) and Basic (30 January) and no more of south.
        summaries = [str(event["summary"]) for event in events(staff).values()]
        assert sorted(text.split(":")[0] for text in summaries) == ["North", "North"]
        assert len(events(made(signed_in(world, "south_owner")))) == 1
        assert events(made(signed_in(world, "other_staff"))) == {}


def test_an_address_ends_when_it_is_replaced_or_taken_back_and_with_its_owner(world: World) -> None:
    with time_machine.travel(world.at, tick=False):
        client = signed_in(world, "north_owner")
        first = made(client)
        second = made(client)
        assert [Client().get(each).status_code for each in (first, second)] == [404, 200]
        secret = second.removeprefix("/calendar/").removesuffix(".ics")
        assert not CalendarFeed.objects.filter(digest__contains=secret).exists()
        assert "Last read" in client.get("/account/calendar/").content.decode()
        assert client.post("/account/calendar/", {"feed": "end"}).status_code == 303
        assert client.post("/account/calendar/", {"feed": "end"}).status_code == 303
        assert Client().get(second).status_code == 404
        third = made(client)
        User.objects.filter(pk=world.user_ids["north_owner"]).update(is_active=False)
        assert [Client().get(each).status_code for each in (third, "/calendar/x.ics")] == [404, 404]
        assert Client().get("/account/calendar/").status_code == 302
