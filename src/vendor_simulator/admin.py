"""Routes for those who run the simulator: filling, emptying, time, faults, and what has really happened.

Guarded by the header `X-Admin-Token`. The product under test never calls them, but for the clock of a demo.
"""

import dataclasses
import hmac
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vendor_simulator import ageing, books, faults, seeds

Work = Callable[[sqlite3.Connection, dict[str, Any]], object]
_TABLES = (
    "customers",
    "products",
    "skus",
    "availabilities",
    "promotions",
    "subscriptions",
    "seat_batches",
    "pool_history",
    "promotion_uses",
    "transitions",
    "carts",
    "orders",
)


def _route(method: str, path: str, work: Work) -> Route:
    async def endpoint(request: Request) -> Response:
        expected = request.app.state.settings.admin_token
        if not hmac.compare_digest(request.headers.get("x-admin-token", "").encode(), expected.encode()):
            return JSONResponse({"error": "the header X-Admin-Token is missing or wrong"}, 403)
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise ValueError("the body must be a JSON object")
            return JSONResponse(work(request.app.state.books, body | dict(request.query_params)))
        except (ValueError, KeyError, TypeError, sqlite3.IntegrityError) as wrong:
            return JSONResponse({"error": f"{type(wrong).__name__}: {wrong}"}, 422)

    return Route(path, endpoint, methods=[method])


def _seed(connection: sqlite3.Connection, body: dict[str, Any]) -> object:
    seeds.load(connection, body)
    return {"at": books.stamp(books.now(connection))}


def _reset(connection: sqlite3.Connection, _body: dict[str, Any]) -> object:
    seeds.reset(connection)
    return {}


def _read_clock(connection: sqlite3.Connection, _body: dict[str, Any]) -> object:
    mode = "frozen" if books.read_meta(connection, "clock_frozen_at") else "running"
    return {"now": books.stamp(books.now(connection)), "mode": mode}


def _set_clock(connection: sqlite3.Connection, body: dict[str, Any]) -> object:
    seeds.set_clock(connection, body)
    happened = ageing.settle(connection, now=books.now(connection))
    return {"now": books.stamp(books.now(connection)), "happened": happened}


def _read_settings(connection: sqlite3.Connection, _body: dict[str, Any]) -> object:
    return dataclasses.asdict(books.read_settings(connection))


def _change_settings(connection: sqlite3.Connection, body: dict[str, Any]) -> object:
    return dataclasses.asdict(books.change_settings(connection, body))


def _list_faults(connection: sqlite3.Connection, _body: dict[str, Any]) -> object:
    return faults.describe(connection)


def _add_fault(connection: sqlite3.Connection, body: dict[str, Any]) -> object:
    return {"id": faults.add_rule(connection, body)}


def _clear_faults(connection: sqlite3.Connection, _body: dict[str, Any]) -> object:
    faults.clear(connection)
    return {}


def _effects(connection: sqlite3.Connection, body: dict[str, Any]) -> object:
    rows = connection.execute(
        "SELECT * FROM effects WHERE effect_id > ? ORDER BY effect_id", (int(body.get("after", 0)),)
    ).fetchall()
    return {"effects": [_effect(row) for row in rows]}


def _effect(row: sqlite3.Row) -> dict[str, object]:
    effect = dict(row)
    for name in ("before", "after"):
        effect[name] = None if row[name] is None else json.loads(row[name])
    return effect


def _calls(connection: sqlite3.Connection, body: dict[str, Any]) -> object:
    rows = connection.execute(
        "SELECT * FROM calls WHERE call_id > ? ORDER BY call_id", (int(body.get("after", 0)),)
    ).fetchall()
    return {"calls": [dict(row) | {"query": json.loads(row["query"])} for row in rows]}


def _fired(connection: sqlite3.Connection, _body: dict[str, Any]) -> object:
    return {"fired": faults.counts(connection)}


def _dump(connection: sqlite3.Connection, _body: dict[str, Any]) -> object:
    return {
        table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608 - a constant
        for table in _TABLES
    }


routes: list[Route] = [
    _route("POST", "/_admin/seed", _seed),
    _route("POST", "/_admin/reset", _reset),
    _route("GET", "/_admin/clock", _read_clock),
    _route("POST", "/_admin/clock", _set_clock),
    _route("GET", "/_admin/settings", _read_settings),
    _route("POST", "/_admin/settings", _change_settings),
    _route("GET", "/_admin/faults", _list_faults),
    _route("POST", "/_admin/faults", _add_fault),
    _route("DELETE", "/_admin/faults", _clear_faults),
    _route("GET", "/_admin/effects", _effects),
    _route("GET", "/_admin/calls", _calls),
    _route("GET", "/_admin/fired", _fired),
    _route("GET", "/_admin/dump", _dump),
]
