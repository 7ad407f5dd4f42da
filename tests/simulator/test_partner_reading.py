"""What Partner Center tells: customers, catalogue, subscriptions, and how it refuses."""

import json
import urllib.parse
import uuid

import httpx2
import pytest

from tests.simulator.partner_scene import ALPHA, BASIC, BASIC_LICENCE, BETA, FOREIGN, GONE, Partner, code_of
from vendor_simulator import books, testing

CHARITY = "44444444-4444-4444-8444-444444444444"


def test_customers_come_in_pages_whose_link_carries_the_token_as_a_header(partner: Partner) -> None:
    first = partner.get("/customers?size=1").json()
    following = first["links"]["next"]
    token = {header["key"]: header["value"] for header in following["headers"]}
    second = partner.client.get(following["uri"], headers=token).json()
    assert [item["companyProfile"]["companyName"] for item in first["items"] + second["items"]] == ["Alpha", "Beta"]
    assert first["totalCount"] == 2
    assert "next" not in second["links"]


def test_customers_are_found_by_the_start_of_their_name(partner: Partner) -> None:
    wanted = json.dumps({"Field": "CompanyName", "Value": "be", "Operator": "starts_with"})
    found = partner.get(f"/customers?filter={urllib.parse.quote(wanted)}").json()["items"]
    assert [item["id"] for item in found] == [BETA]


def test_an_ended_relationship_is_not_listed_and_not_open(partner: Partner) -> None:
    assert code_of(partner.get(f"/customers/{GONE}")) == (403, 20002)
    assert code_of(partner.get(f"/customers/{uuid.uuid4()}")) == (404, 60003)
    assert code_of(partner.get("/customers/no-guid")) == (404, 60003)


def test_answers_echo_the_ids_of_the_call(partner: Partner) -> None:
    request_id, correlation_id = str(uuid.uuid4()), str(uuid.uuid4())
    answer = partner.get("/customers", MS_RequestId=request_id, MS_CorrelationId=correlation_id)
    assert answer.headers["MS-RequestId"] == request_id
    assert answer.headers["MS-CorrelationId"] == correlation_id
    assert answer.headers["MS-CV"]
    doubled = partner.get("/products?country=DE&targetView=OnlineServices", MS_RequestId=request_id)
    assert doubled.headers["MS-RequestId"] == f"{request_id},{request_id}"


def test_an_unknown_path_is_refused_in_the_documented_body(partner: Partner) -> None:
    answer = partner.get("/customers/usage/unheard")
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "description", "data", "source"}
    assert isinstance(answer.json()["code"], int)


def test_a_token_is_needed_for_this_service_and_only_while_it_lives(partner: Partner) -> None:
    bare = httpx2.get(f"{partner.simulator.base_url}/v1/customers")
    assert code_of(bare) == (401, 800001)
    partner.simulator.clock(advance_s=3599)
    assert partner.get("/customers").status_code == 200
    partner.simulator.clock(advance_s=1)
    assert code_of(partner.get("/customers")) == (401, 800001)
    partner.renew_token(audience=books.GRAPH_AUDIENCE)
    assert code_of(partner.get("/customers")) == (401, 900420)
    partner.renew_token()
    assert partner.get("/customers").status_code == 200


def test_foreign_subscriptions_are_in_the_directory_but_not_in_the_partners_list(partner: Partner) -> None:
    listed = partner.get(f"/customers/{ALPHA}/subscriptions").json()
    assert [item["id"] for item in listed["items"]] == [BASIC]
    assert code_of(partner.get(f"/customers/{ALPHA}/subscriptions/{FOREIGN}")) == (404, 20003)
    assert code_of(partner.get(f"/customers/{BETA}/subscriptions/{BASIC}")) == (404, 20003)
    held = books.pool_sources(books.open_books(partner.simulator.books_path), ALPHA)
    assert [(source.subscription_id, source.sku_id, source.quantity) for source in held] == [
        (BASIC, BASIC_LICENCE, 15),
        (FOREIGN, BASIC_LICENCE, 7),
    ]


def test_end_dates_name_the_last_day_and_seats_their_windows(partner: Partner) -> None:
    found = partner.subscription()
    assert found["commitmentEndDate"] == "2026-06-14T00:00:00Z"
    assert found["commitmentEndDateTime"] == "2026-06-14T23:59:59Z"
    assert found["billingCycleEndDate"] == "2026-03-14T00:00:00Z"
    assert found["quantity"] == 15
    assert found["refundableQuantity"] == {
        "totalQuantity": 5,
        "details": [{"quantity": 5, "allowedUntilDateTime": "2026-03-08T12:00:00.0000000Z"}],
    }
    assert "cancellationAllowedUntilDate" not in found


def test_a_subscription_id_is_found_in_either_case(partner: Partner) -> None:
    assert partner.subscription(subscription_id=BASIC.upper())["id"] == BASIC


def test_provisioning_status_names_the_licence_and_may_want_a_signed_in_user(partner: Partner) -> None:
    path = f"/customers/{ALPHA}/subscriptions/{BASIC}/provisioningstatus"
    found = partner.get(path).json()
    assert (found["skuId"], found["status"], found["quantity"]) == (BASIC_LICENCE, "success", 15)
    partner.simulator.settings(app_only_refused=True)
    assert code_of(partner.get(path)) == (403, 900329)


def test_the_catalogue_leads_from_product_to_item(partner: Partner) -> None:
    products = partner.get("/products?country=DE&targetView=OnlineServices").json()["items"]
    assert [product["title"] for product in products] == ["Office Basic", "Archiving"]
    skus = partner.client.get(products[0]["links"]["skus"]["uri"]).json()["items"]
    assert skus[0]["dynamicAttributes"]["provisioningId"] == BASIC_LICENCE
    items = partner.client.get(skus[0]["links"]["availabilities"]["uri"]).json()["items"]
    assert [item["segment"] for item in items] == ["commercial"]
    assert items[0]["catalogItemId"] == f"CFQ7TTC0AAA1:0001:{items[0]['id']}"
    assert {(term["duration"], term["billingCycle"]) for term in items[0]["terms"]} >= {("P1Y", "Annual")}


def test_nonprofit_items_show_when_asked_for_or_to_such_a_customer(partner: Partner) -> None:
    base = "/products/CFQ7TTC0AAA1/skus/0001/availabilities"
    partner.simulator.seed(
        {"customers": [{"tenantId": CHARITY, "company": "Aid", "domain": "aid.example", "segment": "nonprofit"}]}
    )
    asked = partner.get(f"{base}?country=DE&targetSegment=nonprofit").json()["items"]
    own = partner.get(f"/customers/{CHARITY}{base}").json()["items"]
    others = partner.get(f"/customers/{ALPHA}{base}").json()["items"]
    assert [item["segment"] for item in asked] == ["nonprofit"]
    assert [item["segment"] for item in own] == ["commercial", "nonprofit"]
    assert [item["segment"] for item in others] == ["commercial"]


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/products?targetView=OnlineServices", (400, 400)),
        ("/products?country=DE&targetView=Nothing", (403, 400036)),
        ("/products/CFQ7TTC0AAA1/skus?country=DE&targetSegment=pirates", (403, 400030)),
        ("/products/CFQ7TTC0ZZZZ?country=DE", (404, 400013)),
        ("/products/CFQ7TTC0AAA1/skus/9999?country=DE", (404, 400018)),
        ("/products/CFQ7TTC0AAA1/skus/0001/availabilities/NOPE?country=DE", (404, 400019)),
    ],
)
def test_the_catalogue_refuses_by_documented_codes(partner: Partner, path: str, refusal: tuple[int, int]) -> None:
    assert code_of(partner.get(path)) == refusal


def test_a_sku_that_is_no_longer_sold_has_no_items(partner: Partner) -> None:
    found = partner.get("/products/CFQ7TTC0AAA1/skus/0002/availabilities?country=DE").json()
    assert found["items"] == []


def test_item_ids_drift_from_day_to_day_when_told_to(partner: Partner) -> None:
    partner.simulator.settings(catalogue_drifts=True)
    today = partner.catalogue_item()
    assert partner.catalogue_item() == today
    partner.simulator.clock(advance_s=86400)
    partner.renew_token()
    assert partner.catalogue_item() != today


def test_promotions_are_listed_by_country(partner: Partner) -> None:
    found = partner.get("/productpromotions?country=DE&segment=commercial").json()["items"]
    assert [promotion["name"] for promotion in found] == ["Spring"]
    assert partner.get("/productpromotions?country=FR&segment=commercial").json()["items"] == []


def test_a_budget_of_calls_is_kept_for_each_customer(partner: Partner) -> None:
    partner.simulator.settings(calls_per_minute=2)
    answers = [partner.get(f"/customers/{ALPHA}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert set(answers[2].json()) == {"statusCode", "message"}
    assert partner.get(f"/customers/{BETA}").status_code == 200


def test_admin_routes_want_their_own_token_and_name_what_is_wrong(simulator: testing.Simulator) -> None:
    assert httpx2.get(f"{simulator.base_url}/_admin/effects").status_code == 403
    with pytest.raises(ValueError, match="no setting is called colour"):
        simulator.settings(colour="blue")
    with pytest.raises(ValueError, match="no fault kind is called gremlin"):
        simulator.fault("gremlin")
    with pytest.raises(ValueError, match="products do not hold"):
        simulator.seed(
            {
                "customers": [
                    {
                        "tenantId": str(uuid.uuid4()),
                        "company": "Half",
                        "domain": "half.example",
                        "subscriptions": [{"productId": "NOPE", "skuId": "0001", "quantity": 1}],
                    }
                ]
            }
        )
    assert "Half" not in json.dumps(simulator.dump()["customers"])
