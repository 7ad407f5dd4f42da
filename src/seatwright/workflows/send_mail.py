"""One mail to one person as an operation: written when it is sent, in the reader's language, and sent at most once.

A mail cannot be read back. Once the server has been talked to and did not say no, the mail counts as sent: reminders
and alarms come in stages, and everything a mail says stands in the portal too.
"""

import datetime as dt
import smtplib
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMessage

from seatwright.access import identifiers, permissions
from seatwright.access import queries as people
from seatwright.access.actors import SYSTEM
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView

KIND = "send_mail"
DEADLINE = dt.timedelta(days=3)
# What says for certain that the server took nothing.
NOT_TAKEN = (
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
    ConnectionRefusedError,
)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A mail ready to be sent; the subject is one line."""

    subject: str
    text: str


Compose = Callable[[str, Mapping[str, Any], people.Person], Message]
_compose: list[Compose] = []


def plug_in(compose: Compose) -> None:
    """Write mails by `compose` from now on, given the template's name, its values and the reader."""
    _compose[:] = [compose]


def queue(
    *,
    readers: Collection[people.Person],
    template: str,
    values: Mapping[str, Any],
    action: str,
    reseller_id: uuid.UUID,
    customer_id: uuid.UUID,
    at: dt.datetime,
) -> tuple[uuid.UUID, ...]:
    """Queue one mail to each reader in the caller's transaction and return the operations' ids, in that order.

    Whoever may no longer do `action` at the customer when the mail is sent does not get it. `values` are JSON.
    """
    ids = []
    for reader in readers:
        ids.append(identifiers.new_id())
        operations.open_operation(
            operation_id=ids[-1],
            kind=KIND,
            lease_key="",
            intent={"user_id": reader.user_id, "template": template, "values": dict(values), "action": action},
            policy_version="",
            request_id=identifiers.new_id(),
            reseller_id=reseller_id,
            customer_id=customer_id,
            by=SYSTEM,
            due_at=at,
            deadline_at=at + DEADLINE,
            at=at,
        )
    return tuple(ids)


def send(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Write and send the mail, unless the server may have taken it before or the reader's right is gone."""
    if view.sent_at is not None:
        return _finish(view, "done", note="" if view.answered_at else "The server's answer was lost.", at=at)
    reader = _reader(view)
    if reader is None:
        return _finish(view, "refused", note="The reader may not see this any more.", at=at)
    message = _compose[0](view.intent["template"], view.intent["values"], reader)
    subject = " ".join(message.subject.split())
    operations.mark_sent(operation_id=view.id, fence=view.fence, at=at)
    checkpoint("submit.before_call")
    try:
        EmailMessage(subject=subject, body=message.text, to=[reader.email]).send()
    except smtplib.SMTPRecipientsRefused:
        operations.mark_answered(operation_id=view.id, fence=view.fence, at=at)
        return _finish(view, "refused", note="The mail server does not take mail to this address.", at=at)
    except NOT_TAKEN as trouble:
        operations.mark_not_sent(operation_id=view.id, fence=view.fence, at=at, note=type(trouble).__name__)
        why = "The mail server took nothing."
        return engine.Again(at=at + engine.backoff(view=view), why=why, is_trouble=True)
    except (smtplib.SMTPException, OSError) as trouble:
        return _finish(view, "done", note=f"The server's answer was lost: {type(trouble).__name__}.", at=at)
    checkpoint("submit.after_call")
    operations.mark_answered(operation_id=view.id, fence=view.fence, at=at)
    return _finish(view, "done", note="", at=at)


def _reader(view: OperationView) -> people.Person | None:
    """The person as of now, None once they may not sign in or not see what the mail is about."""
    user_id = int(view.intent["user_id"])
    reader = people.person(user_id=user_id)
    actor = customers.actor(user_id=user_id, channel="mail", request_ref="")
    if reader is None or actor is None:
        return None
    may_see = permissions.allowed(
        by=actor, action=view.intent["action"], reseller_id=view.reseller_id, customer_id=view.customer_id
    )
    return reader if may_see else None


def _finish(view: OperationView, state: Any, *, note: str, at: dt.datetime) -> engine.StepResult:
    operations.finish(operation_id=view.id, fence=view.fence, state=state, at=at, note=note)
    return engine.Finished()


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("send", send),)))
