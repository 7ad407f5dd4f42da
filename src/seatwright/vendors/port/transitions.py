"""How a subscription becomes another product at the vendor: what is possible, and how far it is."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TransitionProblem:
    """Why a way is closed: the vendor's `code`, and `reason`, our word for it (`other` for codes unheard of)."""

    code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class MergeTarget:
    """A subscription of the customer that could take the seats in; its term and billing cycle stay."""

    subscription_id: str
    name: str
    term: str
    billing_cycle: str
    problems: tuple[TransitionProblem, ...]
    is_possible: bool


@dataclass(frozen=True, kw_only=True)
class TransitionTarget:
    """A catalogue item to which a subscription can go, for at most `quantity` seats.

    `is_possible` concerns the change itself, `moves_licences` whether people's licences are moved along.
    """

    catalogue_id: str
    product_id: str
    vendor_sku_id: str
    title: str
    quantity: int | None
    is_possible: bool
    moves_licences: bool
    problems: tuple[TransitionProblem, ...]
    into: tuple[MergeTarget, ...]


@dataclass(frozen=True, kw_only=True)
class TransitionEvent:
    """One step: `name` is `conversion` or `license_reassignment`, `status` `started`, `completed` or `failed`."""

    name: str
    status: str
    happened_at: dt.datetime | None
    problems: tuple[TransitionProblem, ...]


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A transition that was started; ids that the vendor left out are empty.

    `status` and `licences` are `started`, `completed` or `failed`, by the latest event of either kind; `licences` is
    empty as long as no licence was to be moved. A change that is completed stays so when moving licences fails.
    """

    operation_id: str
    from_catalogue_id: str
    to_catalogue_id: str
    from_subscription_id: str
    to_subscription_id: str
    quantity: int | None
    status: str
    licences: str
    events: tuple[TransitionEvent, ...]
