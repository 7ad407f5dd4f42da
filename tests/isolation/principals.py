"""Everybody who asks: people of each role at each place, programs with each kind of token, people with no right."""

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Literal

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.test import Client

from seatwright.access import tokens
from seatwright.access.actors import SYSTEM
from seatwright.access.models import ApiToken, User
from tests.isolation.world import NOW, PASSWORD, World

NOBODY: frozenset[str] = frozenset()
CSRF = "c" * 32


@dataclass(frozen=True)
class Principal:
    """One who asks.

    `sees` are the customers whose rows may be shown to them, `knows` those about which a refusal may say that they
    exist (a role without the right), `people` those whose people they may see; `signs` is their own name and address.
    Principals of one `role` differ only in whose they are, so that a short run lets them take turns.
    """

    name: str
    kind: Literal["none", "session", "token"]
    role: str
    sees: frozenset[str] = NOBODY
    knows: frozenset[str] = NOBODY
    people: frozenset[str] = NOBODY
    user_id: int | None = None
    is_staff: bool = False
    is_valid: bool = True
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    signs: str = ""

    def stands(self, letter: str) -> str:
        """How they stand to a customer: `own`, `known`, `beside` (of the same reseller as an own one) or `strange`.

        `nowhere` for rows that nobody has, whose letter is empty.
        """
        if not letter:
            return "nowhere"
        if letter in self.knows:
            return "own" if letter in self.sees else "known"
        return (
            "beside"
            if any({letter, each} <= customers for each in self.knows for customers in RESELLERS)
            else "strange"
        )

    def may_see(self, owner: str) -> bool:
        """Whether a sign of this owner (a letter, with P for that customer's people) may be in an answer."""
        return owner[0] in (self.people if owner.endswith("P") else self.sees)

    def may_change(self, owner: str) -> bool:
        """Whether rows of this owner may change by what they ask."""
        if owner.startswith("all:"):
            return self.is_staff and frozenset(owner.removeprefix("all:")) <= self.sees
        return owner in self.sees or (self.user_id is not None and owner == f"user:{self.user_id}")


def _letters(text: str) -> frozenset[str]:
    return frozenset(text)


# The customers of each reseller.
RESELLERS = (frozenset("AB"), frozenset("C"))
# Name of the user, role, what they see, whose people they see.
SESSIONS = (
    ("a_viewer", "viewer", "A", ""),
    ("a_admin", "admin", "A", "A"),
    ("a_owner", "owner", "A", "A"),
    ("a_employee", "employee", "", ""),
    ("b_owner", "owner", "B", "B"),
    ("c_owner", "owner", "C", "C"),
    ("r1_support", "support", "AB", "AB"),
    ("r1_billing", "billing", "AB", ""),
    ("r1_admin", "staff", "AB", "AB"),
    ("r2_admin", "staff", "C", "C"),
    ("nobody", "nobody", "", ""),
)
# Name, role, user, scope, the customer it is bound to, what it sees, whose people.
TOKENS: tuple[tuple[str, str, str, tokens.Scope, str, str, str], ...] = (
    ("token a read", "reading token", "a_owner", "read", "", "A", "A"),
    ("token a write", "writing token", "a_owner", "write", "", "A", "A"),
    ("token a viewer", "viewer's token", "a_viewer", "write", "", "A", ""),
    ("token b write", "writing token", "b_owner", "write", "", "B", "B"),
    ("token r1 staff", "staff's token", "r1_admin", "write", "", "AB", "AB"),
    ("token r1 staff for a", "staff's bound token", "r1_admin", "write", "A", "A", "A"),
    ("token r2 staff", "staff's token", "r2_admin", "write", "", "C", "C"),
    ("token of a for b", "token for another's", "a_owner", "write", "B", "", ""),
    ("token nobody", "nobody's token", "nobody", "write", "", "", ""),
)


def all_of(world: World) -> list[Principal]:
    """Sign everybody in, make all tokens, and end those that are to be ended."""
    found = [Principal(name="anonymous", kind="none", role="anonymous", is_valid=False)]
    signs = {user.pk: f"{user.name} {user.email}" for user in User.objects.all()}
    for name, role, sees, people in SESSIONS:
        user_id = world.users[name]
        found.append(
            Principal(
                name=name,
                kind="session",
                role=role,
                sees=_letters(sees),
                knows=_letters("A" if name == "a_employee" else sees),
                people=_letters(people),
                user_id=user_id,
                is_staff=name.startswith("r"),
                cookies=_session(user_id),
                signs=signs[user_id],
            )
        )
    cookies = _session(world.users["a_gone"])
    gone = Principal(name="a_gone", kind="session", role="gone", is_valid=False, cookies=cookies)
    User.objects.filter(pk=world.users["a_gone"]).update(is_active=False)
    found += [gone, *_tokens(world, signs), *_ended_tokens(world)]
    # One has the second step on, without which most of its pages only send away.
    second = User.objects.get(pk=world.users["b_owner"])
    totp.TOTP.activate(second, totp.generate_totp_secret())
    RecoveryCodes.activate(second)
    # As if each had just been used: then no request has its use to note, and any write that is seen means something.
    ApiToken.objects.update(last_used_at=NOW)
    return found


def _session(user_id: int) -> dict[str, str]:
    client = Client()
    user = User.objects.get(pk=user_id)
    answer = client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, user.email
    # Fresh proof of identity stands before bookings and decisions; without it every answer would be the same redirect.
    assert client.post("/account/confirm/?next=/", {"password": PASSWORD}).status_code == 302, user.email
    assert settings.SESSION_COOKIE_NAME in client.cookies
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


def _tokens(world: World, signs: dict[int, str]) -> list[Principal]:
    found = []
    for name, role, user, scope, bound_to, sees, people in TOKENS:
        secret = _token(world, user, scope=scope, bound_to=bound_to, label=f"label of {name}")[1]
        found.append(
            Principal(
                name=name,
                kind="token",
                role=role,
                sees=_letters(sees),
                knows=_letters(sees),
                people=_letters(people),
                user_id=world.users[user],
                is_staff=user.startswith("r"),
                headers={"Authorization": f"Bearer {secret}"},
                signs=signs[world.users[user]],
            )
        )
    return found


def _token(
    world: World, user: str, *, scope: tokens.Scope, bound_to: str, label: str, days: int = 30
) -> tuple[tokens.Created, str]:
    made_at = NOW - dt.timedelta(days=20)
    created = tokens.create(
        by=SYSTEM,
        user_id=world.users[user],
        label=label,
        scope=scope,
        expires_at=made_at + dt.timedelta(days=days),
        at=made_at,
        reseller_id=world.reseller_of(bound_to) if bound_to else None,
        customer_id=world.customers[bound_to].customer_id if bound_to else None,
    )
    return created, created.secret


def _ended_tokens(world: World) -> list[Principal]:
    """Tokens that count no more: revoked, expired, of somebody deactivated, and one letter away from a good one."""
    revoked, secret = _token(world, "a_owner", scope="write", bound_to="", label="revoked")
    tokens.revoke(by=SYSTEM, token_id=revoked.token_id, at=NOW)
    good = _token(world, "a_owner", scope="write", bound_to="", label="good")[1]
    secrets = {
        "token revoked": secret,
        "token expired": _token(world, "a_owner", scope="write", bound_to="", label="expired", days=2)[1],
        "token of the gone": _token(world, "a_gone", scope="write", bound_to="", label="gone")[1],
        "token mistyped": re.sub(".$", lambda last: "A" if last.group() != "A" else "B", good),
    }
    return [
        Principal(
            name=name,
            kind="token",
            role="ended token",
            is_valid=False,
            headers={"Authorization": f"Bearer {each}"},
        )
        for name, each in secrets.items()
    ]
