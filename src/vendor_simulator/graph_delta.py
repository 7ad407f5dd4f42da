"""What changed among the people of a tenant: rounds of pages that end in a link for the next round.

A link holds the number of the last change that its reader has seen, the members asked for, and its day of expiry.
"""

import datetime as dt
from typing import Any

from vendor_simulator import directory, exchange, graph_people, graph_query, graph_replies, graph_users, graph_views

Document = dict[str, Any]

REFUSED = ("$expand", "$orderby", "$top", "$search")
MOST_IDS = 50
ALWAYS = ("id",)


def read_changes(call: exchange.Call) -> exchange.Answer:
    """One page of a delta round: everybody in the first, then who changed; removed people are marked `@removed`."""
    options = graph_replies.options_of(call=call)
    tenant_id = graph_users.tenant_of(call)
    for name in REFUSED:
        if name in options:
            raise graph_query.Unsupported(f"The query option '{name}' is not supported with delta.")
    token = _token(call, options, tenant_id)
    limit = int(directory.setting(call.connection, tenant_id=tenant_id, name="page_size"))
    if token["to"] is None:
        return _page(call, token | {"to": _newest(call, tenant_id)}, [], is_last=True)
    if token["since"] is None:
        return _first_round(call, token, limit)
    return _later_round(call, token, limit)


def _token(call: exchange.Call, options: dict[str, str], tenant_id: str) -> Document:
    """The state of the reader: from the link's token, or a new one for a first call."""
    packed = options.get("$skiptoken") or options.get("$deltatoken")
    if not packed or packed == "latest":
        members = graph_query.selected(
            options=options, names=graph_views.USER_MEMBERS, default=graph_views.USER_DEFAULT, kind="user"
        )
        graph_views.refuse_untracked(members=members)
        newest = _newest(call, tenant_id)
        return {
            "for": "delta",
            "tenant": tenant_id,
            "members": members,
            "ids": _only_ids(options),
            "since": None,
            "after": 0,
            "to": None if packed == "latest" else newest,
        }
    try:
        token = graph_query.unpack(token=packed, purpose="delta", tenant_id=tenant_id)
    except graph_replies.GraphError as error:
        raise graph_replies.GraphError(400, "syncStateNotFound", "The sync state cannot be found.") from error
    if dt.datetime.fromisoformat(token["until"]) <= call.now:
        fresh = f"{call.base_url}{call.path}?$deltatoken="
        raise graph_replies.GraphError(
            410, "resyncRequired", "The sync state is too old; start again.", headers={"Location": fresh}
        )
    if "$deltatoken" in options:
        since = token["to"]
        token |= {"since": since, "after": since, "to": max(since, _newest(call, tenant_id))}
    return token


def _newest(call: exchange.Call, tenant_id: str) -> int:
    return graph_people.last_change(call.connection, tenant_id=tenant_id, now=call.now)


def _only_ids(options: dict[str, str]) -> list[str] | None:
    text = options.get("$filter", "").strip()
    if not text:
        return None
    ids = []
    for part in text.split(" or "):
        words = part.split()
        if len(words) != 3 or words[:2] != ["id", "eq"]:
            raise graph_query.Unsupported("Only 'id eq ...' joined by 'or' is supported in $filter with delta.")
        ids.append(words[2].strip("'").lower())
    if len(ids) > MOST_IDS:
        raise graph_query.Unsupported(f"At most {MOST_IDS} ids are supported in $filter with delta.")
    return ids


def _first_round(call: exchange.Call, token: Document, limit: int) -> exchange.Answer:
    users = graph_people.users_after(
        call.connection, tenant_id=token["tenant"], position=token["after"], limit=limit, ids=token["ids"]
    )
    views = graph_views.visible(call.connection, tenant_id=token["tenant"], users=users, now=call.now)
    value = _without_nulls(graph_users.rendered(call, [view for view in views if view is not None], _members(token)))
    if len(users) == limit:
        return _page(call, token | {"after": users[-1].position}, value, is_last=False)
    return _page(call, token, value, is_last=True)


def _later_round(call: exchange.Call, token: Document, limit: int) -> exchange.Answer:
    changes = graph_people.changes_between(
        call.connection, tenant_id=token["tenant"], after=token["since"], until=token["to"]
    )
    wanted = set(token["members"])
    due = [
        (number, user_id)
        for number, user_id, members in changes
        if number > token["after"]
        and (token["ids"] is None or user_id in token["ids"])
        and members & (wanted | {"@new", "@removed"})
    ]
    page = due[:limit]
    users = graph_people.any_users(call.connection, tenant_id=token["tenant"], user_ids=[entry[1] for entry in page])
    value: list[Document] = []
    for _, user_id in page:
        user = users[user_id]
        if user.deleted_at is not None:
            value.append({"id": user_id, "@removed": {"reason": "changed"}})
            continue
        view = graph_views.visible(call.connection, tenant_id=token["tenant"], users=[user], now=call.now)[0]
        if view is not None:
            value += graph_users.rendered(call, [view], _members(token))
    if len(due) > limit:
        return _page(call, token | {"after": page[-1][0]}, value, is_last=False)
    return _page(call, token, value, is_last=True)


def _members(token: Document) -> list[str]:
    return list(dict.fromkeys([*token["members"], *ALWAYS]))


def _without_nulls(documents: list[Document]) -> list[Document]:
    """In the first round a member without value is left out; later a null says that it was cleared."""
    return [{name: value for name, value in document.items() if value is not None} for document in documents]


def _page(call: exchange.Call, token: Document, value: list[Document], *, is_last: bool) -> exchange.Answer:
    life_s = directory.setting(call.connection, tenant_id=token["tenant"], name="delta_life_s")
    until = call.now + dt.timedelta(seconds=life_s)
    packed = graph_query.pack(content=token | {"until": until.isoformat()})
    name, option = ("@odata.deltaLink", "$deltatoken") if is_last else ("@odata.nextLink", "$skiptoken")
    body = {name: graph_replies.link(call=call, options={option: packed}), "value": value}
    context = f"users({','.join(token['members'])})"
    return graph_replies.answer(body, call=call, context=context)
