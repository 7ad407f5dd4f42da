"""How each state of the product is shown: its words, its tone and its icon."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A state as people see it; `tone` is one of good, info, warn, bad and calm."""

    label: str | Promise
    tone: str
    icon: str


def _good(label: Promise, icon: str = "circle-check") -> Shown:
    return Shown(label=label, tone="good", icon=icon)


def _info(label: Promise, icon: str = "circle-dashed") -> Shown:
    return Shown(label=label, tone="info", icon=icon)


def _warn(label: Promise, icon: str = "alert-triangle") -> Shown:
    return Shown(label=label, tone="warn", icon=icon)


def _bad(label: Promise, icon: str = "circle-x") -> Shown:
    return Shown(label=label, tone="bad", icon=icon)


def _calm(label: Promise, icon: str = "ban") -> Shown:
    return Shown(label=label, tone="calm", icon=icon)


STATES: dict[str, Shown] = {
    "active": _good(_("Active")),
    "request_open": _info(_("Asked"), "inbox"),
    "request_answered": _warn(_("Answered"), "info-circle"),
    "request_booked": _good(_("Ordered")),
    "request_declined": _calm(_("Declined")),
    "draft": _calm(_("Draft"), "circle-dashed"),
    "awaiting_approval": _info(_("Waiting for approval"), "hourglass-empty"),
    "awaiting_payment": _info(_("Waiting for payment"), "wallet"),
    "provisioning": _info(_("Being set up")),
    "pending": _info(_("Pending"), "clock"),
    "suspended": _warn(_("Suspended"), "player-pause"),
    "expired": _warn(_("Expired"), "hourglass-empty"),
    "disabled": _warn(_("Disabled"), "ban"),
    "cancelled": _calm(_("Cancelled")),
    "deleted": _calm(_("Deleted")),
    "failed": _bad(_("Failed")),
    "unknown": _warn(_("State not known to us"), "help-circle"),
    "booked": _info(_("Booked"), "check"),
    "sent": _info(_("Sent to the vendor"), "arrow-right"),
    "accepted": _info(_("Accepted by the vendor"), "check"),
    "unclear": _warn(_("Being confirmed"), "help-circle"),
    "parked": _bad(_("Needs a person"), "alert-circle"),
    "refused": _bad(_("Refused by the vendor")),
    "settled": _good(_("Done")),
    "done": _good(_("Done")),
    "running": _info(_("In progress")),
    "partly_done": _warn(_("Partly done")),
    "waiting": _info(_("Waiting"), "clock"),
    "moving": _info(_("Being moved")),
    "moved": _good(_("Moved")),
    "checking": _warn(_("Being confirmed"), "help-circle"),
    "unlicensed": _warn(_("No licence"), "user-off"),
    "licensed": _good(_("Licensed")),
    "blocked": _calm(_("Sign-in blocked"), "lock"),
    "foreign": _calm(_("From another reseller"), "external-link"),
}


def shown(*, state: str) -> Shown:
    """The display of a state; a state that we do not know keeps its own name and a neutral tone."""
    return STATES.get(state) or Shown(label=state.replace("_", " "), tone="calm", icon="help-circle")
