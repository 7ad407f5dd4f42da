"""What a vendor sells, and what became of a purchase: availabilities, promotions, carts, orders, agreements."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from seatwright.vendors.port.outcomes import Later, Refused, Unclear


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A term (`P1M`, `P1Y`, `P3Y`) with a billing cycle."""

    term: str
    billing_cycle: str


@dataclass(frozen=True, kw_only=True)
class PromotedProduct:
    """One product at one plan that a promotion makes cheaper; `share_off` is 0.05 for 5 %, None if of another kind."""

    product_id: str
    vendor_sku_id: str
    plan: Plan
    share_off: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """A reduction of the vendor's price, half-open in days (UTC); None means no limit on that side."""

    promotion_id: str
    name: str
    description: str
    starts_on: dt.date | None
    ends_on: dt.date | None
    is_automatic: bool
    products: tuple[PromotedProduct, ...]

    def covers(self, *, product_id: str, vendor_sku_id: str, plan: Plan, on: dt.date) -> bool:
        """Whether a purchase of exactly this plan on that day is promoted; any other plan goes at full price."""
        wanted = (product_id.upper(), vendor_sku_id.upper(), plan)
        promoted = {(each.product_id.upper(), each.vendor_sku_id.upper(), each.plan) for each in self.products}
        has_begun = self.starts_on is None or self.starts_on <= on
        return has_begun and (self.ends_on is None or on < self.ends_on) and wanted in promoted


@dataclass(frozen=True, kw_only=True)
class PromotionProblem:
    """One thing that stands against a promotion; `kind` is the vendor's word, `plans` those it would accept."""

    reason: str
    kind: str
    minimum_seats: int | None
    maximum_seats: int | None
    available_seats: int | None
    redemptions_left: int | None
    plans: tuple[Plan, ...]


@dataclass(frozen=True, kw_only=True)
class PromotionVerdict:
    """Whether a promotion applies; `refused` says why not, with the reason `promotion_term` for a wrong plan."""

    promotion_id: str
    refused: Refused | None
    problems: tuple[PromotionProblem, ...]

    @property
    def is_eligible(self) -> bool:
        return self.refused is None


@dataclass(frozen=True, kw_only=True)
class CustomEnd:
    """A day on which a first term may end early, as the first day after, alone or with other subscriptions."""

    end_on: dt.date
    is_month_end: bool
    subscription_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CartLine:
    """Something to buy; `custom_end_on` is the first day after a shortened first term.

    `reseller_partner_id` names the reseller of an indirect sale. `is_attested` is needed by a few products only.
    """

    catalogue_id: str
    quantity: int
    term: str
    billing_cycle: str
    promotion_id: str = ""
    custom_end_on: dt.date | None = None
    name: str = ""
    reseller_partner_id: str = ""
    is_attested: bool = False


@dataclass(frozen=True, kw_only=True)
class VendorCartLine:
    """A line as the vendor keeps it, priced per billing cycle and seat; `order_group` becomes one order."""

    number: int
    catalogue_id: str
    quantity: int
    term: str
    billing_cycle: str
    promotion_id: str
    custom_end_on: dt.date | None
    order_group: str
    currency: str
    unit_price: Decimal | None


@dataclass(frozen=True, kw_only=True)
class LineProblem:
    """Why a line of a cart cannot be bought; `line` counts from zero, `reason` is one of `REASONS`."""

    line: int
    code: str
    reason: str
    safe_text: str


@dataclass(frozen=True, kw_only=True)
class Cart:
    """A cart at the vendor, a token that can be spent once: `status` is `active` until then and `ordered` after.

    Only a cart without `problems` may be checked out. `expires_at` is None when the vendor named no instant.
    """

    cart_id: str
    status: str
    lines: tuple[VendorCartLine, ...]
    problems: tuple[LineProblem, ...]
    expires_at: dt.datetime | None
    request_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """A line of an order; `subscription_id` is empty until the vendor has provisioned it."""

    number: int
    catalogue_id: str
    product_id: str
    vendor_sku_id: str
    subscription_id: str
    quantity: int | None
    term: str
    transaction: str
    promotion_id: str
    custom_end_on: dt.date | None


@dataclass(frozen=True, kw_only=True)
class VendorOrder:
    """An order; `status` is the vendor's word in snake case, `completed` when every line is provisioned."""

    order_id: str
    status: str
    billing_cycle: str
    transaction: str
    created_at: dt.datetime | None
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, kw_only=True)
class GroupProblem:
    """Why the lines of one order group were not bought while others were."""

    order_group: str
    code: str
    reason: str
    safe_text: str


@dataclass(frozen=True, kw_only=True)
class Bought:
    """At least one order came about; `problems` lists the groups that did not."""

    orders: tuple[VendorOrder, ...]
    problems: tuple[GroupProblem, ...]
    request_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class AgreementContact:
    """Who accepted the vendor's agreement on the customer's side."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class AgreementTemplate:
    """The present text of the vendor's agreement with customers."""

    template_id: str
    link: str
    version: int | None


@dataclass(frozen=True, kw_only=True)
class AcceptedAgreement:
    """An acceptance that the vendor has on record."""

    template_id: str
    agreed_at: dt.datetime | None
    contact: AgreementContact


@dataclass(frozen=True, kw_only=True)
class AgreementStatus:
    """What the vendor knows of a customer's acceptance; `is_direct` when the customer signed with the vendor itself."""

    accepted: tuple[AcceptedAgreement, ...]
    is_direct: bool

    @property
    def is_accepted(self) -> bool:
        return bool(self.accepted) or self.is_direct


CartOutcome = Cart | Later | Unclear | Refused
CheckoutOutcome = Bought | Later | Unclear | Refused
