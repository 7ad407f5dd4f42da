"""People on the simulated Graph: listing, reading, writing, licences."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vendor_simulator import directory, exchange, graph_licences, graph_people, graph_query, graph_replies, graph_views

Document = dict[str, Any]

READ = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
WRITE = ("User.ReadWrite.All", "Directory.ReadWrite.All")
ASSIGN = ("LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
DETAILS = (*READ, "LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All")

SORTABLE = frozenset({"displayName", "userPrincipalName", "createdDateTime"})
SEARCHABLE = frozenset({"displayName", "mail", "userPrincipalName", "givenName", "surname"})
SCAN = 1000
LENGTHS: Mapping[str, int] = {
    "displayName": 256,
    "mailNickname": 64,
    "department": 64,
    "companyName": 64,
    "jobTitle": 128,
    "city": 128,
    "employeeId": 16,
}
READ_ONLY = frozenset(
    {"id", "assignedLicenses", "assignedPlans", "licenseAssignmentStates", "createdDateTime", "deletedDateTime"}
)
GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
PRINCIPAL_NAME = re.compile(r"[A-Za-z0-9'._!#^~-]{1,64}@([A-Za-z0-9.-]{1,48})")


def tenant_of(call: exchange.Call) -> str:
    assert call.claims is not None
    return call.claims.tenant_id.lower()


def list_users(call: exchange.Call) -> exchange.Answer:
    """A page of people in their stable order; $filter, $search, $orderby and $count under the advanced-query rules."""
    options = graph_replies.options_of(call=call)
    tenant_id = tenant_of(call)
    query = _Query(call, options)
    members = graph_query.selected(
        options=options, names=graph_views.USER_MEMBERS, default=graph_views.USER_DEFAULT, kind="user"
    )
    graph_views.refuse_untracked(members=members)
    default = int(directory.setting(call.connection, tenant_id=tenant_id, name="page_size"))
    size = graph_query.page_size(options=options, default=default)
    after = 0
    if "$skiptoken" in options:
        token = graph_query.unpack(token=options["$skiptoken"], purpose="users", tenant_id=tenant_id)
        after = int(token["after"])
    if query.order:
        page, more = query.sorted_page(after, size)
        mark = after + size
    else:
        page, more = query.page(after, size)
        mark = page[-1][0] if page else 0
    body: Document = {}
    if query.counts and "$skiptoken" not in options:
        body["@odata.count"] = query.count()
    if more:
        token_text = graph_query.pack(content={"for": "users", "tenant": tenant_id, "after": mark})
        kept = {name: value for name, value in options.items() if name != "$skiptoken"}
        body["@odata.nextLink"] = graph_replies.link(call=call, options=kept | {"$skiptoken": token_text})
    body["value"] = rendered(call, [document for _, document in page], members)
    shown = f"users({','.join(members)})" if "$select" in options else "users"
    return graph_replies.answer(body, call=call, context=shown)


class _Query:
    """The people that a request asks for, tested one by one in list order."""

    def __init__(self, call: exchange.Call, options: Mapping[str, str]) -> None:
        self.books: sqlite3.Connection = call.connection
        self.now = call.now
        self.tenant_id = tenant_of(call)
        self.eventual = call.header("consistencylevel").lower() == "eventual"
        self.counts = graph_query.asks_count(options=options) and self.eventual
        self.order = self._order(options.get("$orderby", ""))
        self.filter = self._filter(options)
        self.search = self._search(options.get("$search", ""))
        if "$skip" in options:
            raise graph_query.Unsupported("'$skip' is not supported by the service.")
        if "$expand" in options:
            raise graph_query.Unsupported("'$expand' is not supported for this request.")

    def _filter(self, options: Mapping[str, str]) -> graph_query.Filter | None:
        text = options.get("$filter", "").strip()
        if not text:
            return None
        found = graph_query.parse_filter(text=text, names=graph_views.USER_MEMBERS)
        if (found.advanced or self.order) and not self.counts:
            raise graph_query.Unsupported(
                "Unsupported or invalid query filter clause: this query needs the header ConsistencyLevel: eventual"
                " and $count=true."
            )
        return found

    def _order(self, text: str) -> tuple[str, bool] | None:
        if not text.strip():
            return None
        name, _, direction = text.strip().partition(" ")
        if name not in SORTABLE or direction.strip() not in {"", "asc", "desc"}:
            raise graph_query.Unsupported(f"Sorting by '{text}' is not supported.")
        return name, direction.strip() == "desc"

    def _search(self, text: str) -> tuple[str, str] | None:
        if not text.strip():
            return None
        if not self.eventual:
            raise graph_query.Unsupported("Request with $search needs the header ConsistencyLevel: eventual.")
        name, _, wanted = text.strip().strip('"').partition(":")
        if name not in SEARCHABLE or not wanted:
            raise graph_query.Unsupported(f"Unsupported $search clause: {text}")
        return name, wanted.lower()

    def _matches(self, document: Document) -> bool:
        if self.search is not None and self.search[1] not in str(document.get(self.search[0]) or "").lower():
            return False
        return self.filter is None or self.filter.matches(document)

    def found(self, after: int, chunk: int = SCAN) -> Iterator[tuple[int, Document]]:
        """(position, document) of every match beyond `after`."""
        while True:
            users = graph_people.users_after(self.books, tenant_id=self.tenant_id, position=after, limit=chunk)
            views = graph_views.visible(self.books, tenant_id=self.tenant_id, users=users, now=self.now)
            for user, document in zip(users, views, strict=True):
                if document is not None and self._matches(document):
                    yield user.position, document
            if len(users) < chunk:
                return
            after = users[-1].position

    def page(self, after: int, size: int) -> tuple[list[tuple[int, Document]], bool]:
        """Up to `size` matches and whether more follow."""
        page: list[tuple[int, Document]] = []
        for entry in self.found(after, chunk=max(size + 1, SCAN) if self.filter or self.search else size + 1):
            if len(page) == size:
                return page, True
            page.append(entry)
        return page, False

    def sorted_page(self, offset: int, size: int) -> tuple[list[tuple[int, Document]], bool]:
        assert self.order is not None
        name, is_falling = self.order
        everything = sorted(self.found(0), key=lambda entry: str(entry[1].get(name) or "").lower(), reverse=is_falling)
        return everything[offset : offset + size], len(everything) > offset + size

    def count(self) -> int:
        return sum(1 for _ in self.found(0))


def rendered(call: exchange.Call, documents: Sequence[Document], members: Sequence[str]) -> list[Document]:
    """The documents cut to `members`; plans are worked out only where they are asked for."""
    if {"assignedPlans", "provisionedPlans"} & set(members):
        pools = graph_licences.pools(call.connection, tenant_id=tenant_of(call))
        documents = [graph_views.with_plans(document=document, pools=pools) for document in documents]
    return [graph_views.chosen(document=document, members=members) for document in documents]


def count_users(call: exchange.Call) -> exchange.Answer:
    """The number of people as text; only with ConsistencyLevel: eventual."""
    options = graph_replies.options_of(call=call)
    if call.header("consistencylevel").lower() != "eventual":
        raise graph_replies.bad_request("$count is not currently supported without ConsistencyLevel: eventual.")
    return graph_replies.plain(str(_Query(call, {**options, "$count": "true"}).count()))


def _required(call: exchange.Call) -> graph_people.User:
    key = call.path_params["user"]
    user = graph_people.find_user(call.connection, tenant_id=tenant_of(call), key=key)
    if user is None:
        raise graph_replies.not_found(what=key)
    return user


def _seen(call: exchange.Call) -> Document:
    """The person's document as readers see it now."""
    user = _required(call)
    view = graph_views.visible(call.connection, tenant_id=tenant_of(call), users=[user], now=call.now)[0]
    if view is None:
        raise graph_replies.not_found(what=call.path_params["user"])
    return view


def read_user(call: exchange.Call) -> exchange.Answer:
    """One person by object id or user principal name."""
    options = graph_replies.options_of(call=call)
    members = graph_query.selected(
        options=options, names=graph_views.USER_MEMBERS, default=graph_views.USER_DEFAULT, kind="user"
    )
    document = rendered(call, [_seen(call)], members)[0]
    shown = f"users({','.join(members)})/$entity" if "$select" in options else "users/$entity"
    return graph_replies.answer(document, call=call, context=shown)


def _written(call: exchange.Call) -> Document:
    """The members that a caller writes, without the annotations that typed clients add."""
    body = graph_replies.json_body(call=call)
    return {name: value for name, value in body.items() if not name.startswith("@")}


def create_user(call: exchange.Call) -> exchange.Answer:
    """201 with the new person; name, nick name, sign-in name, password and the enabled mark are required."""
    body = _written(call)
    tenant_id = tenant_of(call)
    for name in ("accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName"):
        if body.get(name) in (None, "", {}):
            raise graph_replies.bad_request(f"A value is required for property '{name}' of resource 'User'.")
    if not isinstance(body["passwordProfile"], dict) or not body["passwordProfile"].get("password"):
        raise graph_replies.bad_request("A password must be specified to create a new user.")
    _check_members(body, is_new=True)
    _check_name(call, str(body["userPrincipalName"]))
    now = graph_people.stamp(at=call.now)
    document = body | {"createdDateTime": now, "userType": body.get("userType", "Member")}
    try:
        user_id = graph_people.insert_user(call.connection, tenant_id=tenant_id, document=document)
    except sqlite3.IntegrityError as error:
        raise _name_taken() from error
    graph_people.note_change(call.connection, tenant_id=tenant_id, user_id=user_id, members=["@new"])
    graph_views.keep_old(call, tenant_id=tenant_id, user_id=user_id, before=None)
    call.record_effect(
        kind="user_created", tenant_id=tenant_id, subject=user_id, before=None, after=body["userPrincipalName"]
    )
    created = graph_people.find_user(call.connection, tenant_id=tenant_id, key=user_id)
    assert created is not None
    shown = graph_views.chosen(document=graph_views.whole(user=created), members=graph_views.USER_DEFAULT)
    answer = graph_replies.answer(shown, call=call, context="users/$entity", status=201)
    location = f"{call.base_url}/v1.0/users/{user_id}"
    return exchange.Answer(
        status=201, body=answer.body, headers={"Location": location}, content_type=answer.content_type
    )


def change_user(call: exchange.Call) -> exchange.Answer:
    """204; the licences are not changed this way."""
    user = _required(call)
    body = _written(call)
    tenant_id = tenant_of(call)
    _check_members(body, is_new=False)
    name = body.get("userPrincipalName")
    if name is not None:
        _check_name(call, str(name))
    before = graph_views.whole(user=user)
    changes = {member: value for member, value in body.items() if member != "passwordProfile"}
    try:
        graph_people.update_user(call.connection, tenant_id=tenant_id, user=user, changes=changes)
    except sqlite3.IntegrityError as error:
        raise _name_taken() from error
    graph_views.keep_old(call, tenant_id=tenant_id, user_id=user.user_id, before=before)
    previous = {member: user.document.get(member) for member in changes}
    call.record_effect(kind="user_changed", tenant_id=tenant_id, subject=user.user_id, before=previous, after=changes)
    return graph_replies.nothing()


def delete_user(call: exchange.Call) -> exchange.Answer:
    """204; the person's licences are free at once."""
    user = _required(call)
    tenant_id = tenant_of(call)
    graph_people.delete_user(call.connection, tenant_id=tenant_id, user_id=user.user_id, at=call.now)
    before = [licence.sku_id for licence in user.licences]
    call.record_effect(kind="user_deleted", tenant_id=tenant_id, subject=user.user_id, before=before, after=None)
    return graph_replies.nothing()


def _name_taken() -> graph_replies.GraphError:
    return graph_replies.bad_request(
        "Another object with the same value for property userPrincipalName already exists."
    )


def _check_name(call: exchange.Call, name: str) -> None:
    found = PRINCIPAL_NAME.fullmatch(name)
    if found is None:
        raise graph_replies.bad_request("Property userPrincipalName is invalid.")
    owned = {domain["id"].lower() for domain in directory.domains(call.connection, tenant_id=tenant_of(call))}
    if found[1].lower() not in owned:
        raise graph_replies.bad_request(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified"
            " domain names in your organization."
        )


def _check_members(body: Document, *, is_new: bool) -> None:
    for name, value in body.items():
        if name not in graph_views.USER_MEMBERS or (name in READ_ONLY):
            raise graph_replies.bad_request(f"Property '{name}' is unknown or read-only and cannot be set.")
        if name in LENGTHS and value is not None and len(str(value)) > LENGTHS[name]:
            raise graph_replies.bad_request(f"Property {name} is longer than {LENGTHS[name]} characters.")
    location = body.get("usageLocation")
    if "usageLocation" in body and not (is_new and location is None):
        if not isinstance(location, str) or not re.fullmatch(r"[A-Za-z]{2}", location):
            raise graph_replies.bad_request("Invalid value specified for property 'usageLocation' of resource 'User'.")
        body["usageLocation"] = location.upper()
    if "accountEnabled" in body and not isinstance(body["accountEnabled"], bool):
        raise graph_replies.bad_request("Invalid value specified for property 'accountEnabled' of resource 'User'.")


def assign_licence(call: exchange.Call) -> exchange.Answer:
    """200 with the person; additions and removals take effect together or not at all."""
    change = parse_change(graph_replies.json_body(call=call))
    user = _required(call)
    tenant_id = tenant_of(call)
    before = graph_views.whole(user=user)
    if call.strikes("ignored_write"):
        answered = graph_views.chosen(document=before, members=graph_views.USER_DEFAULT)
        return graph_replies.answer(answered, call=call, context="users/$entity")
    changed = graph_licences.assign_to_user(call.connection, tenant_id=tenant_id, user=user, change=change, at=call.now)
    after = graph_people.find_user(call.connection, tenant_id=tenant_id, key=user.user_id)
    assert after is not None
    if changed:
        graph_views.keep_old(call, tenant_id=tenant_id, user_id=user.user_id, before=before)
        call.record_effect(
            kind="licences_assigned",
            tenant_id=tenant_id,
            subject=user.user_id,
            before=_direct(user.licences),
            after=_direct(after.licences),
        )
    shown = graph_views.chosen(document=graph_views.whole(user=after), members=graph_views.USER_DEFAULT)
    return graph_replies.answer(shown, call=call, context="users/$entity")


def _direct(licences: Sequence[graph_people.Licence]) -> dict[str, list[str]]:
    return {licence.sku_id: list(licence.disabled_plans) for licence in licences if not licence.group_id}


def parse_change(body: Document) -> graph_licences.Change:
    """The change in an assignLicense body; both arrays must be there, ids must be GUIDs and named once."""
    if not isinstance(body.get("addLicenses"), list) or not isinstance(body.get("removeLicenses"), list):
        missing = ", ".join(name for name in ("addLicenses", "removeLicenses") if body.get(name) is None)
        raise graph_replies.bad_request(
            f"One or more parameters of the operation 'assignLicense' are missing from the request payload: {missing}."
        )
    add: dict[str, tuple[str, ...]] = {}
    for entry in body["addLicenses"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("disabledPlans", []), list):
            raise graph_replies.bad_request("An entry of addLicenses cannot be read.")
        sku_id = _guid(entry.get("skuId"))
        if sku_id in add:
            raise graph_replies.bad_request(f"License {sku_id} is named twice in addLicenses.")
        add[sku_id] = tuple(sorted({_guid(plan) for plan in entry.get("disabledPlans", [])}))
    remove = frozenset(_guid(entry) for entry in body["removeLicenses"])
    both = remove & add.keys()
    if both:
        raise graph_replies.bad_request(f"License {min(both)} is named in addLicenses and in removeLicenses.")
    return graph_licences.Change(add=add, remove=remove)


def _guid(value: object) -> str:
    if not isinstance(value, str) or not GUID.fullmatch(value):
        raise graph_replies.bad_request("Cannot convert a primitive value to the expected type 'Edm.Guid'.")
    return value.lower()


def list_licence_details(call: exchange.Call) -> exchange.Answer:
    """The person's licences from every source with the state of each plan."""
    user = _required(call)
    pools = graph_licences.pools(call.connection, tenant_id=tenant_of(call))
    value = graph_views.licence_details(user_id=user.user_id, document=_seen(call), pools=pools)
    context = f"users('{user.user_id}')/licenseDetails"
    return graph_replies.answer({"value": value}, call=call, context=context)
