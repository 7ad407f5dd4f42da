"""Swapping people in the portal: choose, see what it means, review, book with fresh proof, follow, try again."""

import datetime as dt
import re
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.assignments import changes as assignments
from seatwright.assignments.models import Person
from seatwright.customers import queries as customer_queries
from seatwright.operations.models import Operation
from seatwright.orders import swap_terms
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.web import swap_form, wording_swap
from seatwright.web.templatetags import swapping
from seatwright.workflows import swap, swap_plan
from tests.web import scene as scenes
from tests.web.test_editor import plain

E3 = "CFQ7TTC0LFLX:0001"
KEYS = [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"premium {number}")) for number in range(4)]


@pytest.fixture
def premium(scene: scenes.Scene) -> uuid.UUID:
    """Ten seats of Premium, four of them held: by Ann, Bob, Cid without a usage location, and Dee through a group."""
    key = scenes.sell(scene)
    (tenant,) = customer_queries.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])
    for person, name in zip(KEYS, ("Ann", "Bob", "Cid", "Dee"), strict=True):
        held = assignments.Held(
            sku_id=scenes.PREMIUM, group_id="sales" if name == "Dee" else "", state="Active", error=""
        )
        assignments.replace_person(
            tenant_id=tenant.tenant_id,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            person=assignments.FoundPerson(
                vendor_person_id=person,
                user_principal_name=f"{name.lower()}@north.example",
                display_name=name,
                mail="",
                department="Sales",
                usage_location="" if name == "Cid" else "BE",
                is_enabled=True,
                is_guest=False,
                held=(held,),
            ),
        )
    return key


def form(*people: str, **more: Any) -> dict[str, Any]:
    return {"to": E3, "way": "transition", "person": list(people), **more}


def quote_of(client: Client, key: uuid.UUID, *people: str) -> str:
    answer = client.post(reverse("swap_review", args=[key]), form(*people))
    assert answer.status_code == 303, plain(answer.content.decode())
    return str(answer.headers["Location"])


def idempotency_key(client: Client, path: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', client.get(path).content.decode())
    assert found is not None
    return found.group(1)


def book(client: Client, path: str, **more: str) -> Any:
    return client.post(path + "/book", {"key": idempotency_key(client, path), **more})


def test_the_page_says_which_plans_there_are_on_which_way_and_who_can_change(owner: Client, premium: uuid.UUID) -> None:
    page = plain(owner.get(reverse("swap", args=[premium])).content.decode())
    assert "Microsoft 365 E3 the vendor converts the seats itself" in page
    assert "Microsoft 365 F3 new seats are bought" in page
    chosen = plain(owner.get(f"{reverse('swap', args=[premium])}?to={E3}&person={KEYS[0]}").content.decode())
    assert "All 4 people who hold it" in chosen
    assert "No usage location. Set the country in the vendor's user settings" in chosen
    assert "Holds the old licence through a group." in chosen
    assert "This cannot be undone" in chosen
    found = plain(owner.get(f"{reverse('swap', args=[premium])}?to={E3}&q=bob").content.decode())
    assert ("bob@north.example" in found, "ann@north.example" in found) == (True, False)
    none = plain(owner.get(f"{reverse('swap', args=[premium])}?to={E3}&q=zoe").content.decode())
    assert "Nobody fits this search." in none


def test_a_choice_is_priced_as_a_fragment_and_stored_only_for_review(owner: Client, premium: uuid.UUID) -> None:
    preview = owner.post(reverse("swap_preview", args=[premium]), form(KEYS[0], KEYS[1]))
    text = plain(preview.content.decode())
    # 2 x 20.00 x 15/31 = 19.35 back, and 2 seats of E3 at 37.49 for the same 15 of 31 days: 36.28.
    assert re.search(r"= .?€19.35 ", text), text
    assert "The vendor turns these seats into a licence of their own" in text
    refused = plain(owner.post(reverse("swap_preview", args=[premium]), form(KEYS[2])).content.decode())
    assert "These people cannot be moved now, and their old seats would be gone: Cid." in refused
    nobody = owner.post(reverse("swap_review", args=[premium]), form())
    assert (nobody.status_code, "Choose at least one person." in nobody.content.decode()) == (422, True)
    doubled = owner.post(reverse("swap_review", args=[premium]), form(KEYS[0], way=["transition", "buy"]))
    assert doubled.status_code == 422
    assert owner.post(reverse("swap_preview", args=[premium]), form(KEYS[0], sort="x")).status_code == 422
    everybody = plain(owner.post(reverse("swap_preview", args=[premium]), form(everybody="yes")).content.decode())
    assert "Cid, Dee" in everybody
    assert Operation.objects.count() == 0
    assert owner.get(reverse("swap_review", args=[premium])).status_code == 302


@pytest.mark.parametrize(
    ("returnable", "said"),
    [
        (3, "3 old seats are returned and credited"),
        (2, "2 old seats are returned and credited; the others leave with the renewal"),
        (0, "they leave with the renewal"),
    ],
)
def test_what_becomes_of_the_old_seats_names_others_only_where_there_are_some(returnable: int, said: str) -> None:
    overlap = swap_terms.Overlap(
        seats=3,
        from_on=dt.date(2026, 3, 1),
        latest_on=dt.date(2027, 1, 9),
        most_minor=17640,
        expected_minor=5880 * (3 - returnable),
        returnable=returnable,
        returnable_until=None,
    )
    told = {"swap": {"overlap": overlap}, "calculation": {"currency": "EUR"}}
    text = plain(render_to_string("pages/swap_facts.html", told))
    assert re.search(rf"When everybody moves today €[0-9.]+ {said} The old seats are part", text), text


def test_a_swap_is_booked_with_fresh_proof_and_followed_person_by_person(owner: Client, premium: uuid.UUID) -> None:
    path = quote_of(owner, premium, KEYS[0], KEYS[1])
    review = plain(owner.get(path).content.decode())
    assert "From Business Premium to Microsoft 365 E3" in review
    assert "2 people change" in review
    assert book(owner, path).headers["Location"].startswith("/account/confirm/")
    scenes.confirm(owner)
    placed = book(owner, path)
    assert placed.status_code == 303
    page = plain(owner.get(placed.headers["Location"]).content.decode())
    assert "0 of 2 people moved" in page
    assert "They are on their way." in page
    assert "Ann ann@north.example Waiting" in page
    assert owner.get(path).headers["Location"] == placed.headers["Location"]
    assert [each.kind for each in Operation.objects.all()] == ["swap"]
    again = owner.post(reverse("swap_again", args=[placed.headers["Location"].rsplit("/", 1)[-1]]), follow=True)
    assert "There is nobody to try again" in plain(again.content.decode())
    billing = scenes.sign_in(Client(), "north_billing")
    hidden = plain(billing.get(placed.headers["Location"]).content.decode())
    assert ("0 of 2 people moved" in hidden, "ann@north.example" in hidden) == (True, False)


def test_staff_say_on_whose_word_and_an_old_price_is_made_again(
    staff: Client, premium: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = quote_of(staff, premium, KEYS[0])
    scenes.confirm(staff)
    assert book(staff, path).status_code == 422
    assert staff.post(path + "/book").status_code == 422
    later = scenes.NOW.replace(hour=11)
    monkeypatch.setattr("seatwright.web.requests.now", lambda: later)
    expired = book_expired(staff, path)
    assert (expired.status_code, "This price is no longer held" in expired.content.decode()) == (422, True)
    fresh = staff.post(path + "/again")
    assert fresh.status_code == 303
    assert fresh.headers["Location"] != path
    assert book(staff, fresh.headers["Location"], reason="Nora on the phone").status_code == 303
    refused = staff.post(path + "/again")
    assert (refused.status_code, "A change of one of the licences is under way." in refused.content.decode()) == (
        422,
        True,
    )


def book_expired(client: Client, path: str) -> Any:
    from seatwright.orders.models import Quote

    key = Quote.objects.get(pk=path.rsplit("/", 1)[-1]).idempotency_key
    return client.post(path + "/book", {"key": key, "reason": "Nora on the phone"})


def test_what_changed_since_the_price_is_shown_again_or_said(
    owner: Client, scene: scenes.Scene, premium: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = quote_of(owner, premium, KEYS[0])
    scenes.confirm(owner)
    subscriptions.add_lot(
        subscription_id=premium,
        seats=1,
        kind="adopted",
        effective_at=scenes.NOW,
        returnable_until=None,
        policy_version="",
        operation_id=None,
    )
    changed = book(owner, path)
    assert (changed.status_code, changed.headers["Location"] == path) == (303, False)
    fresh = plain(owner.get(changed.headers["Location"]).content.decode())
    assert "Something changed since the price was made." in fresh
    Person.objects.filter(vendor_person_id=KEYS[0]).update(usage_location="")
    refused = book(owner, changed.headers["Location"])
    assert (refused.status_code, "These people cannot be moved now" in refused.content.decode()) == (422, True)
    monkeypatch.setattr(swap, "again", lambda **_asked: None)
    again = owner.post(reverse("swap_again", args=[uuid.uuid4()]))
    assert again.status_code == 303


def test_each_way_is_named_with_the_licence_that_takes_the_seats(owner: Client, premium: uuid.UUID) -> None:
    target = swap.survey(by=SYSTEM, subscription_id=premium, at=scenes.NOW).targets[0]
    into = holdings.by_ids(subscription_ids=[premium])[0]
    ways = (
        swap_plan.Open(key="merge:1", is_transition=True, into=into),
        swap_plan.Open(key="more:1", is_transition=False, into=into),
    )
    typed = swap_form.read(QueryDict("way=more:1"))
    rows = swap_form.ways(replace(target, ways=ways), typed)
    assert [(row.is_chosen, "10 seats" in row.label) for row in rows] == [(False, True), (True, True)]
    assert swapping.move_failure("person_gone") == "Is no longer in the directory."
    assert swapping.swap_line_refusal("people_left").startswith("Some people could not be moved")


def test_chosen_people_of_the_directory_lead_to_the_swap_of_the_licence_they_leave(
    owner: Client, scene: scenes.Scene, premium: uuid.UUID
) -> None:
    people = plain(owner.get(reverse("people", args=[scene.customers["north"]])).content.decode())
    assert "Swap the chosen people from" in people
    start = reverse("swap_start", args=[scene.customers["north"]])
    led = owner.get(f"{start}?from={premium}&person={KEYS[0]}&person={KEYS[1]}")
    assert led.headers["Location"] == f"{reverse('swap', args=[premium])}?person={KEYS[0]}&person={KEYS[1]}"
    for wrong in ("", str(scene.south_basic), "no id"):
        assert owner.get(f"{start}?from={wrong}").headers["Location"] == reverse(
            "people", args=[scene.customers["north"]]
        )


def test_a_licence_without_an_offer_says_that_nobody_can_change_from_it(owner: Client, scene: scenes.Scene) -> None:
    page = owner.get(reverse("swap", args=[scene.basic]))
    assert "People cannot change their plan from here" in page.content.decode()
    assert "People cannot change" in owner.post(reverse("swap_preview", args=[scene.basic]), form()).content.decode()
    assert "People cannot change" in owner.post(reverse("swap_review", args=[scene.basic]), form()).content.decode()


def test_every_way_reason_and_failure_has_its_words(db: None) -> None:
    assert set(wording_swap.WAYS) == set(swap_terms.Way)
    for code in ("others_hold_it", "below_minimum", "above_maximum", *wording_swap.REASONS):
        assert wording_swap.reason(swap_plan.Reason(code=code, number=300))
    assert "Ann, Bob" in wording_swap.reason(swap_plan.Reason(code="others_hold_it", people=("Ann", "Bob")))
    assert wording_swap.names(tuple("abcdefg")) == "a, b, c, d, e and 2 more"
    assert "(strange)" in wording_swap.reason(swap_plan.Reason(code="strange"))
    assert wording_swap.person("strange") == wording_swap.person("other")
    assert "does not allow this change" in wording_swap.line_refusal("transition_busy")
    assert wording_swap.line_refusal("window_closed") == "The return window closed before the change could be sent."
