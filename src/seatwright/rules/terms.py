"""Commitment terms and billing plans, and which of them may be combined."""

import enum


class Term(enum.StrEnum):
    """How long a customer commits, as the vendor spells it."""

    P1M = "P1M"
    P1Y = "P1Y"
    P3Y = "P3Y"

    @property
    def months(self) -> int:
        return _TERM_MONTHS[self]


class BillingPlan(enum.StrEnum):
    """How often the commitment is charged; annual of a year and triennial of three are paid upfront."""

    MONTHLY = "monthly"
    ANNUAL = "annual"
    TRIENNIAL = "triennial"

    @property
    def months(self) -> int:
        """Calendar months of one charge cycle."""
        return _CYCLE_MONTHS[self]


class PlanNotAllowed(ValueError):
    """The billing plan cannot be combined with the term."""


_TERM_MONTHS = {Term.P1M: 1, Term.P1Y: 12, Term.P3Y: 36}
_CYCLE_MONTHS = {BillingPlan.MONTHLY: 1, BillingPlan.ANNUAL: 12, BillingPlan.TRIENNIAL: 36}


def allowed_plans(term: Term) -> tuple[BillingPlan, ...]:
    """Billing plans of `term`, shortest first: those whose cycle is not longer than it. Source: reference 3.2."""
    return tuple(plan for plan in BillingPlan if plan.months <= term.months)


def require_allowed(*, term: Term, billing_plan: BillingPlan) -> None:
    """Raises `PlanNotAllowed` unless the two may be combined."""
    if billing_plan not in allowed_plans(term):
        raise PlanNotAllowed(f"{term} cannot be billed {billing_plan}")
