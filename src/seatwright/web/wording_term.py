"""Words for terms and states: why a term cannot be changed now, and what each state means for access and billing."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seatwright.rules import rebasing
from seatwright.web import formats, wording

REFUSALS: wording.Words = {
    "wrong_state": gettext_lazy("The term can only be changed while the licence is active."),
    "not_during_trial": gettext_lazy("The term of a trial cannot be changed. It can be bought when the trial is over."),
    "change_under_way": gettext_lazy("A change of this licence is under way. You can do this once that is done."),
    "term_over": gettext_lazy("The term is over and the vendor is renewing it. Sync in some hours and try again."),
    "began_today": gettext_lazy("A term of this licence began today. From tomorrow on it can be changed again."),
    "plan_waits": gettext_lazy("Another billing plan waits for the next billing period already."),
    "not_a_change": gettext_lazy("The licence has this term and billing plan already."),
    "not_sold": gettext_lazy("This licence is not sold like that. It may be at its renewal: see what can be planned."),
    "not_self_service": gettext_lazy(
        "Your reseller changes the term of this licence. Ask them, naming the term and billing that you want."
    ),
    "not_offered": gettext_lazy(
        "The reseller does not sell this licence at present, so no other term of it can begin now. Ask them."
    ),
    "shorter_term": gettext_lazy(
        "A running term cannot be made shorter. From the renewal on it can: plan the shorter term there."
    ),
    "upfront": gettext_lazy(
        "A running term cannot be paid in another rhythm than its own. From the renewal on it can: plan it there."
    ),
    "last_cycle": gettext_lazy("This is the last billing period of the term. Plan the other one for the renewal."),
    "between_days": gettext_lazy(
        "At this hour it is another day for the vendor than for you, and a billing period begins in between. "
        "Try again in a few hours."
    ),
    "changed": gettext_lazy("Something changed since you opened the page. Read what it costs now, then confirm again."),
}


@dataclass(frozen=True, kw_only=True)
class State:
    """What a state of a licence means; `steps` is the way from it to the end, if nobody does anything."""

    access: Promise
    billing: Promise
    steps: tuple[Promise, ...]


_GONE = gettext_lazy("Deleted: people, data and seats are gone for good.")
_DISABLED = gettext_lazy("Disabled for 90 days: only administrators get at the data.")
STATES: dict[str, State] = {
    "active": State(
        access=gettext_lazy("Everybody who has a seat can work."), billing=gettext_lazy("It is billed."), steps=()
    ),
    "pending": State(
        access=gettext_lazy("The vendor is setting it up; seats come within minutes."),
        billing=gettext_lazy("It is billed from the day of the order."),
        steps=(gettext_lazy("Active, once the vendor has set it up."),),
    ),
    "suspended": State(
        access=gettext_lazy("People cannot work with it; administrators can still sign in."),
        billing=gettext_lazy("It is billed as before, until the end of its term."),
        steps=(
            gettext_lazy("Until its term ends it can be resumed."),
            gettext_lazy("Then it is disabled for 30 days, and for 90 more."),
            _GONE,
        ),
    ),
    "expired": State(
        access=gettext_lazy("Its term is over; people can still work for 30 days."),
        billing=gettext_lazy("It is not billed any more."),
        steps=(_DISABLED, _GONE),
    ),
    "disabled": State(
        access=gettext_lazy("People cannot work with it; only administrators get at the data."),
        billing=gettext_lazy("It is not billed any more."),
        steps=(gettext_lazy("It cannot be resumed; to go on, buy it anew."), _GONE),
    ),
    "deleted": State(
        access=gettext_lazy("Nobody can work with it any more."),
        billing=gettext_lazy("It is not billed any more."),
        steps=(gettext_lazy("It cannot be resumed; to go on, buy it anew."),),
    ),
}


def rebased(found: rebasing.Rebased | None) -> list[str]:
    """What becomes of the wishes for the renewal, a sentence each; none where nothing was wished."""
    if found is None:
        return []
    moved = [
        _("Your wishes for the renewal on %(old)s count for the one on %(new)s.")
        % {"old": formats.day(value=each.from_on), "new": formats.day(value=each.to_on)}
        for each in found.moved
    ]
    lost = {
        rebasing.Why.FULFILLED: _("A wish for the renewal is fulfilled with it, and dropped."),
        rebasing.Why.REACHED: _("A wish for seats is reached with it, and dropped."),
        rebasing.Why.NOT_REACHABLE: _("A wish for another licence is not possible any more, and dropped."),
        rebasing.Why.DATE_MOVED: _("The end date that you had chosen is dropped, since the renewal has another day."),
    }
    return [*moved, *dict.fromkeys(lost[each.why] for each in found.choices[0].dropped)]
