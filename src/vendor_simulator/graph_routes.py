"""Which path of the simulated Graph leads where, in every spelling that clients use, and which roles may go there.

Clients write `/users/delta`, `/users/delta()` and `/users/microsoft.graph.delta()`, `/users/{id}` and `/users('{id}')`.
A token without any role is taken to have all of them; one that lists roles is held to them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from starlette.routing import BaseRoute, compile_path

from vendor_simulator import (
    directory,
    exchange,
    graph_batch,
    graph_delta,
    graph_groups,
    graph_replies,
    graph_tenant,
    graph_users,
)

ROOT = "/v1.0"
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A path template below the root; `!name` marks an action or cast, `!name()` a function, `{key}` a key."""

    method: str
    path: str
    handler: exchange.Handler
    roles: Sequence[str]


def _get(path: str, handler: exchange.Handler, roles: Sequence[str]) -> Endpoint:
    return Endpoint(method="GET", path=path, handler=handler, roles=roles)


def _post(path: str, handler: exchange.Handler, roles: Sequence[str]) -> Endpoint:
    return Endpoint(method="POST", path=path, handler=handler, roles=roles)


def _batch(call: exchange.Call) -> exchange.Answer:
    return graph_batch.run(call, dispatch=_dispatch)


ENDPOINTS = (
    _get("/organization", graph_tenant.list_organization, graph_tenant.ORGANIZATION),
    _get("/organization/{organization}", graph_tenant.read_organization, graph_tenant.ORGANIZATION),
    _get("/domains", graph_tenant.list_domains, graph_tenant.DOMAINS),
    _get("/domains/{domain}", graph_tenant.read_domain, graph_tenant.DOMAINS),
    _get("/subscribedSkus", graph_tenant.list_skus, graph_tenant.SKUS),
    _get("/subscribedSkus/{sku}", graph_tenant.read_sku, graph_tenant.SKUS),
    _get("/directory/subscriptions", graph_tenant.list_subscriptions, graph_tenant.SUBSCRIPTIONS),
    _get("/directory/subscriptions/$count", graph_tenant.count_subscriptions, graph_tenant.SUBSCRIPTIONS),
    _get(
        "/directory/subscriptions(commerceSubscriptionId='{subscription}')",
        graph_tenant.read_by_commerce_id,
        graph_tenant.SUBSCRIPTIONS,
    ),
    _get("/directory/subscriptions/{subscription}", graph_tenant.read_subscription, graph_tenant.SUBSCRIPTIONS),
    _get("/users", graph_users.list_users, graph_users.READ),
    _post("/users", graph_users.create_user, graph_users.WRITE),
    _get("/users/$count", graph_users.count_users, graph_users.READ),
    _get("/users/!delta()", graph_delta.read_changes, graph_users.READ),
    _get("/users/{user}", graph_users.read_user, graph_users.READ),
    Endpoint(method="PATCH", path="/users/{user}", handler=graph_users.change_user, roles=graph_users.WRITE),
    Endpoint(method="DELETE", path="/users/{user}", handler=graph_users.delete_user, roles=graph_users.WRITE),
    _post("/users/{user}/!assignLicense", graph_users.assign_licence, graph_users.ASSIGN),
    _get("/users/{user}/licenseDetails", graph_users.list_licence_details, graph_users.DETAILS),
    _get("/groups", graph_groups.list_groups, graph_groups.READ),
    _get("/groups/{group}", graph_groups.read_group, graph_groups.READ),
    _post("/groups/{group}/!assignLicense", graph_groups.assign_licence, graph_groups.ASSIGN),
    _get("/groups/{group}/members", graph_groups.list_members, graph_groups.READ_MEMBERS),
    _get("/groups/{group}/members/!user", graph_groups.list_members, graph_groups.READ_MEMBERS),
    _post("/groups/{group}/members/$ref", graph_groups.add_member, graph_groups.WRITE_MEMBERS),
    Endpoint(
        method="DELETE",
        path="/groups/{group}/members/{member}/$ref",
        handler=graph_groups.remove_member,
        roles=graph_groups.WRITE_MEMBERS,
    ),
    _get("/groups/{group}/membersWithLicenseErrors", graph_groups.list_members_in_error, graph_groups.READ),
    _post("/$batch", _batch, ()),
)


def spellings(*, path: str) -> list[str]:
    """Every way in which clients write a path template."""
    segments = []
    for segment in re.findall(r"/[^/]+", path):
        if segment.startswith("/!"):
            name = segment[2:]
            short = name.removesuffix("()")
            choices = [f"/{name}", f"/microsoft.graph.{name}", f"/graph.{name}"]
            if short != name:
                choices += [f"/{short}", f"/microsoft.graph.{short}"]
            segments.append(choices)
        elif segments and re.fullmatch(r"/\{\w+\}", segment):
            segments.append([segment, f"('{segment[1:]}')"])
        else:
            segments.append([segment])
    return ["".join(chosen) for chosen in product(*segments)]


def _guarded(endpoint: Endpoint) -> exchange.Handler:
    """The endpoint's handler behind the checks of tenant and role, with refusals in the vendor's form."""

    def handle(call: exchange.Call) -> exchange.Answer:
        try:
            _check_caller(call, endpoint.roles)
            graph_groups.settle(call.connection, now=call.now)
            return endpoint.handler(call)
        except graph_replies.GraphError as error:
            raise exchange.Refused(graph_replies.refusal(call=call, error=error)) from error

    return handle


def _check_caller(call: exchange.Call, roles: Sequence[str]) -> None:
    assert call.claims is not None
    if not directory.is_open(call.connection, tenant_id=call.claims.tenant_id.lower()):
        raise graph_replies.GraphError(403, "Authorization_RequestDenied", "The tenant of the token has no directory.")
    held = call.claims.roles
    if roles and held and not set(roles) & set(held):
        raise graph_replies.GraphError(
            403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
        )


def _unknown(call: exchange.Call) -> exchange.Answer:
    """405 for a known path with another method, else 404 for the segment."""
    if any(pattern.fullmatch(call.path) for _, pattern, _ in TABLE):
        raise graph_replies.GraphError(
            405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
        )
    segment = call.path.removeprefix(ROOT).strip("/").partition("/")[0]
    raise graph_replies.GraphError(404, "ResourceNotFound", f"Resource not found for the segment '{segment}'.")


UNKNOWN = _guarded(Endpoint(method="GET", path="", handler=_unknown, roles=()))
HANDLERS = [(endpoint, _guarded(endpoint)) for endpoint in ENDPOINTS]
TABLE = [
    (endpoint.method, compile_path(ROOT + spelling)[0], handler)
    for endpoint, handler in HANDLERS
    for spelling in spellings(path=endpoint.path)
]


def _dispatch(call: exchange.Call) -> exchange.Answer:
    """The answer to a part of a batch, found by method and path."""
    for method, pattern, handler in TABLE:
        found = pattern.match(call.path)
        if found is not None and method == call.method:
            call.path_params = dict(found.groupdict())
            return handler(call)
    return UNKNOWN(call)


routes: list[BaseRoute] = [
    *(
        exchange.route(endpoint.method, ROOT + spelling, handler, face=graph_replies.FACE)
        for endpoint, handler in HANDLERS
        for spelling in spellings(path=endpoint.path)
    ),
    *(exchange.route(method, f"{ROOT}/{{rest:path}}", UNKNOWN, face=graph_replies.FACE) for method in METHODS),
]
