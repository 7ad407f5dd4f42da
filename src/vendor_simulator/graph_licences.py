"""Licence pools and the rules of assigning from them, as the simulated Graph keeps them.

A pool sums every subscription of one licence in a tenant, ours and those bought elsewhere. A person costs one unit
however many sources the licence comes from. A change of a person's licences happens whole or not at all.
"""

import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vendor_simulator import books, graph_people, graph_replies

Document = dict[str, Any]

# What commerce calls a state, and what the directory calls it.
STATUSES: Mapping[str, str] = {
    "active": "Enabled",
    "enabled": "Enabled",
    "expired": "Warning",
    "warning": "Warning",
    "suspended": "Suspended",
    "disabled": "Suspended",
    "lockedout": "LockedOut",
    "deleted": "Deleted",
    "cancelled": "Deleted",
}
UNITS: Mapping[str, str] = {
    "Enabled": "enabled",
    "Warning": "warning",
    "Suspended": "suspended",
    "LockedOut": "lockedOut",
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """One subscription behind a pool, with the directory's word for its state."""

    book: books.PoolSource
    status: str


@dataclass(kw_only=True)
class Pool:
    """All units of one licence in a tenant; `assignable` may be negative after a reduction."""

    sku_id: str
    part_number: str
    applies_to: str
    plans: Sequence[Mapping[str, Any]]
    consumed: int = 0
    sources: list[Source] = field(default_factory=list)

    @property
    def units(self) -> dict[str, int]:
        sums = dict.fromkeys(UNITS.values(), 0)
        for source in self.sources:
            if source.status in UNITS:
                sums[UNITS[source.status]] += source.book.quantity
        return sums

    @property
    def capability_status(self) -> str:
        """The best state among the sources that have seats."""
        held = {source.status for source in self.sources if source.book.quantity > 0}
        return next((status for status in (*UNITS, "Deleted") if status in held), "Deleted")

    @property
    def assignable(self) -> int:
        units = self.units
        return units["enabled"] + units["warning"] - self.consumed

    @property
    def plan_ids(self) -> frozenset[str]:
        return frozenset(str(plan["servicePlanId"]).lower() for plan in self.plans)


def source_id(*, source: Source) -> str:
    """The directory's own id of a subscription, which is not the commerce one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"companySubscription/{source.book.subscription_id.lower()}"))


def sources(connection: sqlite3.Connection, *, tenant_id: str) -> list[Source]:
    """The tenant's subscriptions that the directory knows; those still pending are not there yet."""
    found = books.pool_sources(connection, tenant_id)
    return [
        Source(book=book, status=STATUSES[book.status.lower()]) for book in found if book.status.lower() in STATUSES
    ]


def pools(connection: sqlite3.Connection, *, tenant_id: str) -> dict[str, Pool]:
    """The tenant's pools by licence id, those included whose subscriptions are all deleted."""
    found: dict[str, Pool] = {}
    for source in sources(connection, tenant_id=tenant_id):
        sku_id = source.book.sku_id.lower()
        if sku_id not in found:
            found[sku_id] = Pool(
                sku_id=sku_id,
                part_number=source.book.part_number,
                applies_to=source.book.applies_to or "User",
                plans=source.book.service_plans,
            )
        found[sku_id].sources.append(source)
    for sku_id, count in graph_people.consumed(connection, tenant_id=tenant_id).items():
        if sku_id in found:
            found[sku_id].consumed = count
    return found


@dataclass(frozen=True, kw_only=True)
class PlanRules:
    """Which plans need one of others, and which pairs exclude each other."""

    needs: Mapping[str, frozenset[str]]
    clashes: frozenset[tuple[str, str]]


def plan_rules(connection: sqlite3.Connection) -> PlanRules:
    needs: dict[str, set[str]] = {}
    for plan_id, needed in connection.execute("SELECT plan_id, needed_plan_id FROM directory_plan_needs"):
        needs.setdefault(plan_id, set()).add(needed)
    clashes = connection.execute("SELECT plan_id, other_plan_id FROM directory_plan_clashes")
    return PlanRules(
        needs={plan_id: frozenset(found) for plan_id, found in needs.items()},
        clashes=frozenset((row[0], row[1]) for row in clashes),
    )


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one call asks for: licences to add with their disabled plans, and licence ids to remove."""

    add: Mapping[str, tuple[str, ...]]
    remove: frozenset[str]


class LicenceProblem(graph_replies.GraphError):
    """A licence change that the directory refuses; `violation` is its name in licenseAssignmentStates."""

    def __init__(self, message: str, *, violation: str = "Other") -> None:
        super().__init__(400, "Request_BadRequest", message)
        self.violation = violation


def check_known(*, change: Change, pools: Mapping[str, Pool]) -> None:
    """Refuses licences that the tenant does not own for people, and plans that are not part of theirs."""
    for sku_id, disabled in change.add.items():
        pool = pools.get(sku_id)
        if pool is None or pool.applies_to != "User" or pool.capability_status == "Deleted":
            raise LicenceProblem(f"License {sku_id} does not correspond to a valid company License.")
        for plan_id in disabled:
            if plan_id not in pool.plan_ids:
                raise LicenceProblem(f"Service plan {plan_id} is not part of the license {sku_id}.")


def direct_after(*, user: graph_people.User, change: Change) -> list[graph_people.Licence]:
    """The user's licences after the change, group ones kept; refuses the removal of what is not held directly."""
    direct = {licence.sku_id for licence in user.licences if not licence.group_id}
    inherited = {licence.sku_id for licence in user.licences if licence.group_id}
    for sku_id in sorted(change.remove - direct):
        if sku_id in inherited:
            raise LicenceProblem(
                "User license is inherited from a group membership and it cannot be removed directly from the user."
            )
        raise LicenceProblem("User does not have a corresponding license.")
    touched = change.remove | change.add.keys()
    kept = [licence for licence in user.licences if licence.group_id or licence.sku_id not in touched]
    added = [
        graph_people.Licence(sku_id=sku_id, group_id="", disabled_plans=disabled)
        for sku_id, disabled in change.add.items()
    ]
    return [*kept, *added]


def check_result(
    *, user: graph_people.User, after: Sequence[graph_people.Licence], pools: Mapping[str, Pool], rules: PlanRules
) -> None:
    """Refuses a result that lacks free units or whose plans miss or exclude each other."""
    before_ids = {licence.sku_id for licence in user.licences if licence.state.startswith("Active")}
    for licence in after:
        if not licence.state.startswith("Active") or licence.sku_id in before_ids:
            continue
        pool = pools.get(licence.sku_id)
        if pool is None or pool.assignable < 1:
            raise LicenceProblem(
                f"Subscription with SKU {licence.sku_id} does not have any available licenses.",
                violation="CountViolation",
            )
    check_plans(enabled=enabled_plans(licences=after, pools=pools), rules=rules)


def enabled_plans(*, licences: Sequence[graph_people.Licence], pools: Mapping[str, Pool]) -> frozenset[str]:
    """The union of plans that are on over all active sources."""
    found: set[str] = set()
    for licence in licences:
        if licence.state.startswith("Active") and licence.sku_id in pools:
            found |= pools[licence.sku_id].plan_ids - set(licence.disabled_plans)
    return frozenset(found)


def check_plans(*, enabled: frozenset[str], rules: PlanRules) -> None:
    for plan_id in sorted(enabled & rules.needs.keys()):
        if not rules.needs[plan_id] & enabled:
            needed = ", ".join(sorted(rules.needs[plan_id]))
            raise LicenceProblem(
                f"License assignment failed because service plan {plan_id} depends on the service plan(s) {needed}.",
                violation="DependencyViolation",
            )
    for first, second in sorted(rules.clashes):
        if first in enabled and second in enabled:
            raise LicenceProblem(
                f"License assignment failed because service plans {first}, {second} are mutually exclusive.",
                violation="MutuallyExclusiveViolation",
            )


def assign_to_user(
    connection: sqlite3.Connection, *, tenant_id: str, user: graph_people.User, change: Change, at: dt.datetime
) -> bool:
    """Apply `change` to the user's direct licences, whole or not at all, and say whether anything changed."""
    found = pools(connection, tenant_id=tenant_id)
    check_known(change=change, pools=found)
    after = direct_after(user=user, change=change)
    if change.add and not user.document.get("usageLocation"):
        raise LicenceProblem(
            "License assignment cannot be done for user with invalid usage location.",
            violation="ProhibitedInUsageLocationViolation",
        )
    check_result(user=user, after=after, pools=found, rules=plan_rules(connection))
    return graph_people.replace_licences(connection, tenant_id=tenant_id, user=user, licences=after, at=at)


def assign_to_group(connection: sqlite3.Connection, *, tenant_id: str, group_id: str, change: Change) -> None:
    """Write the group's licences; its members follow when the group's work is done."""
    held = group_licences(connection, tenant_id=tenant_id, group_id=group_id)
    check_known(change=change, pools=pools(connection, tenant_id=tenant_id))
    if change.remove - held.keys():
        raise LicenceProblem("Group does not have a corresponding license.")
    for sku_id in change.remove:
        connection.execute(
            "DELETE FROM directory_group_licences WHERE tenant_id = ? AND group_id = ? AND sku_id = ?",
            (tenant_id, group_id, sku_id),
        )
    for sku_id, disabled in change.add.items():
        row = (tenant_id, group_id, sku_id, json.dumps(disabled))
        connection.execute("INSERT OR REPLACE INTO directory_group_licences VALUES (?, ?, ?, ?)", row)


def group_licences(connection: sqlite3.Connection, *, tenant_id: str, group_id: str) -> dict[str, tuple[str, ...]]:
    """The group's licences with their disabled plans."""
    rows = connection.execute(
        "SELECT sku_id, disabled_plans FROM directory_group_licences WHERE tenant_id = ? AND group_id = ?",
        (tenant_id, group_id),
    )
    return {row[0]: tuple(json.loads(row[1])) for row in rows}


def work_group(connection: sqlite3.Connection, *, tenant_id: str, group_id: str, at: dt.datetime) -> None:
    """Bring the licences of every member and former member in line with the group's, all or none per person.

    A person for whom one licence cannot be had gets none of the group's; the reason stays on the person.
    """
    wanted = group_licences(connection, tenant_id=tenant_id, group_id=group_id)
    members = _ids(connection, "directory_members", tenant_id, group_id)
    holders = _ids(connection, "directory_licences", tenant_id, group_id)
    rules = plan_rules(connection)
    users = graph_people.any_users(connection, tenant_id=tenant_id, user_ids=sorted(members | holders))
    for user_id, user in users.items():
        others = [licence for licence in user.licences if licence.group_id != group_id]
        rows = [
            graph_people.Licence(sku_id=sku_id, group_id=group_id, disabled_plans=disabled)
            for sku_id, disabled in wanted.items()
            if user_id in members
        ]
        found = pools(connection, tenant_id=tenant_id)
        try:
            check_result(user=user, after=[*others, *rows], pools=found, rules=rules)
        except LicenceProblem as problem:
            rows = [replace(row, state="Error", error=problem.violation) for row in rows]
        graph_people.replace_licences(connection, tenant_id=tenant_id, user=user, licences=[*others, *rows], at=at)


def _ids(connection: sqlite3.Connection, table: str, tenant_id: str, group_id: str) -> set[str]:
    query = {
        "directory_members": "SELECT user_id FROM directory_members WHERE tenant_id = ? AND group_id = ?",
        "directory_licences": "SELECT user_id FROM directory_licences WHERE tenant_id = ? AND group_id = ?",
    }[table]
    return {row[0] for row in connection.execute(query, (tenant_id, group_id))}
