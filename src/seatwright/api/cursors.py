"""Cursors of lists: opaque to clients and signed, so that only a cursor that this list gave out continues it."""

from django.core import signing

from seatwright.api import problems
from seatwright.api.errors import Fault


def sealed(*, after: str, list_name: str) -> str | None:
    """The `next` of a page for the workflow's own cursor; None on the last page."""
    return signing.Signer(salt=f"seatwright.api.{list_name}").sign_object(after) if after else None


def opened(*, cursor: str, list_name: str) -> str:
    """The workflow's own cursor, empty for the first page; raises problems.Invalid for any text not given out."""
    if not cursor:
        return ""
    try:
        return str(signing.Signer(salt=f"seatwright.api.{list_name}").unsign_object(cursor))
    except (signing.BadSignature, ValueError):
        detail = "Send the `next` of this list's page before, unchanged."
        raise problems.Invalid(Fault(location="query", field="after", code="bad_cursor", detail=detail)) from None
