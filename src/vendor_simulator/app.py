"""The simulator as one ASGI application: token endpoints, Partner Center, Graph and the admin routes on one origin."""

import importlib
import importlib.util
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from vendor_simulator import books, throttling

FACES = ("admin", "partner_routes", "graph_routes", "token_routes")


@dataclass(frozen=True, kw_only=True)
class AppSettings:
    """How the server was started, as opposed to how the vendor behaves (`books.Settings`)."""

    admin_token: str = "simulator-admin"  # noqa: S105 - the simulator holds nothing worth guarding


def create_app(books_path: str | pathlib.Path, settings: AppSettings | None = None) -> Starlette:
    """The application over the books at `books_path`, opened (and made, if absent) at once.

    Each module named in `FACES` that exists in this package adds its `routes`; the order decides which route of two
    that match is taken.
    """
    app = Starlette(routes=list(_routes()))
    app.state.budget = throttling.Budget()
    app.state.books = books.open_books(books_path)
    app.state.settings = settings or AppSettings()
    return app


def _routes() -> Iterator[BaseRoute]:
    for name in FACES:
        if importlib.util.find_spec(f"vendor_simulator.{name}") is not None:
            yield from importlib.import_module(f"vendor_simulator.{name}").routes
