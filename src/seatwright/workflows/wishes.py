"""The wishes for a renewal put together with what is held, and what the vendor has to store for them."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.orders import intents
from seatwright.rules import instructions, renewals, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import extended_service


class NotRunning(Exception):
    """Only a running subscription with a known offer has a renewal to wish something for."""


def timeline_of(row: holdings.HoldingRow) -> timeline.Timeline:
    """The running term of a subscription with its open wishes; raises NotRunning when its plan is not known.

    Where there are wishes, the term renews unless they say otherwise: they were made against that default.
    """
    wished = intents.open_intents(subscription_ids=[row.subscription_id]).get(row.subscription_id, ())
    return _timeline(row, wished, billing_plan=plan_then(row))


def plan_then(row: holdings.HoldingRow) -> str:
    """The billing plan in which the running term ends: another one may wait for its first charge cycle."""
    return _plans_then([row]).get(row.subscription_id, row.billing_plan)


def _plans_then(rows: Sequence[holdings.HoldingRow]) -> dict[uuid.UUID, str]:
    longer = [row.subscription_id for row in rows if row.term != terms.Term.P1M]
    ahead = holdings.plans_ahead(subscription_ids=longer) if longer else {}
    return {subscription_id: billing_plan for subscription_id, (billing_plan, _rate) in ahead.items()}


def timelines_of(*, rows: Iterable[holdings.HoldingRow]) -> dict[uuid.UUID, timeline.Timeline]:
    """The timelines of these subscriptions in a few queries; those whose plan is not known are left out."""
    held = list(rows)
    rules = catalogue.AfterTerms(vendor_keys={row.vendor_key for row in held})
    wished = intents.open_intents(subscription_ids=[row.subscription_id for row in held])
    plans = _plans_then(held)
    found = {}
    for row in held:
        key = row.subscription_id
        with contextlib.suppress(NotRunning):
            found[key] = _timeline(row, wished.get(key, ()), rules, billing_plan=plans.get(key, row.billing_plan))
    return found


def _timeline(
    row: holdings.HoldingRow,
    rows: Sequence[intents.IntentRow],
    rules: catalogue.AfterTerms | None = None,
    *,
    billing_plan: str,
) -> timeline.Timeline:
    try:
        running = timeline.Running(
            offer=row.offer_key,
            quantity=row.seats,
            term=terms.Term(row.term),
            billing_plan=terms.BillingPlan(billing_plan),
            anchor_on=row.anchor_on,
            renews_on=row.commitment_end_on,
            ending=renewals.Ending.RENEW if rows else ending_shown(row, rules=rules),
        )
    except ValueError:
        raise NotRunning from None
    ahead = tuple(each.pending for each in rows if each.pending.effective_on >= row.commitment_end_on)
    return timeline.Timeline(running=running, pending=ahead)


def renewal_policy(row: holdings.HoldingRow) -> renewals.RenewalPolicy:
    """The vendor's timing around the end of a term, from policy data; `policy_in` where there are many."""
    return policy_in(catalogue.RenewalRules(vendor_keys=[row.vendor_key]), row)


def policy_in(rules: catalogue.RenewalRules, row: holdings.HoldingRow) -> renewals.RenewalPolicy:
    """The timing around the end of this subscription's term in rules that were read before."""
    stored = rules.on(row.commitment_end_on, vendor_key=row.vendor_key)
    return renewals.RenewalPolicy(
        version=stored.version,
        lock_before_renewal=stored.lock_before_renewal,
        alarms_before_renewal=stored.alarms_before_renewal,
        processing=stored.processing,
        source=stored.source,
    )


def ending_shown(row: holdings.HoldingRow, *, rules: catalogue.AfterTerms | None = None) -> renewals.Ending:
    """What the end of the term brings when nobody wishes anything: what the vendor shows."""
    if row.end_of_term in ("cancel", "extended"):
        return renewals.Ending(row.end_of_term)
    if row.auto_renew:
        return renewals.Ending.RENEW
    return renewals.Ending.EXTENDED if extended_service.applies(row=row, rules=rules) else renewals.Ending.CANCEL


def wished_term(line: timeline.Timeline) -> terms.Term:
    """The length of the next term: the wished one, else that of the running one."""
    wished = next((entry.term for entry in line.pending if entry.effective_on == line.running.renews_on), None)
    return wished or line.running.term


def instruction_of(line: timeline.Timeline) -> instructions.Instruction:
    """What the vendor has to hold for the wishes of this timeline: a plain renewal where nothing needs storing."""
    wanted = instructions.wanted_upstream(next_term=timeline.next_term(timeline=line))
    return wanted or instructions.Instruction(ending=renewals.Ending.RENEW)


def expected_seats(row: holdings.HoldingRow) -> int:
    """The seats that the renewal is to bring: the wished number, else those held."""
    try:
        following = timeline.next_term(timeline=timeline_of(row))
    except (NotRunning, ValueError):
        return row.seats
    return following.quantity if following.outcome is renewals.Ending.RENEW else row.seats


def seats_to_come(row: holdings.HoldingRow) -> int:
    """The seats that are left after the end of the term: none where it ends with it, also by what the vendor shows.

    A next term that the vendor holds and nobody wished for here counts as well.
    """
    try:
        line = timeline_of(row)
        following = timeline.next_term(timeline=line)
    except (NotRunning, ValueError):
        return row.seats
    if not line.pending and row.status == "active" and row.next_term is not None and is_other_stored(row):
        return int(row.next_term["quantity"])
    return 0 if following.outcome is renewals.Ending.CANCEL else following.quantity


def for_vendor(instruction: instructions.Instruction, *, catalogue_id: str) -> port.NextTerm | None:
    """The next term as the vendors' port names it; None for a plain renewal, a cancellation or an extension."""
    following = instruction.next_term
    if following is None or instruction.ending is not renewals.Ending.RENEW:
        return None
    parts = naming.offer_key(following.offer)
    assert parts is not None
    return port.NextTerm(
        product_id=parts.product_id,
        vendor_sku_id=parts.vendor_sku_id,
        catalogue_id=catalogue_id,
        quantity=following.quantity,
        term=following.term.value,
        billing_cycle=following.billing_plan.value,
        custom_end_on=following.aligned_end_on,
    )


def next_term_json(following: port.NextTerm) -> dict[str, Any]:
    """A next term as the books keep what the vendor shows."""
    return {
        "product_id": following.product_id,
        "vendor_sku_id": following.vendor_sku_id,
        "catalogue_id": following.catalogue_id,
        "quantity": following.quantity,
        "term": following.term,
        "billing_cycle": following.billing_cycle,
        "promotion_id": following.promotion_id,
        "custom_end_on": following.custom_end_on.isoformat() if following.custom_end_on else None,
    }


def _next_term(stored: dict[str, Any] | None) -> port.NextTerm | None:
    if stored is None:
        return None
    ends_on = stored["custom_end_on"]
    return port.NextTerm(**{**stored, "custom_end_on": dt.date.fromisoformat(ends_on) if ends_on else None})


def is_held(instruction: instructions.Instruction, *, seen: port.VendorSubscription) -> bool:
    """Whether what the vendor shows brings about the instruction, so that nothing has to be sent."""
    shown = "" if seen.end_of_term is None else str(seen.end_of_term)
    return shown == instruction.ending.value and seen.keeps(for_vendor(instruction, catalogue_id=""))


def is_other_stored(row: holdings.HoldingRow) -> bool:
    """Whether the vendor, when last read, had a next term stored that does not just repeat the running one."""
    stored, held = _next_term(row.next_term), naming.offer_key(row.offer_key)
    if stored is None:
        return False
    if (stored.quantity, stored.term, stored.billing_cycle) != (row.vendor_seats, row.term, row.billing_plan):
        return True
    is_cut = stored.custom_end_on is not None
    # The books do not know the vendor's own line behind an unknown offer or a month of extended service.
    if held is None or (held.term, held.billing_plan) != (row.term, row.billing_plan):
        return is_cut
    product = (stored.product_id.upper(), stored.vendor_sku_id.upper())
    return is_cut or product != (held.product_id.upper(), held.vendor_sku_id.upper())


def is_stored(*, row: holdings.HoldingRow, line: timeline.Timeline) -> bool:
    """Whether the vendor held the wishes when it was last read."""
    try:
        wanted = instruction_of(line)
    except ValueError:
        return False
    following = for_vendor(wanted, catalogue_id="")
    is_kept = not is_other_stored(row) if following is None else following.is_kept_by(_next_term(row.next_term))
    return row.end_of_term == wanted.ending.value and is_kept
