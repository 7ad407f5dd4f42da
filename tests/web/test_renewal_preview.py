"""What the renewal form says while it is filled in: the next term with its price, or what speaks against it."""

import dataclasses
import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.customers import queries as customers
from seatwright.orders import intents
from seatwright.rules import renewals, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions.models import Subscription
from seatwright.web import requests
from seatwright.workflows import next_term_price, rebase_wishes, schedule_change, wish_limits
from seatwright.workflows import wishes as wishing
from tests.web import scene as scenes
from tests.web.test_editor import plain
from tests.web.test_renewal import YEARLY, base_of, form, shown, wish, wished

Dimension = timeline.Dimension


@pytest.fixture
def premium(scene: scenes.Scene) -> uuid.UUID:
    """10 seats of an offer in the catalogue at 20.00 a month, 9 of them held by people."""
    return scenes.sell(scene)


def preview(client: Client, key: uuid.UUID, **changed: str) -> Any:
    return client.post(reverse("preview_renewal", args=[key]), form(base_of(client, key), **changed))


def test_the_price_of_the_next_term_stands_beside_that_of_the_same_days_now(owner: Client, premium: uuid.UUID) -> None:
    text = plain(preview(owner, premium, total="9", plan=YEARLY).content.decode())
    # Nine seats at 247.20 a year, against ten at 20.00 for twelve months.
    assert "Next term: this licence renews with 9 seats €2,224.80 1 Mar 2027 – 29 Feb 2028" in text
    assert "Against the same days as things stand now -€175.20" in text
    ended = plain(preview(owner, premium, ending="cancel").content.decode())
    assert "this licence ends with its term €0.00" in ended
    # The monthly list price of 24.72 and 3 % more, for ten seats and one month.
    extended = plain(preview(owner, premium, ending="extended").content.decode())
    assert "this licence runs on from month to month €254.62" in extended
    assert wished(premium) == {}


def test_what_speaks_against_it_comes_to_its_field_and_a_task_is_only_told(owner: Client, premium: uuid.UUID) -> None:
    refused = preview(owner, premium, total="301")
    assert refused.status_code == 200
    found = re.search(r'id="error-seats" hx-swap-oob="true">(.*?)</p>', refused.content.decode(), re.DOTALL)
    assert found is not None
    assert "ends at 300 seats" in plain(found.group(1))
    assert "There is no price yet" in plain(refused.content.decode())
    assert preview(owner, premium, total="many").status_code == 422
    told = plain(preview(owner, premium, total="7").content.decode())
    assert "release 2 seats before the renewal" in told


def test_other_licences_are_offered_with_their_prices_and_wished_for(owner: Client, premium: uuid.UUID) -> None:
    text = owner.get(reverse("subscription", args=[premium])).content.decode()
    options = dict(re.findall(r'<option value="(CFQ[^"]+)"[^>]*>([^<]+)', text))
    assert options["CFQ7TTC0LCHC:0002"].startswith("Microsoft 365 Business Premium (as now)")
    assert {"CFQ7TTC0LFLX:0001", "CFQ7TTC0LH18:0001", "CFQ7TTC0JN4R:0002"} <= options.keys()  # up, down, two steps down
    assert wish(owner, premium, offer="CFQ7TTC0LH18:0001").status_code == 303
    assert wished(premium) == {Dimension.OFFER: scenes.PREMIUM_OFFER.replace("CFQ7TTC0LCHC:0002", "CFQ7TTC0LH18:0001")}
    assert "Licence then Microsoft 365 Business Basic" in shown(owner, premium)
    not_sold = wish(owner, premium, offer="CFQ7TTC0LH18:0001", plan="P3Y:annual")
    assert not_sold.status_code == 422
    assert "not sold with that term" in plain(not_sold.content.decode())
    assert wish(owner, premium, offer="CFQ7TTC0LCHC:0002").status_code == 303
    assert wished(premium) == {}


def test_an_end_together_with_a_month_is_wished_for_and_cleared(owner: Client, premium: uuid.UUID) -> None:
    (standing,) = Subscription.objects.filter(pk=premium)
    assert standing.anchor_on == dt.date(2026, 3, 1)  # its full term ends with a month already
    Subscription.objects.filter(name="Business Standard").update(commitment_end_on=dt.date(2026, 12, 10))
    text = owner.get(reverse("subscription", args=[premium])).content.decode()
    assert "9 Dec 2027, together with Business Standard" in plain(text)
    assert wish(owner, premium, end_on="2027-12-10").status_code == 303
    assert wished(premium) == {Dimension.END_DATE: dt.date(2027, 12, 10)}
    assert "the next term ends on 9 Dec 2027" in shown(owner, premium)
    assert wish(owner, premium, end_on="").status_code == 303
    assert wished(premium) == {}


def test_nothing_can_be_wished_once_locked_nor_for_what_the_catalogue_does_not_know(
    owner: Client, premium: uuid.UUID, scene: scenes.Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = base_of(owner, premium)
    row = holdings.by_ids(subscription_ids=[premium])[0]
    line = wishing.timeline_of(row)
    monkeypatch.setattr(requests, "now", lambda: dt.datetime(2027, 2, 28, 12, tzinfo=dt.UTC))
    answer = owner.post(reverse("preview_renewal", args=[premium]), form(base, total="9"))
    assert "The renewal has been fixed since" in plain(answer.content.decode())
    monkeypatch.undo()
    unknown = owner.post(reverse("preview_renewal", args=[scene.basic]), form("x", total="9"))
    assert unknown.status_code == 422
    with pytest.raises(wishing.NotRunning):
        wish_limits.allowed(row=holdings.by_ids(subscription_ids=[scene.basic])[0], term=line.running.term)
    with pytest.raises(wishing.NotRunning):
        schedule_change.preview(by=SYSTEM, subscription_id=scene.basic, wishes={}, at=scenes.NOW)


def test_a_question_is_asked_only_about_a_total_that_can_still_change(owner: Client, premium: uuid.UUID) -> None:
    row = holdings.by_ids(subscription_ids=[premium])[0]
    customer = customers.by_ids(customer_ids=[row.customer_id])[row.customer_id]

    def asked(seats: int, at: dt.datetime = scenes.NOW) -> int:
        return len(rebase_wishes.questions(customer=customer, seats={premium: seats}, at=at))

    wish(owner, premium, total="9")
    assert (asked(12), asked(10)) == (1, 0)
    assert asked(12, at=dt.datetime(2027, 2, 28, tzinfo=dt.UTC)) == 0
    wish(owner, premium, total="10", plan=YEARLY)
    assert asked(12) == 0
    kept = intents.open_intents(subscription_ids=[premium])[premium][0].pending
    assert rebase_wishes.carried(
        row=row, line=wishing.timeline_of(row), after=wishing.timeline_of(row).running, way=None
    ).pending == (kept,)


def test_no_price_is_told_where_none_is_known(premium: uuid.UUID) -> None:
    row = holdings.by_ids(subscription_ids=[premium])[0]
    customer = customers.by_ids(customer_ids=[row.customer_id])[row.customer_id]
    following = timeline.next_term(timeline=wishing.timeline_of(row))

    def price(**changes: Any) -> next_term_price.NextTermPrice | None:
        wanted = dataclasses.replace(following, **changes)
        return next_term_price.of(row=row, customer=customer, following=wanted)

    assert price() is not None
    assert price(offer="") is None
    assert price(offer="microsoft:X:0001:commercial:P1Y:monthly:BE") is None
    assert price(outcome=renewals.Ending.EXTENDED, offer="microsoft:X:1:commercial:P1Y:monthly:BE", end_on=None) is None
    unpriced = dataclasses.replace(row, unit_rate="")
    assert next_term_price.of(row=unpriced, customer=customer, following=following) is None
