"""What has to be stored at the vendor so that the next renewal comes out as wished, and whether it is there.

Vendor-neutral: an adapter translates an `Instruction` to its wire form, and what it reads to `Seen`. A vendor wipes its
schedule at every change inside the term (reference 5.5), so the two are compared after each of them, and at each alarm.
"""

import datetime as dt
import enum
from dataclasses import dataclass

from seatwright.rules import renewals, terms, timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTermTerms:
    """The next term in full; `aligned_end_on` is the exclusive co-terminous end, None for the full term."""

    offer: str
    quantity: int
    term: terms.Term
    billing_plan: terms.BillingPlan
    aligned_end_on: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What the vendor has to hold for the end of the running term; without `next_term` it stays as it runs."""

    ending: renewals.Ending
    next_term: NextTermTerms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the vendor shows: the `ending` that its flags and actions lead to, and a stored next term if there is one.

    `ending` is None when the vendor shows something that the adapter cannot translate; that is never as wanted.
    """

    ending: renewals.Ending | None
    next_term: NextTermTerms | None = None


class Mismatch(enum.StrEnum):
    """How what the vendor shows differs from what it has to hold."""

    ENDING = "ending"
    MISSING = "missing"
    RESIDUE = "residue"
    OTHER = "other"


def wanted_upstream(*, next_term: timeline.NextTerm) -> Instruction | None:
    """The instruction that brings about `next_term`; None when a plain renewal does, for which nothing is stored.

    Raises ValueError for a next term without seats or with a plan that its term does not allow: the conflict is to be
    solved first.
    """
    wished = next_term.wished
    if next_term.outcome is renewals.Ending.CANCEL:
        return Instruction(ending=renewals.Ending.CANCEL)
    if next_term.quantity < 1:
        raise ValueError(f"{next_term.quantity} seats cannot be renewed")
    terms.require_allowed(term=next_term.term, billing_plan=next_term.billing_plan)
    if next_term.outcome is renewals.Ending.EXTENDED:
        is_as_it_runs = timeline.Dimension.QUANTITY not in wished
    else:
        in_full = next_term.aligned_end_on is None
        is_as_it_runs = in_full and wished <= {timeline.Dimension.ENDING, timeline.Dimension.END_DATE}
    if is_as_it_runs:
        plain = next_term.outcome is renewals.Ending.RENEW
        return None if plain else Instruction(ending=renewals.Ending.EXTENDED)
    stored = NextTermTerms(
        offer=next_term.offer,
        quantity=next_term.quantity,
        term=next_term.term,
        billing_plan=next_term.billing_plan,
        aligned_end_on=next_term.aligned_end_on,
    )
    return Instruction(ending=next_term.outcome, next_term=stored)


def mismatch(*, instruction: Instruction | None, seen: Seen) -> Mismatch | None:
    """The first difference between what is wanted and what the vendor shows, None when it is applied.

    A schedule that nobody wants any more is a residue: it would be carried out (invariant 15).
    """
    wanted = instruction or Instruction(ending=renewals.Ending.RENEW)
    if seen.ending is not wanted.ending:
        return Mismatch.ENDING
    if seen.next_term == wanted.next_term:
        return None
    if wanted.next_term is None:
        return Mismatch.RESIDUE
    return Mismatch.MISSING if seen.next_term is None else Mismatch.OTHER


def is_applied(*, instruction: Instruction | None, seen: Seen) -> bool:
    """Whether the vendor holds exactly what is wanted, so that nothing has to be sent (again)."""
    return mismatch(instruction=instruction, seen=seen) is None
