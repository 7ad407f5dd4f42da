"""Every fault of the plan strikes, is counted, and leaves the books as its name says."""

import datetime as dt
import email.utils
import json
import time

import httpx2
import pytest

from tests.simulator.partner_scene import ALPHA, BASIC, BETA, NOW, Partner, code_of
from vendor_simulator import faults

PATCHES = {"method": "PATCH", "path": f"/subscriptions/{BASIC}$"}
READS = {"method": "GET", "path": f"/subscriptions/{BASIC}$"}


def fired(partner: Partner) -> dict[str, int]:
    return {kind: count for kind, count in partner.simulator.fired().items() if count}


def test_silence_before_the_effect_changes_nothing(partner: Partner) -> None:
    partner.simulator.fault("timeout_before_effect", match=PATCHES)
    with pytest.raises(httpx2.RemoteProtocolError):
        partner.set_seats(18)
    assert partner.subscription()["quantity"] == 15
    assert fired(partner) == {"timeout_before_effect": 1}


@pytest.mark.parametrize("variant", ["closed", "mid_body"])
def test_silence_after_the_effect_leaves_it_in_place(partner: Partner, variant: str) -> None:
    partner.simulator.fault("timeout_after_effect", match=PATCHES, variant=variant)
    with pytest.raises(httpx2.RemoteProtocolError):
        partner.set_seats(18)
    assert partner.subscription()["quantity"] == 18
    assert fired(partner) == {"timeout_after_effect": 1}


def test_a_hanging_answer_outlasts_the_callers_patience_without_stopping_others(partner: Partner) -> None:
    partner.simulator.fault("timeout_after_effect", match=PATCHES, hang_s=1.5)
    body = partner.subscription() | {"quantity": 18}
    started = time.monotonic()
    with pytest.raises(httpx2.ReadTimeout):
        partner.client.patch(f"/customers/{ALPHA}/subscriptions/{BASIC}", json=body, timeout=0.2)
    assert partner.subscription()["quantity"] == 18
    assert time.monotonic() - started < 1.4


@pytest.mark.parametrize(
    ("variant", "header"),
    [("integer", "7"), ("decimal", "7.128"), ("missing", None), ("negative", "-5"), ("day", "86400")],
)
def test_throttling_asks_to_wait_in_every_form(partner: Partner, variant: str, header: str | None) -> None:
    partner.simulator.fault("throttle_429", match=PATCHES, variant=variant, wait_s=7)
    answer = partner.set_seats(18)
    assert answer.status_code == 429
    assert answer.headers.get("Retry-After") == header
    assert answer.json() == {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 7 seconds."}
    assert partner.subscription()["quantity"] == 15


def test_throttling_may_name_a_date_of_the_vendors_clock(partner: Partner) -> None:
    partner.simulator.fault("throttle_429", variant="http_date", wait_s=30)
    answer = partner.get("/customers")
    named = email.utils.parsedate_to_datetime(answer.headers["Retry-After"])
    assert named == dt.datetime.fromisoformat(NOW) + dt.timedelta(seconds=30)


def test_server_errors_come_before_or_after_the_effect(partner: Partner) -> None:
    partner.simulator.fault("error_5xx_before_effect", match=PATCHES, status=502)
    partner.simulator.fault("error_5xx_after_effect", match=PATCHES | {"nth": 2}, status=500)
    assert partner.set_seats(18).status_code == 502
    assert partner.subscription()["quantity"] == 15
    assert partner.set_seats(18).status_code == 500
    assert partner.subscription()["quantity"] == 18
    assert fired(partner) == {"error_5xx_before_effect": 1, "error_5xx_after_effect": 1}


def test_a_refusal_carries_the_code_that_the_plan_gives(partner: Partner) -> None:
    partner.simulator.fault("refuse", match=PATCHES, status=409, code=900278)
    assert code_of(partner.set_seats(18)) == (409, 900278)
    assert partner.subscription()["quantity"] == 15


def test_late_visibility_shows_the_old_state_until_its_instant(partner: Partner) -> None:
    partner.simulator.fault("late_visibility", match=PATCHES, visible_after_s=600)
    assert partner.set_seats(18).json()["quantity"] == 18
    assert partner.subscription()["quantity"] == 15
    assert partner.get(f"/customers/{ALPHA}/subscriptions").json()["items"][0]["quantity"] == 15
    partner.simulator.clock(advance_s=600)
    assert partner.subscription()["quantity"] == 18
    assert fired(partner) == {"late_visibility": 1}


def test_flapping_reads_show_old_and_new_by_turns_until_their_instant(partner: Partner) -> None:
    partner.simulator.fault("flapping", match=PATCHES, visible_after_s=600)
    partner.set_seats(18)
    assert [partner.subscription()["quantity"] for _ in range(4)] == [15, 18, 15, 18]
    partner.simulator.clock(advance_s=600)
    assert [partner.subscription()["quantity"] for _ in range(2)] == [18, 18]
    assert fired(partner) == {"flapping": 1}


def test_an_accepted_change_can_be_asked_of_one_call(partner: Partner) -> None:
    partner.simulator.fault("answer_202", match=PATCHES, visible_after_s=60)
    assert partner.set_seats(18).status_code == 202
    assert partner.subscription()["quantity"] == 15
    partner.simulator.clock(advance_s=60)
    assert partner.subscription()["quantity"] == 18


def test_an_ignored_write_answers_well_and_does_nothing(partner: Partner) -> None:
    partner.simulator.fault("ignored_write", match=PATCHES)
    answer = partner.set_seats(18)
    assert (answer.status_code, answer.json()["quantity"]) == (200, 15)
    assert partner.simulator.effects() == []
    assert fired(partner) == {"ignored_write": 1}


def test_a_fault_that_had_nothing_to_spoil_is_not_counted(partner: Partner) -> None:
    partner.simulator.fault("late_visibility", match=PATCHES)
    assert partner.set_seats(1000).status_code == 400
    assert fired(partner) == {}


@pytest.mark.parametrize("variant", [form for form in faults.GARBLED_FORMS if form not in {"gzip_bomb", "huge"}])
def test_garbled_answers_differ_from_the_documented_form(partner: Partner, variant: str) -> None:
    plain = partner.get(f"/customers/{ALPHA}/subscriptions/{BASIC}")
    partner.simulator.fault("garbled", match=READS, variant=variant)
    garbled = partner.get(f"/customers/{ALPHA}/subscriptions/{BASIC}")
    assert garbled.status_code == 200
    assert (garbled.content, garbled.headers["Content-Type"] if garbled.content else "") != (
        plain.content,
        plain.headers["Content-Type"],
    )
    assert fired(partner) == {"garbled": 1}


def test_garbled_forms_are_what_their_names_say(partner: Partner) -> None:
    plain = partner.get(f"/customers/{ALPHA}/subscriptions/{BASIC}").content
    assert faults.garble("bom", plain).payload == b"\xef\xbb\xbf" + plain
    assert b'"quantity": NaN' in faults.garble("nan", plain).payload
    assert faults.garble("duplicate_keys", plain).payload.count(b'"quantity": ') == plain.count(b'"quantity": ') + 1
    assert json.loads(faults.garble("unknown_enum", plain).payload)["status"] == "quiescent"
    assert "unheardOf" in json.loads(faults.garble("extra_fields", plain).payload)
    assert "quantity" not in json.loads(faults.garble("missing_fields", plain).payload)
    assert len(faults.garble("huge", plain).payload) == 50_000_000
    with pytest.raises(RecursionError):
        json.loads(faults.garble("deep_nesting", plain).payload)


def test_a_compressed_bomb_is_small_on_the_wire(partner: Partner) -> None:
    partner.simulator.fault("garbled", match=READS, variant="gzip_bomb")
    path = f"/customers/{ALPHA}/subscriptions/{BASIC}"
    with partner.client.stream("GET", path) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) < 1_000_000


def test_a_rule_waits_for_its_turn_and_strikes_as_often_as_it_says(partner: Partner) -> None:
    partner.simulator.fault("refuse", match={"path": "/customers$", "nth": 2, "times": 2}, status=400)
    statuses = [partner.get("/customers").status_code for _ in range(5)]
    assert statuses == [200, 400, 400, 200, 200]
    partner.simulator.fault("refuse", match={"path": "/customers$", "times": 0}, status=403)
    assert {partner.get("/customers").status_code for _ in range(5)} == {403}
    partner.simulator.clear_faults()
    assert partner.get("/customers").status_code == 200
    assert fired(partner) == {"refuse": 7}


def test_a_rule_for_one_tenant_leaves_the_others_alone(partner: Partner) -> None:
    partner.simulator.fault("throttle_429", match={"tenant": ALPHA, "times": 0})
    assert partner.get(f"/customers/{ALPHA}").status_code == 429
    assert partner.get(f"/customers/{BETA}").status_code == 200


def test_a_seeded_plan_gives_the_same_calls_the_same_fates(partner: Partner) -> None:
    fates = []
    for _ in range(2):
        partner.simulator.clear_faults()
        partner.simulator.fault_plan(seed=7, rates={"throttle_429": 0.2, "error_5xx_before_effect": 0.3})
        fates.append([partner.get("/customers").status_code for _ in range(60)])
    assert fates[0] == fates[1]
    assert set(fates[0]) == {200, 429, 503}
    partner.simulator.clear_faults()
    partner.simulator.fault_plan(seed=8, rates={"throttle_429": 0.2, "error_5xx_before_effect": 0.3})
    assert [partner.get("/customers").status_code for _ in range(60)] != fates[0]


def test_the_token_endpoint_has_faults_of_its_own(partner: Partner) -> None:
    partner.simulator.fault("error_5xx_before_effect", match={"face": "login"})
    settings = partner.simulator.settings()
    form = {
        "grant_type": "client_credentials",
        "client_id": settings["client_id"],
        "client_secret": settings["client_secret"],
        "resource": "https://graph.microsoft.com",
    }
    url = f"{partner.simulator.base_url}/{ALPHA}/oauth2/token"
    assert httpx2.post(url, data=form).status_code == 503
    assert httpx2.post(url, data=form).json()["expires_in"] == "3599"
