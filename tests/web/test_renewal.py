"""The renewal on the pages: what will happen, wishing for it, taking it back, and every way of being refused."""

import datetime as dt
import html
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from seatwright.operations import changes, runs
from seatwright.operations import queries as operations
from seatwright.operations.models import Operation
from seatwright.orders import intents
from seatwright.rules import renewals, terms, timeline
from seatwright.subscriptions import changes as subscriptions
from seatwright.web import requests
from tests.web import scene as scenes
from tests.web.test_editor import plain

Dimension = timeline.Dimension
MONTHLY, YEARLY = "P1Y:monthly", "P1Y:annual"


@pytest.fixture
def premium(scene: scenes.Scene) -> uuid.UUID:
    """10 seats of an offer in the catalogue, 9 of them held by people."""
    return scenes.sell(scene)


def shown(client: Client, key: uuid.UUID) -> str:
    return plain(client.get(reverse("subscription", args=[key])).content.decode())


def base_of(client: Client, key: uuid.UUID) -> str:
    text = client.get(reverse("subscription", args=[key])).content.decode()
    found = re.search(r'name="base" value="([^"]*)"', text)
    assert found is not None
    return html.unescape(found.group(1))


def form(base: str, **changed: str) -> dict[str, Any]:
    """The form as the page sends it when nothing was changed, with the named fields changed."""
    untouched = {"ending": "renew", "total": "10", "direction": "more", "by": "", "plan": MONTHLY}
    return {"base": base, **untouched, **changed}


def wish(client: Client, key: uuid.UUID, **changed: str) -> Any:
    scenes.confirm(client)
    return client.post(reverse("schedule_renewal", args=[key]), form(base_of(client, key), **changed))


def wished(key: uuid.UUID) -> dict[Dimension, timeline.Value]:
    rows = intents.open_intents(subscription_ids=[key]).get(key, ())
    return {dimension: value for row in rows for dimension, value in row.pending.changes.items()}


def error_at(answer: Any, name: str) -> str:
    found = re.search(rf'id="error-{name}">(.*?)</p>', answer.content.decode(), re.DOTALL)
    return plain(found.group(1)) if found else ""


def test_the_card_says_what_happens_and_until_when_it_can_be_changed(owner: Client, premium: uuid.UUID) -> None:
    text = shown(owner, premium)
    assert "At the renewal on 1 Mar 2027 This licence renews with 10 seats." in text
    assert "Next term lasts until 29 Feb 2028" in text
    assert re.search(r"Last moment to change this \w{3} \d+ Feb 2027, \d\d:\d\d CET \(\d\d:\d\d UTC\)", text)
    assert "Wished by" not in text


def test_fewer_seats_are_wished_with_fresh_proof_and_shown_with_who_and_when(
    owner: Client, premium: uuid.UUID, scene: scenes.Scene
) -> None:
    path = reverse("schedule_renewal", args=[premium])
    answer = owner.post(path, form(base_of(owner, premium), total="9"))
    assert answer.headers["Location"].startswith("/account/confirm/")
    assert wished(premium) == {}
    done = owner.post(answer.headers["Location"], {"password": scenes.PASSWORD, "next": path})
    assert done.headers["Location"] == reverse("subscription", args=[premium]) + "#renewal"
    assert wished(premium) == {Dimension.QUANTITY: timeline.SeatsTotal(9)}
    assert operations.unfinished_count() == 1
    text = shown(owner, premium)
    assert "This licence renews with 9 seats. Seats then 9 now 10" in text
    assert "Wished by North Owner Tue 17 Mar 2026, 11:00 CET (10:00 UTC) At the vendor being stored" in text
    assert "Renewal planned" in text
    licences = plain(owner.get(reverse("licences", args=[scene.customers["north"]])).content.decode())
    assert "renews with 9 seats" in licences


def test_a_difference_stays_a_difference_and_comes_back_into_the_form(owner: Client, premium: uuid.UUID) -> None:
    assert wish(owner, premium, by="1", direction="fewer").status_code == 303
    assert wished(premium) == {Dimension.QUANTITY: timeline.SeatsBy(-1)}
    text = owner.get(reverse("subscription", args=[premium])).content.decode()
    assert "1 seat fewer" in plain(text)
    assert 'name="by" value="1"' in text
    assert re.search(r'name="direction" value="fewer" checked', text)


def test_a_year_at_once_is_chosen_among_what_is_sold(owner: Client, premium: uuid.UUID) -> None:
    text = owner.get(reverse("subscription", args=[premium])).content.decode()
    assert re.findall(r'name="plan" value="([^"]+)"', text) == [
        "P1M:monthly",
        MONTHLY,
        YEARLY,
        "P3Y:annual",
    ]
    assert "3 years, billed yearly P3Y · annual only with" in plain(text)
    assert wish(owner, premium, plan=YEARLY).status_code == 303
    assert wished(premium) == {Dimension.BILLING_PLAN: terms.BillingPlan.ANNUAL}
    assert "Term and billing then 1 year, billed yearly" in shown(owner, premium)


def test_ending_replaces_what_was_wished_and_renewing_again_is_kept_so(owner: Client, premium: uuid.UUID) -> None:
    wish(owner, premium, total="12", plan=YEARLY)
    assert wish(owner, premium, ending="cancel").status_code == 303
    assert wished(premium) == {Dimension.ENDING: renewals.Ending.CANCEL}
    assert "This licence ends with its term." in shown(owner, premium)
    assert wish(owner, premium).status_code == 303
    assert wished(premium) == {Dimension.ENDING: renewals.Ending.RENEW}
    assert "This licence renews with 10 seats." in shown(owner, premium)


def test_fewer_seats_than_people_hold_are_possible_with_a_warning(owner: Client, premium: uuid.UUID) -> None:
    assert wish(owner, premium, total="7").status_code == 303
    assert "More people use seats than there will be: release 2 seats before the renewal." in shown(owner, premium)


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"total": "0"}, "seats", "sold from 1 seats"),
        ({"total": "301"}, "seats", "ends at 300 seats"),
        ({"total": "ten"}, "seats", "digits only"),
        ({"total": "١٢"}, "seats", "digits only"),
        ({"total": ""}, "seats", "Write the number of seats."),
        ({"by": "-1"}, "seats", "digits only"),
        ({"by": "11", "direction": "fewer"}, "seats", "not that many seats"),
        ({"by": "1", "direction": "sideways"}, "seats", "do not agree"),
        ({"by": "1", "total": "15"}, "seats", "do not agree"),
        ({"plan": "P3Y:monthly"}, "plan", "not sold like that"),
        ({"plan": "<script>"}, "plan", "not sold like that"),
        ({"ending": ""}, "ending", "Choose how"),
        ({"ending": "suspended"}, "ending", "Choose how"),
        ({"offer": "CFQ7TTC0QW7C:0001"}, "offer", "Choose one of the licences"),
        ({"end_on": "2028-02-15"}, "end_on", "cannot end on that day"),
        ({"end_on": "soon"}, "end_on", "cannot end on that day"),
    ],
)
def test_what_cannot_be_comes_back_at_its_field_and_stores_nothing(
    owner: Client, premium: uuid.UUID, changed: dict[str, str], field: str, sentence: str
) -> None:
    answer = wish(owner, premium, **changed)
    assert answer.status_code == 422
    assert sentence in error_at(answer, field)
    assert wished(premium) == {}
    assert operations.unfinished_count() == 0


@pytest.mark.parametrize("name", ["base", "ending", "total", "direction", "by", "plan"])
def test_a_field_sent_twice_is_refused(owner: Client, premium: uuid.UUID, name: str) -> None:
    values = form(base_of(owner, premium), total="9")
    scenes.confirm(owner)
    answer = owner.post(reverse("schedule_renewal", args=[premium]), {**values, name: [values[name], values[name]]})
    assert answer.status_code == 422
    assert "sent twice" in answer.content.decode()
    assert wished(premium) == {}


def test_a_field_of_another_page_and_a_page_older_than_the_last_wish_are_refused(
    owner: Client, premium: uuid.UUID
) -> None:
    old = base_of(owner, premium)
    path = reverse("schedule_renewal", args=[premium])
    wish(owner, premium, total="9")
    for values, sentence in (
        (form(old, total="12"), "was changed since you opened the page"),
        ({**form(base_of(owner, premium)), "price": "0"}, "does not belong to this page"),
    ):
        answer = owner.post(path, values)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    assert wished(premium) == {Dimension.QUANTITY: timeline.SeatsTotal(9)}


def test_once_the_renewal_is_fixed_there_is_no_form_and_no_way_around(
    owner: Client, premium: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = base_of(owner, premium)
    monkeypatch.setattr(requests, "now", lambda: dt.datetime(2027, 2, 28, 23, 0, tzinfo=dt.UTC))
    assert "The renewal is fixed now." in shown(owner, premium)
    scenes.confirm(owner)
    answer = owner.post(reverse("schedule_renewal", args=[premium]), form(base, total="9"))
    assert answer.status_code == 422
    assert "The renewal has been fixed since" in answer.content.decode()
    assert owner.post(reverse("revoke_renewal", args=[premium]), {"wish": "all"}).status_code == 422
    assert wished(premium) == {}


def read_at_the_vendor(key: uuid.UUID, *, end_of_term: str) -> None:
    """A reading of the subscription, with that state of its renewal."""
    subscriptions.record_reading(
        subscription_id=key,
        reading=subscriptions.Reading(
            status="active",
            seats=10,
            auto_renew=end_of_term == "renew",
            commitment_end_on=dt.date(2027, 3, 1),
            returnable=(),
            scheduled=None,
            cancellable_until=None,
            end_of_term=end_of_term,
        ),
        at=scenes.NOW,
    )


def test_what_the_vendor_has_stored_and_what_it_has_lost_are_told_apart(owner: Client, premium: uuid.UUID) -> None:
    wish(owner, premium, ending="cancel")
    assert "At the vendor being stored" in shown(owner, premium)
    read_at_the_vendor(premium, end_of_term="cancel")
    assert "At the vendor stored at the vendor" in shown(owner, premium)
    (operation_id,) = Operation.objects.values_list("pk", flat=True)
    hold = runs.claim(operation_id=operation_id, worker_id="w", at=scenes.NOW)
    assert hold is not None
    changes.finish(operation_id=operation_id, fence=hold.fence, state="done", at=scenes.NOW, note="")
    read_at_the_vendor(premium, end_of_term="renew")
    assert "At the vendor missing there: is stored again" in shown(owner, premium)


def test_one_wish_or_all_are_taken_back(owner: Client, premium: uuid.UUID) -> None:
    path = reverse("revoke_renewal", args=[premium])
    wish(owner, premium, total="9", plan=YEARLY)
    assert owner.post(path, {"wish": "quantity"}).status_code == 303
    assert wished(premium) == {Dimension.BILLING_PLAN: terms.BillingPlan.ANNUAL}
    assert owner.post(path, {"wish": "all"}).status_code == 303
    assert wished(premium) == {}
    for values in ({}, {"wish": "everything"}, {"wish": ["all", "all"]}):
        assert owner.post(path, values).status_code == 422


def test_who_may_not_book_sees_the_card_but_no_form(premium: uuid.UUID, scene: scenes.Scene) -> None:
    names = ("schedule_renewal", "revoke_renewal")
    for who, status in (("north_billing", 403), ("south_owner", 404), ("other_staff", 404)):
        other = scenes.sign_in(Client(), who)
        scenes.confirm(other)
        for name in names:
            assert other.post(reverse(name, args=[premium]), form("10:")).status_code == status, who
            assert other.post(reverse(name, args=[uuid.uuid4()]), form("10:")).status_code == 404
    billing = scenes.sign_in(Client(), "north_billing")
    text = billing.get(reverse("subscription", args=[premium])).content.decode()
    assert "At the renewal on 1 Mar 2027" in plain(text)
    assert 'name="ending"' not in text
    assert wished(premium) == {}


def test_reading_changes_nothing_and_a_post_from_elsewhere_is_refused(
    owner: Client, premium: uuid.UUID, scene: scenes.Scene
) -> None:
    for name in ("schedule_renewal", "revoke_renewal"):
        assert owner.get(reverse(name, args=[premium])).status_code == 405
    strict = scenes.sign_in(Client(), "north_owner")
    scenes.confirm(strict)
    strict.handler.enforce_csrf_checks = True
    for name in ("schedule_renewal", "revoke_renewal"):
        assert strict.post(reverse(name, args=[premium]), form("10:", total="9")).status_code == 403
    assert wished(premium) == {}


def test_a_licence_whose_offer_is_not_known_has_no_card_and_takes_no_wish(owner: Client, scene: scenes.Scene) -> None:
    assert "At the renewal on" not in shown(owner, scene.basic)
    scenes.confirm(owner)
    answer = owner.post(reverse("schedule_renewal", args=[scene.basic]), form("10:"))
    assert answer.status_code == 422
    assert "Only an active licence whose offer is known" in answer.content.decode()


def test_the_radar_lists_renewals_by_deadline_with_what_is_planned(
    owner: Client, premium: uuid.UUID, scene: scenes.Scene
) -> None:
    wish(owner, premium, total="9")
    path = reverse("renewals", args=[scene.customers["north"]])
    text = plain(owner.get(path).content.decode())
    assert re.search(
        r"Business Premium 1 year, billed monthly P1Y · monthly 1 Mar 2027 .*? UTC\) "
        r"10 1 unassigned €0.00 of €\d[\d,.]+ renews with 9 seats",
        text,
    )
    assert scenes.sign_in(Client(), "south_owner").get(path).status_code == 404


def test_home_tells_of_a_renewal_only_while_it_can_save_something_and_nobody_has_decided(
    owner: Client, premium: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_home() -> str:
        return plain(owner.get("/").content.decode())

    told = "Business Premium It renews with 1 seat that nobody uses."
    assert told not in at_home()
    monkeypatch.setattr(requests, "now", lambda: dt.datetime(2027, 2, 1, 9, tzinfo=dt.UTC))
    text = at_home()
    # One of ten seats at 20.00 a month over the twelve months of the next term.
    assert told in text
    assert re.search(r"nobody uses. until Sun 28 Feb 2027, 01:00 CET .*?€240.00 over the next term Decide", text)
    assert wish(owner, premium, total="9").status_code == 303
    assert told not in at_home()


def test_the_radar_folds_away_months_that_just_go_on(owner: Client, premium: uuid.UUID, scene: scenes.Scene) -> None:
    scenes.hold_monthly(scene)
    text = owner.get(reverse("renewals", args=[scene.customers["north"]])).content.decode()
    before, after = text.split("<details>")
    assert "1 licence just goes on from month to month" in after
    assert "Rolling Premium" in after
    assert "Rolling Premium" not in before


def test_unused_seats_are_returned_from_home_by_way_of_the_review_page(owner: Client, scene: scenes.Scene) -> None:
    text = owner.get("/").content.decode()
    assert "Return 2 seats of Business Basic" in text
    found = dict(re.findall(rf'name="((?:base|total)-{scene.basic})" value="(\d+)"', text))
    assert found == {f"base-{scene.basic}": "10", f"total-{scene.basic}": "8"}
    answer = owner.post(reverse("review", args=[scene.customers["north"]]), found)
    assert answer.status_code == 303
    assert "10 8 −2" in plain(owner.get(answer.headers["Location"]).content.decode())
    billing = scenes.sign_in(Client(), "north_billing").get("/").content.decode()
    assert "2 unused seats can still be returned." in plain(billing)
    assert f'name="total-{scene.basic}"' not in billing
