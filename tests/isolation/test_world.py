"""The world of the probes holds what it promises: without that, nothing found would mean nothing."""

import uuid

import pytest
from django.apps import apps
from django.db import models

from seatwright.access import audit
from seatwright.orders import queries as orders
from tests.isolation.books import Books
from tests.isolation.canaries import LETTERS, TEXT, Canaries
from tests.isolation.world import World

# Words of the product or of the vendor, and digests: they are the same for everybody or say nothing.
CLOSED = set(
    """
    action actor_id actor_kind answered_over applies_to before billing_plan chain_key channel choice closed_by
    closed_how content_hash country created_by currency default digest document_hash fingerprint found hash head hint
    idempotency_key key kind language lease_key made_by offer_key options ours parked_reason password policy_version
    previous_hash refusal request_ref role scope segment shown_key sku_id source state status subject_id subject_kind
    tax_treatment term theirs time_zone unit_rate usage_location vendor_end_of_term vendor_key vendor_next_term
    vendor_returnable wishes worker_id
    """.split()
)


def text_columns() -> list[tuple[type[models.Model], str]]:
    kinds = (models.CharField, models.TextField, models.JSONField)
    return [
        (model, field.name)
        for model in apps.get_models()
        if model.__module__.startswith("seatwright.")
        for field in model._meta.concrete_fields
        if isinstance(field, kinds) and not field.choices and field.name not in CLOSED
    ]


@pytest.mark.django_db
def test_every_text_column_of_a_customers_rows_names_its_owner_somewhere(world: World) -> None:
    """A new column that holds words of people needs a canary in `world.py`, or a place among the closed words."""
    books, unmarked = Books(world), []
    for model, column in text_columns():
        owners: dict[str, set[str]] = {}
        for values in model._base_manager.values():
            owner = books.owner(model._meta.db_table, values)
            if owner in LETTERS:
                owners.setdefault(owner, set()).update(sign.upper() for sign in TEXT.findall(str(values[column])))
        for owner, signs in owners.items():
            if not signs or any(not sign.startswith(owner) for sign in signs):
                unmarked.append(f"{model._meta.db_table}.{column} of {owner}: {sorted(signs)}")
    assert unmarked == []


@pytest.mark.django_db
def test_the_three_customers_hold_the_same_kinds_of_rows(world: World) -> None:
    books = Books(world)
    tables = {letter: set() for letter in LETTERS}
    for table in books.tables:
        model = next(each for each in apps.get_models() if each._meta.db_table == table)
        for values in model._base_manager.values():
            owner = books.owner(table, values)
            if owner in LETTERS:
                tables[owner].add(table)
    assert tables["A"] == tables["B"] == tables["C"]
    assert len(tables["A"]) >= 15


@pytest.mark.django_db
def test_each_customer_has_an_order_in_every_state_and_its_chain_verifies(world: World) -> None:
    for letter in LETTERS:
        rows = orders.orders(seen_by=world.actor(f"{letter.lower()}_owner")).rows
        assert sorted(row.state for row in rows) == ["done", "failed", "running", "running", "running", "running"]
        # The swap has two lines, one of them for the operation that it has not opened yet.
        assert [len(world.customers[letter].ids[kind]) for kind in ("order_id", "operation_id")] == [6, 7]
    assert list(audit.breaks()) == []


def test_a_canary_is_found_in_whatever_form_it_comes() -> None:
    canaries = Canaries()
    row_id = uuid.uuid4()
    canaries.own_ids("B", [row_id])
    canaries.own_numbers("B", [7_654_321])
    canaries.own_secrets("B", ["k3y-of-b"])
    for text in (
        "<b>CANARY-B-0001</b>",
        "canary-b-0001.example",
        f"/o/{row_id}/licences",
        f"id={row_id.hex.upper()}",
        "7,654,321 seats",
        "7.654.321 Plätze",
        "7\u202f654\u202f321",
        "EUR 76,543.21",
        '"minor": 7654321,',
        "key=k3y-of-b&",
    ):
        assert {owner for owner, _sign in canaries.found(text)} == {"B"}, text
    for text in ("CANARY-B-", f"{uuid.uuid4()}", "17,654,321", "a7654321", "7654321f", "1.2.3"):
        assert canaries.found(text) == set(), text
