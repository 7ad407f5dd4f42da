"""Who may do what: one table of actions and roles, and the questions asked of it.

`require` is the first line of every workflow and `visible_rows` the first filter of every query. An object that the
actor cannot see does not exist for them: `Unknown` is raised for a foreign id and for an invented one alike.
"""

import uuid

from django.db.models import Q

from seatwright.access.actors import Actor, Role

_LICENCES = frozenset({Role.CONTRACT_OWNER, Role.LICENCE_ADMIN})
_STAFF_LICENCES = frozenset({Role.RESELLER_ADMIN, Role.RESELLER_SALES, Role.RESELLER_SUPPORT})
_STAFF = frozenset({*_STAFF_LICENCES, Role.RESELLER_BILLING})

ACTIONS: dict[str, frozenset[Role]] = {
    "customer.view": _LICENCES | _STAFF | {Role.BILLING_CONTACT},
    "licences.view": _LICENCES | _STAFF | {Role.BILLING_CONTACT},
    "people.view": _LICENCES | _STAFF_LICENCES,
    "seats.quote": _LICENCES | _STAFF_LICENCES,
    "seats.book": _LICENCES | {Role.RESELLER_ADMIN, Role.RESELLER_SALES},
    "orders.view": _LICENCES | _STAFF | {Role.BILLING_CONTACT},
    "sheets.view": _LICENCES | _STAFF | {Role.BILLING_CONTACT},
    "sheets.answer": frozenset({Role.CONTRACT_OWNER}),
    "sheets.make": frozenset({Role.RESELLER_ADMIN, Role.RESELLER_SALES}),
    "sync.run": _LICENCES | _STAFF_LICENCES,
    "staff.customers": _STAFF,
    "staff.queue": _STAFF,
    "operations.settle": frozenset({Role.RESELLER_ADMIN, Role.RESELLER_SUPPORT}),
    "audit.view": frozenset({Role.RESELLER_ADMIN, Role.CONTRACT_OWNER}),
    "catalogue.view": _LICENCES | _STAFF | {Role.BILLING_CONTACT},
    "catalogue.edit": frozenset({Role.RESELLER_ADMIN}),
    "offers.request": _LICENCES | {Role.BILLING_CONTACT},
    "offers.answer": frozenset({Role.RESELLER_ADMIN, Role.RESELLER_SALES}),
    "catalogue.import": frozenset({Role.RESELLER_ADMIN}),
    "clock.advance": frozenset({Role.RESELLER_ADMIN}),
}


class NotAllowed(Exception):
    """You can see this, but your role does not allow the action; ask the contract owner or your reseller."""

    def __init__(self, action: str) -> None:
        super().__init__(action)
        self.action = action


class Unknown(Exception):
    """There is nothing here under that address for you."""


def allowed(
    *, by: Actor, action: str, reseller_id: uuid.UUID | None = None, customer_id: uuid.UUID | None = None
) -> bool:
    """Whether `by` may do `action` at this customer, or at this reseller; no grant means no."""
    roles = ACTIONS[action]
    if by.is_system:
        return True
    return any(
        grant.role in roles and _covers(grant.reseller_id, grant.customer_id, reseller_id, customer_id)
        for grant in by.grants
    )


def _covers(
    granted_reseller: uuid.UUID,
    granted_customer: uuid.UUID | None,
    reseller_id: uuid.UUID | None,
    customer_id: uuid.UUID | None,
) -> bool:
    if granted_customer is not None:
        return customer_id is not None and granted_customer == customer_id
    return reseller_id is not None and granted_reseller == reseller_id


def require(
    *, by: Actor, action: str, reseller_id: uuid.UUID | None = None, customer_id: uuid.UUID | None = None
) -> None:
    """Return when `by` may do `action` there.

    Raises NotAllowed when the actor has some other right at that place, else Unknown, so that a stranger learns
    nothing from the answer. Give both ids when the object belongs to a customer.
    """
    if allowed(by=by, action=action, reseller_id=reseller_id, customer_id=customer_id):
        return
    if any(_covers(grant.reseller_id, grant.customer_id, reseller_id, customer_id) for grant in by.grants):
        raise NotAllowed(action)
    raise Unknown


def visible_rows(*, seen_by: Actor, action: str) -> Q:
    """The filter on `reseller_id` and `customer_id` that leaves only rows `seen_by` may see under `action`."""
    if seen_by.is_system:
        return Q()
    roles = ACTIONS[action]
    resellers = [g.reseller_id for g in seen_by.grants if g.role in roles and g.customer_id is None]
    customers = [g.customer_id for g in seen_by.grants if g.role in roles and g.customer_id is not None]
    return Q(reseller_id__in=resellers) | Q(customer_id__in=customers)
