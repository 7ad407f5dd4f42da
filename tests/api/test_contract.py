"""The OpenAPI document is what the API does: generated requests, good and bad, are held against it."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from hypothesis import HealthCheck, settings

from seatwright.api import document, inputs, problems, urls
from seatwright.config.wsgi import application
from tests.api.program import BASE, Program, Programs
from tests.api.test_isolation import sheet_of
from tests.stories.world import World

pytestmark = pytest.mark.usefixtures("db")
EXAMPLES = 50
REQUEST_ENDS = (signals.request_started, signals.request_finished)


def application_in_a_transaction(environ: dict[str, Any], start_response: Any) -> Any:
    """The WSGI application, which leaves the test's open transaction alone, as under Django's own test client."""
    for signal in REQUEST_ENDS:
        signal.disconnect(close_old_connections)
    return application(environ, start_response)


schema = schemathesis.openapi.from_dict(document.document())
schema.app = application_in_a_transaction
# A request may be well-formed and still be refused by the rules, which answer 422.
schema.config.checks.positive_data_acceptance.expected_statuses = ["2xx", "403", "404", "409", "422"]


@dataclass(frozen=True)
class Known:
    """A program with all rights, and ids and a key that really exist."""

    program: Program
    path_ids: dict[str, str]
    subscription_ids: list[str]
    key: str

    def made_known(self, case: Any) -> None:
        """Turn the ids of about half of the good requests into known ones, decided by the ids generated for them."""
        ids = ((name, value) for name, value in case.path_parameters.items() if name in self.path_ids)
        name, generated = next(ids, ("", ""))
        if not name or case.meta.generation.mode.value != "positive" or uuid.UUID(generated).int % 2:
            return
        case.path_parameters[name] = self.path_ids[name]
        if isinstance(case.body, dict) and isinstance(case.body.get("quantities"), list):
            for line, known in zip(case.body["quantities"], self.subscription_ids, strict=False):
                line["subscription_id"] = known
        if "Idempotency-Key" in case.headers and uuid.UUID(generated).int % 4:
            case.headers["Idempotency-Key"] = self.key


@pytest.fixture
def known(world: World, ask: Programs, settings: Any) -> Iterator[Known]:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    placed = ask.ordered("staff", ask.quoted("staff", "north", basic=11), on_behalf_reason="telephone").json()
    (line,) = ask.by("staff").get(f"/orders/{placed['id']}").json()["lines"]
    quote = ask.quoted("staff", "north", standard=6)
    lines = ask.wish("north", exchange=1, standard=1, basic=1)["quantities"]
    yield Known(
        program=ask.by("staff"),
        path_ids={
            "customer_id": str(world.customer_ids["north"]),
            "subscription_id": line["subscription_id"],
            "quote_id": quote["id"],
            "order_id": placed["id"],
            "operation_id": line["operation_id"],
            "sheet_id": str(sheet_of(world)),
        },
        subscription_ids=[line["subscription_id"] for line in lines],
        key=quote["idempotency_key"],
    )
    for signal in REQUEST_ENDS:
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_generated_requests_get_answers_as_described(case: Any, known: Known) -> None:
    known.made_known(case)
    case.call_and_validate(headers=known.program.headers())


def test_the_document_is_served_to_holders_of_a_token_only(ask: Programs) -> None:
    assert ask.by("north_billing", scope="read").get("/openapi.json").json() == document.document()
    assert Program("swt_" + "x" * 32).get("/openapi.json").status_code == 401


def test_addresses_and_document_name_each_other_completely() -> None:
    described = {path.removeprefix(f"{BASE}/") for path in document.document()["paths"]}
    routes = {str(pattern.pattern): pattern.name for pattern in urls.urlpatterns}
    apart = {"openapi": "the document itself", "api-root": "nothing here", "nothing_here": "nothing here"}
    assert {re.sub(r"<\w+:(\w+)>", r"{\1}", route) for route, name in routes.items() if name not in apart} == described


def test_every_operation_needs_a_token_and_says_how_it_refuses() -> None:
    for path, methods in document.document()["paths"].items():
        for operation in methods.values():
            assert operation["security"] == [{"Bearer": []}], path
            refusals = {status for status in operation["responses"] if status.startswith("4")}
            assert refusals >= {"401", "403", "422", "429"}, path
            assert ("404" in refusals) == ("{" in path)
            for status in refusals:
                assert list(operation["responses"][status]["content"]) == [problems.MEDIA_TYPE]


def test_the_query_parameters_known_to_the_check_are_those_of_the_document() -> None:
    operations = [each for methods in document.document()["paths"].values() for each in methods.values()]
    found = {each["name"] for operation in operations for each in operation["parameters"] if each["in"] == "query"}
    assert found == inputs.QUERY_NAMES


def test_no_body_accepts_members_that_are_not_listed() -> None:
    schemas = document.document()["components"]["schemas"]
    bodies = [each for each in vars(inputs).values() if isinstance(each, type) and issubclass(each, inputs.Body)]
    assert {each.__name__ for each in bodies} - {"Body"} == {
        "SeatWish",
        "Quantity",
        "Agreement",
        "Settlement",
        "WishAnswer",
    }
    assert all(schemas[each.__name__]["additionalProperties"] is False for each in bodies if each is not inputs.Body)
