"""The words of renewal sheets: states, options, defaults, and why something was not possible."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seatwright.web import formats, wording
from seatwright.web.wording import Words

STATES: Words = {
    "draft": gettext_lazy("draft"),
    "sent": gettext_lazy("waits for an answer"),
    "answered": gettext_lazy("answered"),
    "defaulted": gettext_lazy("not answered in time, default applied"),
    "expired": gettext_lazy("not answered in time"),
    "ended": gettext_lazy("nothing left to decide, because the licences ended"),
    "withdrawn": gettext_lazy("withdrawn"),
}
LINE_STATES: Words = {
    "open": gettext_lazy("open"),
    "answering": gettext_lazy("being stored"),
    "answered": gettext_lazy("decided"),
    "defaulted": gettext_lazy("default applied, because nobody answered"),
    "standing": gettext_lazy("left as it was planned elsewhere"),
    "left": gettext_lazy("left as it stands"),
    "ended": gettext_lazy("the licence ended, so that nothing is to be decided"),
}
DEFAULTS: Words = {
    "keep": gettext_lazy("Everything renews as it is."),
    "reduce": gettext_lazy("Licences renew with the seats in use; seats that nobody uses are not renewed."),
    "cancel": gettext_lazy("The licences end with their terms, and people lose access then."),
    "nothing": gettext_lazy("Nothing is changed: each licence does at its renewal what is planned for it."),
}
REFUSALS: Words = {
    "nothing_to_ask": gettext_lazy("Choose at least one licence whose renewal can still be decided."),
    "too_many": gettext_lazy("A sheet asks about 50 licences at most. Make several."),
    "deadline_past": gettext_lazy("Choose a deadline that lies ahead."),
    "locked_too_soon": gettext_lazy(
        "One of these renewals is fixed so soon that no answer could be stored in time. Leave it out."
    ),
    "nobody_to_ask": gettext_lazy("This customer has no contract owner who could answer."),
    "asked_already": gettext_lazy("Another sheet asks about one of these renewals already."),
    "changed": gettext_lazy("A licence or its plan changed since the sheet was made. Withdraw it and make it anew."),
    "closed": gettext_lazy("This sheet is closed."),
}
ANSWER_REFUSALS: Words = {
    "closed": gettext_lazy("This sheet is closed, so nothing was changed."),
    "too_late": gettext_lazy("The deadline is past, so nothing was changed."),
    "changed": gettext_lazy("This is not the sheet as you were shown it. Load the page again."),
    "nothing": gettext_lazy("Choose something for at least one licence."),
}
TROUBLES: Words = {
    "closed": gettext_lazy("The sheet was closed meanwhile."),
    "too_late": gettext_lazy("The deadline passed meanwhile."),
    "decided": gettext_lazy("This licence has been decided already."),
    "changed": gettext_lazy(
        "The licence changed since you were asked, so the amounts are no longer right. Decide on the licence's own "
        "page."
    ),
    "no_such_option": gettext_lazy("Choose one of the options listed."),
    "seats": gettext_lazy("Write a number of seats from 1 to one fewer than there are now."),
    "not_running": gettext_lazy("This licence no longer runs."),
}
NOTES: Words = {
    "silence": gettext_lazy("nobody answered"),
    "changed": gettext_lazy("the licence changed meanwhile"),
    "wished": gettext_lazy("a plan for the renewal stands"),
    "revoked": gettext_lazy("a plan for the renewal was taken back meanwhile"),
    "elsewhere": gettext_lazy("it was decided in the vendor's own portal meanwhile"),
}
NOTICES: Words = {
    "sent": gettext_lazy("the sheet"),
    "reminder": gettext_lazy("a reminder"),
    "closed": gettext_lazy("what was decided"),
    "withdrawn": gettext_lazy("that it was withdrawn"),
}


def option(choice: Mapping[str, Any]) -> str:
    """What an option does, in a few words."""
    return option_words(
        key=choice["key"], seats=choice["seats"], term=choice["term"], billing_plan=choice["billing_plan"]
    )


def option_words(*, key: str, seats: int | None, term: str | None, billing_plan: str | None) -> str:
    """What the option of that key does with so many seats."""
    kind = key.partition(":")[0]
    count = formats.number(value=seats or 0)
    if kind == "cancel":
        return _("End with the term")
    if kind == "reduce":
        return ngettext("Renew with %(n)s seat", "Renew with %(n)s seats", seats or 0) % {"n": count}
    if kind == "change":
        return _("Renew for %(term)s, %(plan)s") % {
            "term": wording.named(wording.TERMS, term or ""),
            "plan": wording.named(wording.PLANS, billing_plan or ""),
        }
    return ngettext("Keep as it is, with %(n)s seat", "Keep as it is, with %(n)s seats", seats or 0) % {"n": count}


def refusal(why: str, *, latest_at: dt.datetime | None, zone: str) -> str:
    """Why a sheet cannot be made or sent."""
    if why == "deadline_after_lock" and latest_at is not None:
        return _("The vendor needs the answer earlier. The latest possible deadline is %(latest)s.") % {
            "latest": wording.both_clocks(value=latest_at, zone=zone)
        }
    return wording.named(REFUSALS, why)


def note(code: str) -> str:
    """Why a line was left, empty for no reason; a code of a conflict is told as one."""
    if not code or code == "applying":
        return ""
    return wording.named(NOTES, code) if code in NOTES else _("it could not be carried out as asked")
