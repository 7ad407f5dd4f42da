"""Groups on the simulated Graph: lists, members, and group licences that reach the members in the background."""

import datetime as dt
import json
import sqlite3
from typing import Any

from vendor_simulator import (
    directory,
    exchange,
    graph_licences,
    graph_people,
    graph_query,
    graph_replies,
    graph_users,
    graph_views,
)

Document = dict[str, Any]

READ = ("Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
READ_MEMBERS = (*READ, "GroupMember.Read.All", "GroupMember.ReadWrite.All")
WRITE_MEMBERS = ("GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All")
ASSIGN = ("LicenseAssignment.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All")

DEFAULT = (
    "id",
    "deletedDateTime",
    "createdDateTime",
    "description",
    "displayName",
    "groupTypes",
    "mail",
    "mailEnabled",
    "mailNickname",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesSyncEnabled",
    "proxyAddresses",
    "securityEnabled",
    "visibility",
)
MEMBERS = frozenset(DEFAULT) | {"assignedLicenses", "licenseProcessingState"}


def settle(connection: sqlite3.Connection, *, now: dt.datetime) -> None:
    """Do the group work that has fallen due."""
    due = connection.execute(
        "SELECT tenant_id, group_id FROM directory_groups WHERE due_at <= ?", (graph_people.stamp(at=now),)
    ).fetchall()
    for tenant_id, group_id in due:
        graph_licences.work_group(connection, tenant_id=tenant_id, group_id=group_id, at=now)
        connection.execute(
            "UPDATE directory_groups SET due_at = NULL WHERE tenant_id = ? AND group_id = ?", (tenant_id, group_id)
        )


def _plan_work(call: exchange.Call, group_id: str) -> None:
    tenant_id = graph_users.tenant_of(call)
    lag_s = directory.setting(call.connection, tenant_id=tenant_id, name="group_lag_s")
    due_at = graph_people.stamp(at=call.now + dt.timedelta(seconds=lag_s))
    call.connection.execute(
        "UPDATE directory_groups SET due_at = ? WHERE tenant_id = ? AND group_id = ?", (due_at, tenant_id, group_id)
    )


def _whole(call: exchange.Call, group_id: str, stored: str, due_at: str | None) -> Document:
    held = graph_licences.group_licences(call.connection, tenant_id=graph_users.tenant_of(call), group_id=group_id)
    document: Document = {"id": group_id, "groupTypes": [], "proxyAddresses": []} | json.loads(stored)
    document["assignedLicenses"] = [
        {"skuId": sku_id, "disabledPlans": list(disabled)} for sku_id, disabled in held.items()
    ]
    document["licenseProcessingState"] = {"state": "QueuedForProcessing" if due_at else "ProcessingComplete"}
    return document


def _required(call: exchange.Call) -> Document:
    group_id = call.path_params["group"].lower()
    row = call.connection.execute(
        "SELECT document, due_at FROM directory_groups WHERE tenant_id = ? AND group_id = ?",
        (graph_users.tenant_of(call), group_id),
    ).fetchone()
    if row is None:
        raise graph_replies.not_found(what=call.path_params["group"])
    return _whole(call, group_id, row[0], row[1])


def list_groups(call: exchange.Call) -> exchange.Answer:
    """A page of groups; `hasMembersWithLicenseErrors eq true` can be filtered on but is never shown."""
    options = graph_replies.options_of(call=call)
    tenant_id = graph_users.tenant_of(call)
    rows = call.connection.execute(
        "SELECT group_id, document, due_at FROM directory_groups WHERE tenant_id = ? ORDER BY position", (tenant_id,)
    ).fetchall()
    documents = [_whole(call, row[0], row[1], row[2]) for row in rows]
    if options.get("$filter"):
        names = MEMBERS | {"hasMembersWithLicenseErrors"}
        test = graph_query.parse_filter(text=options["$filter"], names=names)
        troubled = _troubled(call)
        documents = [
            document
            for document in documents
            if test.matches(document | {"hasMembersWithLicenseErrors": document["id"] in troubled})
        ]
    members = graph_query.selected(options=options, names=MEMBERS, default=DEFAULT, kind="group")
    value = [graph_views.chosen(document=document, members=members) for document in documents]
    return _page(call, value, context="groups", kind="groups")


def _troubled(call: exchange.Call) -> set[str]:
    rows = call.connection.execute(
        "SELECT DISTINCT group_id FROM directory_licences WHERE tenant_id = ? AND state = 'Error'",
        (graph_users.tenant_of(call),),
    )
    return {row[0] for row in rows}


def _page(call: exchange.Call, value: list[Document], *, context: str, kind: str) -> exchange.Answer:
    options = graph_replies.options_of(call=call)
    tenant_id = graph_users.tenant_of(call)
    size = graph_query.page_size(
        options=options, default=int(directory.setting(call.connection, tenant_id=tenant_id, name="page_size"))
    )
    after = 0
    if "$skiptoken" in options:
        after = int(graph_query.unpack(token=options["$skiptoken"], purpose=kind, tenant_id=tenant_id)["after"])
    body: Document = {}
    if len(value) > after + size:
        token = graph_query.pack(content={"for": kind, "tenant": tenant_id, "after": after + size})
        body["@odata.nextLink"] = graph_replies.link(call=call, options=options | {"$skiptoken": token})
    body["value"] = value[after : after + size]
    return graph_replies.answer(body, call=call, context=context)


def read_group(call: exchange.Call) -> exchange.Answer:
    options = graph_replies.options_of(call=call)
    members = graph_query.selected(options=options, names=MEMBERS, default=DEFAULT, kind="group")
    shown = graph_views.chosen(document=_required(call), members=members)
    return graph_replies.answer(shown, call=call, context="groups/$entity")


def list_members(call: exchange.Call) -> exchange.Answer:
    """The people in the group."""
    group = _required(call)
    rows = call.connection.execute(
        "SELECT user_id FROM directory_members WHERE tenant_id = ? AND group_id = ? ORDER BY rowid",
        (graph_users.tenant_of(call), group["id"]),
    )
    return _people(call, [row[0] for row in rows])


def list_members_in_error(call: exchange.Call) -> exchange.Answer:
    """The people for whom a licence of this group could not be had."""
    group = _required(call)
    rows = call.connection.execute(
        "SELECT DISTINCT user_id FROM directory_licences WHERE tenant_id = ? AND group_id = ? AND state = 'Error'",
        (graph_users.tenant_of(call), group["id"]),
    )
    return _people(call, [row[0] for row in rows])


def _people(call: exchange.Call, user_ids: list[str]) -> exchange.Answer:
    options = graph_replies.options_of(call=call)
    members = graph_query.selected(
        options=options, names=graph_views.USER_MEMBERS, default=graph_views.USER_DEFAULT, kind="user"
    )
    users = graph_people.any_users(call.connection, tenant_id=graph_users.tenant_of(call), user_ids=user_ids)
    documents = [graph_views.whole(user=users[user_id]) for user_id in user_ids]
    value = [
        {"@odata.type": "#microsoft.graph.user"} | shown for shown in graph_users.rendered(call, documents, members)
    ]
    return _page(call, value, context="directoryObjects", kind=f"people of {call.path_params['group'].lower()}")


def add_member(call: exchange.Call) -> exchange.Answer:
    """204; the reference names the person by its directory address."""
    group = _required(call)
    tenant_id = graph_users.tenant_of(call)
    _refuse_dynamic(group)
    reference = graph_replies.json_body(call=call).get("@odata.id")
    key = str(reference).rstrip("/").rpartition("/")[2]
    user = graph_people.find_user(call.connection, tenant_id=tenant_id, key=key)
    if user is None:
        raise graph_replies.not_found(what=key)
    try:
        call.connection.execute(
            "INSERT INTO directory_members VALUES (?, ?, ?)", (tenant_id, group["id"], user.user_id)
        )
    except sqlite3.IntegrityError as error:
        raise graph_replies.bad_request(
            "One or more added object references already exist for the following modified properties: 'members'."
        ) from error
    _plan_work(call, group["id"])
    call.record_effect(kind="member_added", tenant_id=tenant_id, subject=group["id"], before=None, after=user.user_id)
    return graph_replies.nothing()


def remove_member(call: exchange.Call) -> exchange.Answer:
    """204; 404 for somebody who is not in the group."""
    group = _required(call)
    tenant_id = graph_users.tenant_of(call)
    _refuse_dynamic(group)
    user_id = call.path_params["member"].lower()
    gone = call.connection.execute(
        "DELETE FROM directory_members WHERE tenant_id = ? AND group_id = ? AND user_id = ?",
        (tenant_id, group["id"], user_id),
    )
    if gone.rowcount == 0:
        raise graph_replies.not_found(what=user_id)
    _plan_work(call, group["id"])
    call.record_effect(kind="member_removed", tenant_id=tenant_id, subject=group["id"], before=user_id, after=None)
    return graph_replies.nothing()


def _refuse_dynamic(group: Document) -> None:
    if "DynamicMembership" in group["groupTypes"]:
        raise graph_replies.bad_request("Insufficient privileges: the membership of a dynamic group follows its rule.")


def assign_licence(call: exchange.Call) -> exchange.Answer:
    """202 with the group; the members follow later, and what goes wrong with one is noted on that person."""
    change = graph_users.parse_change(graph_replies.json_body(call=call))
    group = _required(call)
    if not group.get("securityEnabled"):
        raise graph_replies.bad_request("Licenses can be assigned to security-enabled groups only.")
    tenant_id = graph_users.tenant_of(call)
    graph_licences.assign_to_group(call.connection, tenant_id=tenant_id, group_id=group["id"], change=change)
    _plan_work(call, group["id"])
    after = _required(call)
    call.record_effect(
        kind="group_licences_assigned",
        tenant_id=tenant_id,
        subject=group["id"],
        before=group["assignedLicenses"],
        after=after["assignedLicenses"],
    )
    shown = graph_views.chosen(document=after, members=DEFAULT)
    return graph_replies.answer(shown, call=call, context="groups/$entity", status=202)
