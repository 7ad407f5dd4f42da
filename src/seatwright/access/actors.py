"""Who acts: the value that every workflow takes as `by` and every query as `seen_by`."""

import enum
import uuid
from dataclasses import dataclass


class Role(enum.StrEnum):
    """What a person is for a customer or for a reseller; the words are those of the glossary."""

    CONTRACT_OWNER = "contract_owner"
    LICENCE_ADMIN = "licence_admin"
    BILLING_CONTACT = "billing_contact"
    EMPLOYEE = "employee"
    RESELLER_ADMIN = "reseller_admin"
    RESELLER_SALES = "reseller_sales"
    RESELLER_SUPPORT = "reseller_support"
    RESELLER_BILLING = "reseller_billing"


CUSTOMER_ROLES = frozenset({Role.CONTRACT_OWNER, Role.LICENCE_ADMIN, Role.BILLING_CONTACT, Role.EMPLOYEE})
STAFF_ROLES = frozenset(Role) - CUSTOMER_ROLES


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A role at one reseller (`customer_id` None, so for all its customers) or at one customer."""

    role: Role
    reseller_id: uuid.UUID
    customer_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person, the system itself, or the operator at the command line, with the rights held when they were asked."""

    kind: str
    label: str
    user_id: int | None = None
    grants: tuple[Grant, ...] = ()
    channel: str = "web"
    request_ref: str = ""

    @property
    def is_system(self) -> bool:
        """Whether this is the product itself or its operator, who are not bound to one reseller."""
        return self.kind in ("system", "operator")

    @property
    def is_staff(self) -> bool:
        """Whether any role belongs to a reseller's staff."""
        return any(grant.role in STAFF_ROLES for grant in self.grants)


SYSTEM = Actor(kind="system", label="Seatwright", channel="worker")


def operator(*, label: str) -> Actor:
    """The person at the command line of the installation."""
    return Actor(kind="operator", label=label, channel="cli")
