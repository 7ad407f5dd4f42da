"""A program that uses the API with somebody's token."""

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from seatwright.access import tokens
from seatwright.access.actors import operator
from tests.stories.world import World

BASE = "/api/v1"


@dataclass
class Program:
    """Asks with one token; `answer` attributes are those of Django's test client."""

    secret: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(BASE + path, query, headers=self.headers())

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Send `body` as JSON, or as it is when it is text already."""
        content = body if isinstance(body, str) else json.dumps(body)
        headers = self.headers() | ({} if key is None else {"Idempotency-Key": key})
        return self.client.post(BASE + path, content, content_type="application/json", headers=headers)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


@dataclass
class Programs:
    """Programs by the person for whom they act."""

    world: World
    made: dict[tuple[str, str, str], Program] = field(default_factory=dict)

    def by(self, name: str, *, scope: tokens.Scope = "write", only: str = "") -> Program:
        """A program of this person; `only` binds its token to one customer."""
        if (name, scope, only) not in self.made:
            self.made[name, scope, only] = Program(self.token(name, scope=scope, only=only).secret)
        return self.made[name, scope, only]

    def token(self, name: str, *, scope: tokens.Scope = "write", only: str = "", days: float = 30) -> tokens.Created:
        return tokens.create(
            by=operator(label="test"),
            user_id=self.world.user_ids[name],
            label="ci",
            scope=scope,
            expires_at=self.world.at + dt.timedelta(days=days),
            at=self.world.at,
            reseller_id=self.world.reseller_id if only else None,
            customer_id=self.world.customer_ids[only] if only else None,
        )

    def wish(self, customer: str, **seats: int) -> dict[str, Any]:
        return {
            "quantities": [
                {"subscription_id": str(wish.subscription_id), "seats": wish.seats}
                for wish in self.world.wish(customer, **seats)
            ]
        }

    def quoted(self, name: str, customer: str, **seats: int) -> dict[str, Any]:
        """A stored quote as the API sent it."""
        path = f"/customers/{self.world.customer_ids[customer]}/seat-quotes"
        answer = self.by(name).post(path, self.wish(customer, **seats))
        assert answer.status_code == 201, answer.content
        quote: dict[str, Any] = answer.json()
        return quote

    def ordered(self, name: str, quote: dict[str, Any], **body: Any) -> Any:
        """The answer to ordering the quote with its own key."""
        body = {"agrees_to_pay": True, **body}
        return self.by(name).post(f"/seat-quotes/{quote['id']}/orders", body, key=quote["idempotency_key"])


def codes(answer: Any) -> list[tuple[str, str]]:
    """Where and why a problem refuses."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    return [(fault["field"], fault["code"]) for fault in answer.json()["errors"]]


UNKNOWN = uuid.UUID("00000000-0000-4000-8000-0000000dead0")
