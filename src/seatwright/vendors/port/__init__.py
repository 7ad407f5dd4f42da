"""What Seatwright asks of any vendor, and the answers that a change can have.

Adapters translate these calls to one vendor's wire protocol. Plain values only; no Django, no clock: `at` is passed in.

Trouble, as opposed to an answer to a change, is raised:

    VendorTrouble
    |-- VendorBusy      told to wait (429, 503 with Retry-After); carries `retry_at`
    |-- VendorDown      nothing was sent, or a read failed: safe to try again
    |-- VendorDenied    our credential or consent is not good enough (401, 403); a person must act
    |-- VendorMissing   the thing asked for is not there, or not visible yet (404)
    `-- VendorGarbled   an answer came that cannot be understood
"""

from seatwright.vendors.port.outcomes import REASONS, Done, Later, Outcome, Refused, Unclear
from seatwright.vendors.port.people import LicencePool, PeopleChanges, PersonLicence, PoolSource, VendorPerson
from seatwright.vendors.port.purchases import (
    AcceptedAgreement,
    AgreementContact,
    AgreementStatus,
    AgreementTemplate,
    Bought,
    Cart,
    CartLine,
    CartOutcome,
    CheckoutOutcome,
    CustomEnd,
    GroupProblem,
    LineProblem,
    OrderLine,
    Plan,
    PromotedProduct,
    Promotion,
    PromotionProblem,
    PromotionVerdict,
    VendorCartLine,
    VendorOrder,
)
from seatwright.vendors.port.subscriptions import (
    EndOfTerm,
    NextTerm,
    ReturnableSeats,
    ScheduleShape,
    Status,
    TenantRef,
    VendorSubscription,
    VendorTenant,
)
from seatwright.vendors.port.transitions import (
    MergeTarget,
    Transition,
    TransitionEvent,
    TransitionProblem,
    TransitionTarget,
)
from seatwright.vendors.port.trouble import (
    VendorBusy,
    VendorDenied,
    VendorDown,
    VendorGarbled,
    VendorMissing,
    VendorTrouble,
)
from seatwright.vendors.port.vendor import People, Purchases, Subscriptions, Transitions, Vendor

__all__ = [
    "REASONS",
    "AcceptedAgreement",
    "AgreementContact",
    "AgreementStatus",
    "AgreementTemplate",
    "Bought",
    "Cart",
    "CartLine",
    "CartOutcome",
    "CheckoutOutcome",
    "CustomEnd",
    "Done",
    "EndOfTerm",
    "GroupProblem",
    "Later",
    "LicencePool",
    "LineProblem",
    "MergeTarget",
    "NextTerm",
    "OrderLine",
    "Outcome",
    "People",
    "PeopleChanges",
    "PersonLicence",
    "Plan",
    "PoolSource",
    "PromotedProduct",
    "Promotion",
    "PromotionProblem",
    "PromotionVerdict",
    "Purchases",
    "Refused",
    "ReturnableSeats",
    "ScheduleShape",
    "Status",
    "Subscriptions",
    "TenantRef",
    "Transition",
    "TransitionEvent",
    "TransitionProblem",
    "TransitionTarget",
    "Transitions",
    "Unclear",
    "Vendor",
    "VendorBusy",
    "VendorCartLine",
    "VendorDenied",
    "VendorDown",
    "VendorGarbled",
    "VendorMissing",
    "VendorOrder",
    "VendorPerson",
    "VendorSubscription",
    "VendorTenant",
    "VendorTrouble",
]
