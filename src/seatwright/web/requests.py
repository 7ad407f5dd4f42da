"""What a view needs to know of its request: who acts, when, and under which reference."""

import datetime as dt
import uuid

from django.http import HttpRequest, QueryDict
from django.utils.http import url_has_allowed_host_and_scheme

from seatwright.access import identifiers, permissions
from seatwright.access import queries as people
from seatwright.access.actors import Actor
from seatwright.customers import queries as customers
from seatwright.operations import clock

_ID, _PERSON, _ACTOR, _CUSTOMER = (f"seatwright.{name}" for name in ("request_id", "person", "actor", "customer_id"))


def request_id(request: HttpRequest) -> str:
    """The random reference of this request: shown on error pages, sent as X-Request-ID, written to log and audit."""
    if _ID not in request.META:
        request.META[_ID] = identifiers.new_id().hex[:16]
    return str(request.META[_ID])


def user_id(request: HttpRequest) -> int | None:
    """The id of the person signed in, or None."""
    user = getattr(request, "user", None)
    return int(user.pk) if user is not None and user.is_authenticated and user.pk is not None else None


def person(request: HttpRequest) -> people.Person | None:
    """The person signed in with their language and time zone, or None; read once a request."""
    if _PERSON not in request.META:
        person_id = user_id(request)
        request.META[_PERSON] = None if person_id is None else people.person(user_id=person_id)
    found: people.Person | None = request.META[_PERSON]
    return found


def acting(request: HttpRequest) -> Actor:
    """The person signed in, with their roles as of now; raises access.permissions.Unknown when nobody is."""
    found = actor(request)
    if found is None:
        raise permissions.Unknown
    return found


def actor(request: HttpRequest) -> Actor | None:
    """As `acting`, but None when nobody is signed in; read once a request."""
    if _ACTOR not in request.META:
        person_id = user_id(request)
        request.META[_ACTOR] = (
            None
            if person_id is None
            else customers.actor(user_id=person_id, channel="web", request_ref=request_id(request))
        )
    found: Actor | None = request.META[_ACTOR]
    return found


def enter(request: HttpRequest, *, customer_id: uuid.UUID) -> None:
    """Note which organisation the page is about, so that its menu and banner show it."""
    request.META[_CUSTOMER] = customer_id


def entered(request: HttpRequest) -> uuid.UUID | None:
    """The organisation that the page is about, or None."""
    found: uuid.UUID | None = request.META.get(_CUSTOMER)
    return found


def now() -> dt.datetime:
    """The installation's time in UTC; the portal reads its clock here and nowhere else."""
    return clock.now()


def text(values: QueryDict, name: str, *, longest: int) -> str:
    """The text of a field or parameter, cut to `longest` and without the NUL that PostgreSQL cannot store."""
    return str(values.get(name, "")).replace("\x00", "")[:longest]


def safe_next(request: HttpRequest, *, otherwise: str = "/") -> str:
    """The posted `next` when it is a page of this portal, else `otherwise` (S48)."""
    target = request.POST.get("next", "")
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_ours else otherwise
