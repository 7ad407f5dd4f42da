"""Renewal sheets, the switch for automatic renewal, alarms and the staff's radar on their pages."""

import datetime as dt
import html
import re
import uuid
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.customers import queries as customers
from seatwright.operations import engine
from seatwright.orders import intents, sheets
from seatwright.rules import renewals, timeline
from seatwright.subscriptions.models import RenewalAlarm, Subscription
from seatwright.web import requests
from seatwright.workflows import renewal_radar
from tests.web import scene as scenes
from tests.web.test_editor import plain

Dimension = timeline.Dimension
LAST_DAY = "2027-02-15"


@pytest.fixture
def premium(scene: scenes.Scene) -> uuid.UUID:
    """10 seats of an offer in the catalogue, 9 of them held by people, to 1 March 2027."""
    return scenes.sell(scene)


def made(staff: Client, scene: scenes.Scene, premium: uuid.UUID, **changed: Any) -> Any:
    values = {"ask": [str(premium)], "default": "keep", "deadline": LAST_DAY, **changed}
    return staff.post(reverse("new_sheet", args=[scene.customers["north"]]), values)


def sent(staff: Client, scene: scenes.Scene, premium: uuid.UUID, **changed: Any) -> str:
    """The address of a sheet that waits for its answer."""
    where = made(staff, scene, premium, **changed).headers["Location"]
    assert staff.post(f"{where}/send").status_code == 303
    engine.run_due(clock=lambda: scenes.NOW)
    return str(where)


def content_of(client: Client, where: str) -> str:
    found = re.search(r'name="content" value="([^"]*)"', client.get(where).content.decode())
    assert found is not None
    return found.group(1)


def decide(client: Client, where: str, premium: uuid.UUID, **changed: str) -> Any:
    scenes.confirm(client)
    values = {"content": content_of(client, where), f"choice-{premium}": "reduce", f"seats-{premium}": ""}
    return client.post(f"{where}/answer", values | {name.replace("_", "-", 1): text for name, text in changed.items()})


def wished(key: uuid.UUID) -> dict[Dimension, timeline.Value]:
    rows = intents.open_intents(subscription_ids=[key]).get(key, ())
    return {dimension: value for row in rows for dimension, value in row.pending.changes.items()}


def test_staff_make_look_and_send_and_the_owner_finds_the_question_at_home_and_by_mail(
    staff: Client, owner: Client, scene: scenes.Scene, premium: uuid.UUID
) -> None:
    page = plain(staff.get(reverse("new_sheet", args=[scene.customers["north"]])).content.decode())
    assert "Business Premium 10 seats, renews on 1 Mar 2027 can be decided until" in page
    draft = made(staff, scene, premium)
    assert draft.status_code == 303
    where = draft.headers["Location"]
    assert "Send to the contract owners" in plain(staff.get(where).content.decode())
    assert owner.get(where).status_code == 404
    assert mail.outbox == []
    assert staff.post(f"{where}/send").status_code == 303
    engine.run_due(clock=lambda: scenes.NOW)
    (message,) = mail.outbox
    link = re.search(r"http://localhost:8000(/renewal-sheets/open/\S+)", message.body)
    assert link is not None
    assert Client().get(link.group(1)).headers["Location"].startswith("/account/login/?next=/renewal-sheets/open/")
    assert owner.get(link.group(1)).headers["Location"] == where
    assert scenes.sign_in(Client(), "south_owner").get(link.group(1)).status_code == 404
    assert owner.get("/renewal-sheets/open/abc-def").status_code == 404
    home = plain(owner.get("/").content.decode())
    assert "Renewal sheet Your reseller asks what becomes of 1 licence at its renewal." in home
    radar = plain(owner.get(reverse("renewals", args=[scene.customers["north"]])).content.decode())
    assert "1 licence · waits for an answer · decide until Mon 15 Feb 2027, 17:00 CET (16:00 UTC)" in radar


def test_the_owner_decides_with_fresh_proof_and_sees_what_was_decided(
    staff: Client, owner: Client, scene: scenes.Scene, premium: uuid.UUID
) -> None:
    where = sent(staff, scene, premium)
    text = plain(owner.get(where).content.decode())
    assert "If nobody answers Everything renews as it is." in text
    assert "Renew with 9 seats" in text
    assert "End with the term nothing is renewed, and people lose access then" in text
    fresh = scenes.sign_in(Client(), "north_owner")
    answer = fresh.post(f"{where}/answer", {"content": content_of(fresh, where), f"choice-{premium}": "keep"})
    assert answer.headers["Location"].startswith("/account/confirm/")
    assert decide(owner, where, premium).status_code == 303
    assert wished(premium) == {Dimension.QUANTITY: timeline.SeatsTotal(9)}
    text = plain(owner.get(where).content.decode())
    assert "answered, Tue 17 Mar 2026, 11:00 CET (10:00 UTC) · North Owner" in text
    assert "Decision Renew with 9 seats North Owner" in text
    engine.run_due(clock=lambda: scenes.NOW)
    engine.run_due(clock=lambda: scenes.NOW)
    assert "what was decided" in plain(owner.get(where).content.decode())
    first = owner.get(f"{where}/record.pdf")
    assert (first.headers["Content-Type"], first.content[:5]) == ("application/pdf", b"%PDF-")
    assert owner.get(f"{where}/record.pdf").content == first.content
    assert scenes.sign_in(Client(), "south_owner").get(f"{where}/record.pdf").status_code == 404


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"choice_": "explode"}, "Choose one of the options listed."),
        ({"seats_": "0"}, "Write a number of seats from 1"),
        ({"seats_": "10"}, "Write a number of seats from 1"),
        ({"seats_": "١"}, "digits only"),
        ({"price": "1"}, "does not belong to this page"),
        ({"content": "0" * 64}, "not the sheet as you were shown it"),
        ({"choice_": ""}, "Choose something for at least one licence."),
    ],
)
def test_what_cannot_be_answered_comes_back_with_its_reason_and_stores_nothing(
    staff: Client, owner: Client, scene: scenes.Scene, premium: uuid.UUID, changed: dict[str, str], sentence: str
) -> None:
    where = sent(staff, scene, premium)
    named = {f"{name}{premium}" if name.endswith("_") else name: text for name, text in changed.items()}
    answer = decide(owner, where, premium, **named)
    assert answer.status_code == 422
    assert sentence in html.unescape(answer.content.decode())
    assert wished(premium) == {}
    (row,) = sheets.sheets(seen_by=SYSTEM, customer_id=scene.customers["north"])
    assert [line.state for line in row.lines] == ["open"]


def test_others_see_the_sheet_and_may_not_answer_it_and_it_can_be_withdrawn(
    staff: Client, owner: Client, scene: scenes.Scene, premium: uuid.UUID
) -> None:
    where = sent(staff, scene, premium)
    for who, seen_status, answered in (
        ("north_billing", 200, 403),
        ("south_owner", 404, 404),
        ("other_staff", 404, 404),
    ):
        other = scenes.sign_in(Client(), who)
        scenes.confirm(other)
        assert other.get(where).status_code == seen_status, who
        values = {"content": content_of(owner, where), f"choice-{premium}": "cancel"}
        assert other.post(f"{where}/answer", values).status_code == answered, who
        assert other.post(f"{where}/withdraw").status_code == answered, who
        assert other.post(f"{where}/send").status_code == answered, who
    assert staff.post(f"{where}/withdraw").status_code == 303
    assert "withdrawn" in plain(owner.get(where).content.decode())
    assert decide_late(owner, where, premium).status_code == 422
    assert staff.post(f"{where}/withdraw").status_code == 422
    assert wished(premium) == {}


def decide_late(client: Client, where: str, premium: uuid.UUID) -> Any:
    scenes.confirm(client)
    return client.post(f"{where}/answer", {"content": content_of(client, where), f"choice-{premium}": "cancel"})


def test_after_the_deadline_neither_page_nor_link_takes_an_answer(
    staff: Client, owner: Client, scene: scenes.Scene, premium: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = sent(staff, scene, premium)
    link = re.search(r"http://localhost:8000(/renewal-sheets/open/\S+)", mail.outbox[0].body)
    assert link is not None
    monkeypatch.setattr(requests, "now", lambda: dt.datetime(2027, 2, 15, 16, 0, tzinfo=dt.UTC))
    text = plain(owner.get(where).content.decode())
    assert "The deadline is past." in text
    assert "Decide as chosen" not in text
    assert decide_late(owner, where, premium).status_code == 422
    assert owner.get(link.group(1)).status_code == 422


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"ask": []}, "Choose at least one licence"),
        ({"ask": ["x"]}, "does not belong to this page"),
        ({"default": "explode"}, "Choose what happens if nobody answers."),
        ({"deadline": "2026-03-16"}, "Choose a deadline that lies ahead."),
        ({"deadline": "2027-02-28"}, "The vendor needs the answer earlier."),
        ({"deadline": "soon"}, "Write the last day to answer"),
    ],
)
def test_a_sheet_that_cannot_be_made_comes_back_with_its_reason(
    staff: Client, scene: scenes.Scene, premium: uuid.UUID, changed: dict[str, Any], sentence: str
) -> None:
    answer = made(staff, scene, premium, **changed)
    assert answer.status_code == 422
    assert sentence in html.unescape(answer.content.decode())
    assert sheets.sheets(seen_by=SYSTEM, customer_id=scene.customers["north"]) == []


def base_of(client: Client, key: uuid.UUID) -> str:
    text = client.get(reverse("auto_renewal", args=[key])).content.decode()
    found = re.search(r'name="base" value="([^"]*)"', text)
    assert found is not None
    return html.unescape(found.group(1))


def test_off_asks_which_of_the_two_is_meant_with_what_each_costs(owner: Client, premium: uuid.UUID) -> None:
    path, choose = reverse("auto_renewal", args=[premium]), reverse("choose_auto_renewal", args=[premium])
    text = plain(owner.get(path).content.decode())
    assert "Off: end with the term Nothing is renewed or billed any more." in text
    assert "list price plus 3 %. " in text.replace("\u00a0", " ")
    assert "Off alone would let the licence run on as extended service and be billed." in text
    base = base_of(owner, premium)
    assert owner.post(choose, {"ending": "extended", "base": base}).headers["Location"].startswith("/account/confirm/")
    scenes.confirm(owner)
    assert owner.post(choose, {"ending": "extended", "base": base}).status_code == 303
    assert wished(premium) == {Dimension.ENDING: renewals.Ending.EXTENDED}
    stale = owner.post(choose, {"ending": "cancel", "base": base})
    assert stale.status_code == 422
    assert "changed since you opened the page" in stale.content.decode()
    assert owner.post(choose, {"ending": "cancel", "base": base_of(owner, premium)}).status_code == 303
    assert wished(premium) == {Dimension.ENDING: renewals.Ending.CANCEL}
    assert owner.post(choose, {"ending": "renew", "base": base_of(owner, premium)}).status_code == 303
    assert wished(premium) == {Dimension.ENDING: renewals.Ending.RENEW}
    assert owner.post(choose, {"ending": "off", "base": ""}).status_code == 422


def test_an_old_term_tells_of_its_days_of_grace_and_strangers_find_nothing(
    owner: Client, scene: scenes.Scene, premium: uuid.UUID
) -> None:
    Subscription.objects.filter(pk=premium).update(commitment_end_on=dt.date(2026, 5, 1))
    text = plain(owner.get(reverse("auto_renewal", args=[premium])).content.decode())
    assert "without a renewal it can be used for 30 more days" in text
    assert "Off: run on" not in text
    assert scenes.sign_in(Client(), "south_owner").get(reverse("auto_renewal", args=[premium])).status_code == 404
    billing = scenes.sign_in(Client(), "north_billing")
    scenes.confirm(billing)
    values = {"ending": "cancel", "base": base_of(owner, premium)}
    assert billing.post(reverse("choose_auto_renewal", args=[premium]), values).status_code == 403
    assert owner.get(reverse("auto_renewal", args=[scene.basic])).status_code == 422


def alarm(scene: scenes.Scene, key: uuid.UUID, *, is_too_late: bool) -> None:
    RenewalAlarm.objects.create(
        reseller_id=scene.reseller_id,
        customer_id=scene.customers["north"],
        subscription_id=key,
        renews_on=dt.date(2027, 3, 1),
        before_s=72 * 3600,
        state="open",
        is_too_late=is_too_late,
        wanted={},
        shown={},
        looked_at=scenes.NOW,
    )


def test_an_alarm_stands_at_home_on_the_renewals_and_on_the_desk(
    owner: Client, staff: Client, scene: scenes.Scene, premium: uuid.UUID
) -> None:
    alarm(scene, premium, is_too_late=False)
    assert "The vendor lacks what is planned for the renewal." in plain(owner.get("/").content.decode())
    text = plain(owner.get(reverse("renewals", args=[scene.customers["north"]])).content.decode())
    assert "Business Premium: the vendor lacks what is planned for the renewal" in text
    assert "missing at the vendor" in text
    assert "Business Premium: the vendor lacks" in plain(staff.get(reverse("staff_queue")).content.decode())


def test_the_staffs_radar_is_narrowed_paged_and_takes_the_same_queries_for_more_customers(
    staff: Client, scene: scenes.Scene, premium: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = reverse("staff_renewals")
    with CaptureQueriesContext(connection) as few:
        text = plain(staff.get(path).content.decode())
    # Business Standard: nobody holds its 5 seats of 12.50 a month, so all of a year's 750.00 is at stake.
    row = r"Business Standard .*? North 1 Mar 2027 .*? 5 5 unassigned €750.00 of €750.00 renews with 5 seats"
    assert re.search(row, text)
    assert "South" in text
    narrowed = plain(staff.get(path, {"savable": "yes", "q": "north"}).content.decode())
    assert "Business Standard" in narrowed
    assert "South" not in narrowed.split("Coming renewals")[1]
    assert "No renewal matches." in plain(staff.get(path, {"within": "30"}).content.decode())
    monkeypatch.setattr(renewal_radar, "PAGE", 1)
    after, names = "", []
    for _ in range(6):
        page = renewal_radar.staff_radar(by=staff_actor(scene), after=after, at=scenes.NOW)
        names += [line.renewal.name for line in page.rows]
        after = page.after
        if not after:
            break
    assert sorted(names) == ["Business Basic", "Business Basic", "Business Premium", "Business Standard"]
    monkeypatch.setattr(renewal_radar, "PAGE", 50)
    for number in range(5):
        scenes._hold(_tenant(scene), f"More {number}", scenes.BASIC, 3, "6.00")
    with CaptureQueriesContext(connection) as many:
        staff.get(path)
    assert len(many) == len(few)
    assert scenes.sign_in(Client(), "north_owner").get(path).status_code == 403


def staff_actor(scene: scenes.Scene) -> Any:
    return customers.actor(user_id=scene.users["staff"], channel="test", request_ref="")


def _tenant(scene: scenes.Scene) -> Any:
    return customers.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["south"]])[0]
