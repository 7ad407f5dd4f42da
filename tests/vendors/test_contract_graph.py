"""Every Graph member that the product reads exists in the published description, with a fitting type."""

import pathlib
from typing import Any

import msgspec
import pytest
import yaml

from seatwright.vendors.graph import adapter, wire

SCHEMA_BY_VIEW = {
    wire.SubscribedSku: "microsoft.graph.subscribedSku",
    wire.Units: "microsoft.graph.licenseUnitsDetail",
    wire.CompanySubscription: "microsoft.graph.companySubscription",
    wire.User: "microsoft.graph.user",
    wire.AssignmentState: "microsoft.graph.licenseAssignmentState",
    wire.AssignedLicense: "microsoft.graph.assignedLicense",
}


@pytest.fixture(scope="module")
def schemas(contracts: pathlib.Path) -> dict[str, Any]:
    text = (contracts / "graph" / "openapi-slice.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)["components"]["schemas"]
    return found


def members(schemas: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    names = set(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        names |= members(schemas, part)
    return names


@pytest.mark.parametrize("view", SCHEMA_BY_VIEW, ids=lambda view: view.__name__)
def test_every_member_read_is_published(view: type[msgspec.Struct], schemas: dict[str, Any]) -> None:
    published = members(schemas, schemas[SCHEMA_BY_VIEW[view]])
    read = {field.encode_name for field in msgspec.structs.fields(view)} - {"@removed"}
    assert read <= published


def test_every_member_asked_for_is_read() -> None:
    assert set(adapter.USER_MEMBERS.split(",")) == {
        field.encode_name for field in msgspec.structs.fields(wire.User)
    } - {"@removed"}
