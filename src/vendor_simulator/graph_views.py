"""How people look on the simulated Graph: default members, derived licence members, and old views while a lag runs."""

import base64
import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from vendor_simulator import directory, exchange, graph_licences, graph_people, graph_replies

Document = dict[str, Any]

USER_DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
UNTRACKED = frozenset(
    {
        "aboutMe",
        "birthday",
        "hireDate",
        "interests",
        "mailboxSettings",
        "mySite",
        "pastProjects",
        "preferredName",
        "responsibilities",
        "schools",
        "skills",
    }
)
LISTS = (
    "assignedLicenses",
    "assignedPlans",
    "businessPhones",
    "identities",
    "imAddresses",
    "licenseAssignmentStates",
    "otherMails",
    "provisionedPlans",
    "proxyAddresses",
)
USER_MEMBERS = (
    frozenset(USER_DEFAULT)
    | UNTRACKED
    | frozenset(LISTS)
    | {
        "accountEnabled",
        "ageGroup",
        "city",
        "companyName",
        "country",
        "createdDateTime",
        "creationType",
        "deletedDateTime",
        "department",
        "employeeHireDate",
        "employeeId",
        "employeeType",
        "externalUserState",
        "faxNumber",
        "isResourceAccount",
        "mailNickname",
        "onPremisesImmutableId",
        "onPremisesLastSyncDateTime",
        "onPremisesSyncEnabled",
        "passwordPolicies",
        "passwordProfile",
        "postalCode",
        "preferredDataLocation",
        "showInAddressList",
        "signInSessionsValidFromDateTime",
        "state",
        "streetAddress",
        "usageLocation",
        "userType",
    }
)


def refuse_untracked(*, members: Sequence[str]) -> None:
    """Some members exist on a single person only and are not implemented in lists."""
    for name in members:
        if name in UNTRACKED:
            raise graph_replies.GraphError(501, "NotImplemented", f"'{name}' cannot be read in a list of users.")


def whole(*, user: graph_people.User) -> Document:
    """The person's document with the licence members derived from the held licences."""
    document: Document = {name: [] for name in LISTS} | user.document
    document["assignedLicenses"] = assigned(licences=user.licences)
    document["licenseAssignmentStates"] = [
        {
            "skuId": licence.sku_id,
            "disabledPlans": list(licence.disabled_plans),
            "assignedByGroup": licence.group_id or None,
            "state": licence.state,
            "error": licence.error,
            "lastUpdatedDateTime": licence.updated_at,
        }
        for licence in user.licences
    ]
    return document


def assigned(*, licences: Sequence[graph_people.Licence]) -> list[Document]:
    """The union over all active sources: a plan is off only where every source has it off."""
    union: dict[str, set[str]] = {}
    for licence in licences:
        if licence.state.startswith("Active"):
            off = set(licence.disabled_plans)
            union[licence.sku_id] = union[licence.sku_id] & off if licence.sku_id in union else off
    return [{"skuId": sku_id, "disabledPlans": sorted(off)} for sku_id, off in union.items()]


def chosen(*, document: Document, members: Sequence[str]) -> Document:
    """`document` cut to `members`; a member without value is null."""
    return {name: document.get(name) for name in members}


def with_plans(*, document: Document, pools: Mapping[str, graph_licences.Pool]) -> Document:
    """`document` with assignedPlans and provisionedPlans, derived from its licences."""
    plans: dict[str, Document] = {}
    since = {state["skuId"]: state["lastUpdatedDateTime"] for state in document["licenseAssignmentStates"]}
    for held in document["assignedLicenses"]:
        pool = pools.get(held["skuId"])
        for plan in pool.plans if pool else ():
            plan_id = str(plan["servicePlanId"]).lower()
            if plan_id not in held["disabledPlans"]:
                plans[plan_id] = {
                    "assignedDateTime": since[held["skuId"]],
                    "capabilityStatus": "Enabled",
                    "service": plan.get("service") or plan["servicePlanName"],
                    "servicePlanId": plan_id,
                }
    provisioned = [
        {"capabilityStatus": "Enabled", "provisioningStatus": "Success", "service": plan["service"]}
        for plan in plans.values()
    ]
    return document | {"assignedPlans": list(plans.values()), "provisionedPlans": provisioned}


def licence_details(*, user_id: str, document: Document, pools: Mapping[str, graph_licences.Pool]) -> list[Document]:
    """One entry per held licence with the state of each of its plans."""
    details = []
    for held in document["assignedLicenses"]:
        pool = pools.get(held["skuId"])
        name = uuid.UUID(user_id).bytes + uuid.UUID(held["skuId"]).bytes
        details.append(
            {
                "id": base64.urlsafe_b64encode(name).decode().rstrip("="),
                "skuId": held["skuId"],
                "skuPartNumber": pool.part_number if pool else None,
                "servicePlans": [
                    service_plan(plan=plan, is_off=str(plan["servicePlanId"]).lower() in held["disabledPlans"])
                    for plan in (pool.plans if pool else ())
                ],
            }
        )
    return details


def service_plan(*, plan: Mapping[str, Any], is_off: bool = False) -> Document:
    """A service plan in the wire form."""
    return {
        "servicePlanId": str(plan["servicePlanId"]).lower(),
        "servicePlanName": plan["servicePlanName"],
        "provisioningStatus": "Disabled" if is_off else plan.get("provisioningStatus", "Success"),
        "appliesTo": plan.get("appliesTo", "User"),
    }


def keep_old(call: exchange.Call, *, tenant_id: str, user_id: str, before: Document | None) -> None:
    """Keep the state before a write, None for not existing, as what readers see until the lag is over.

    The lag is the tenant's `read_lag_s`, or longer where the fault `late_visibility` struck this call.
    """
    lag_s = directory.setting(call.connection, tenant_id=tenant_id, name="read_lag_s")
    if call.fault is not None and call.strikes("late_visibility"):
        lag_s = max(lag_s, call.fault.visible_after_s)
    if lag_s <= 0:
        return
    until = graph_people.stamp(at=call.now + dt.timedelta(seconds=lag_s))
    call.connection.execute(
        "INSERT INTO directory_old_views VALUES (?, ?, ?, ?)", (tenant_id, user_id, until, json.dumps(before))
    )
    call.connection.execute(
        "UPDATE directory_changes SET visible_at = ? WHERE seq ="
        " (SELECT MAX(seq) FROM directory_changes WHERE tenant_id = ? AND user_id = ?)",
        (until, tenant_id, user_id),
    )
    call.connection.execute("DELETE FROM directory_old_views WHERE until_at <= ?", (graph_people.stamp(at=call.now),))


def visible(
    connection: sqlite3.Connection, *, tenant_id: str, users: Sequence[graph_people.User], now: dt.datetime
) -> list[Document | None]:
    """What readers see of each of `users` now, None for one that is not visible yet."""
    rows = connection.execute(
        "SELECT user_id, document, MIN(until_at) FROM directory_old_views"
        " WHERE tenant_id = ? AND until_at > ? GROUP BY user_id",
        (tenant_id, graph_people.stamp(at=now)),
    )
    old: dict[str, Document | None] = {row[0]: json.loads(row[1]) for row in rows}
    return [old[user.user_id] if user.user_id in old else whole(user=user) for user in users]
