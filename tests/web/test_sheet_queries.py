"""The pages of renewal sheets ask the database as often for many licences as for few."""

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.customers import queries as customers
from seatwright.subscriptions import queries as holdings
from tests.web import scene as scenes

FEW, MANY = 5, 15
# Loading a page the first time fills caches of the session and of permissions.
AT_MOST_MORE = 3


def hold_more(scene: scenes.Scene, number: int, *, offer_key: str) -> None:
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])[0]
    for each in range(number):
        scenes._hold(tenant, f"Licence {each}", scenes.BASIC, 3, "6.00", offer_key=offer_key)


def test_a_new_sheet_is_offered_in_as_many_queries_for_many_licences_as_for_few(
    staff: Client, scene: scenes.Scene
) -> None:
    key = holdings.by_ids(subscription_ids=[scenes.sell(scene)])[0].offer_key
    page = reverse("new_sheet", args=[scene.customers["north"]])
    counts = []
    for number in (FEW, MANY - FEW):
        hold_more(scene, number, offer_key=key)
        with CaptureQueriesContext(connection) as asked:
            text = staff.get(page).content.decode()
        counts.append((text.count('name="ask"'), len(asked)))
    (few, few_queries), (many, many_queries) = counts
    assert (few, many) == (1 + FEW, 1 + MANY)
    assert abs(many_queries - few_queries) <= AT_MOST_MORE
    assert many_queries <= 40


def test_a_sheet_is_made_and_sent_without_reading_the_same_for_each_licence(staff: Client, scene: scenes.Scene) -> None:
    key = holdings.by_ids(subscription_ids=[scenes.sell(scene)])[0].offer_key
    page = reverse("new_sheet", args=[scene.customers["north"]])
    counts = []
    for number in (FEW, MANY):
        hold_more(scene, number, offer_key=key)
        ask = re.findall(r'name="ask" value="([^"]+)"(?! disabled)', staff.get(page).content.decode())
        with CaptureQueriesContext(connection) as making:
            made = staff.post(page, {"ask": ask, "default": "keep", "deadline": "2027-02-15"})
        with CaptureQueriesContext(connection) as looking:
            staff.get(made.headers["Location"])
        with CaptureQueriesContext(connection) as sending:
            assert staff.post(f"{made.headers['Location']}/send").status_code == 303
        counts.append((len(ask), len(making), len(looking), len(sending)))
    (few, few_making, *few_others), (many, many_making, *many_others) = counts
    assert (few, many) == (1 + FEW, MANY)
    assert few_others == many_others
    assert abs(many_making - few_making) <= AT_MOST_MORE
