"""The calls that any vendor answers."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from seatwright.vendors.port.outcomes import Outcome
from seatwright.vendors.port.people import LicencePool, PeopleChanges, PoolSource, VendorPerson
from seatwright.vendors.port.purchases import (
    AgreementContact,
    AgreementStatus,
    AgreementTemplate,
    Cart,
    CartLine,
    CartOutcome,
    CheckoutOutcome,
    CustomEnd,
    Promotion,
    PromotionVerdict,
    VendorOrder,
)
from seatwright.vendors.port.subscriptions import (
    EndOfTerm,
    NextTerm,
    ScheduleShape,
    Status,
    TenantRef,
    VendorSubscription,
    VendorTenant,
)
from seatwright.vendors.port.transitions import Transition, TransitionTarget


class Subscriptions(Protocol):
    """What customers hold, and every change of it in place.

    A change reads the subscription and writes the whole resource back (absent members are erased by the vendor). One
    send, never repeated inside: `Refused(reason="not_sent")` or `Refused(reason="throttled")` mean that nothing
    happened, `Unclear` means that bytes may have arrived. What is already as wanted is `Done` without sending.
    """

    def set_seats(
        self, *, tenant: TenantRef, subscription_id: str, quantity: int, request_id: uuid.UUID, at: dt.datetime
    ) -> Outcome:
        """Set the total number of seats to `quantity`; the vendor forgets what was scheduled for the term's end."""
        ...

    def set_end_of_term(
        self,
        *,
        tenant: TenantRef,
        subscription_id: str,
        outcome: EndOfTerm,
        next_term: NextTerm | None,
        shape: ScheduleShape,
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> Outcome:
        """Set what happens when the term is over, in one write with the auto-renewal that it needs.

        `next_term` goes with a renewal only; None renews as it is and removes what was scheduled before. The
        `classic` shape knows no extended term, and says `cancel` by auto-renew off, which ends the service only under
        the rules of before May 2026. Actions of another kind that the vendor holds are kept, and where there are
        any, the newer shape is written whatever `shape` says, because it alone counts beside them.
        """
        ...

    def set_auto_renew(
        self, *, tenant: TenantRef, subscription_id: str, is_on: bool, request_id: uuid.UUID, at: dt.datetime
    ) -> Outcome:
        """Turn the flag alone; off erases what is scheduled, and may continue and bill: see `set_end_of_term`."""
        ...

    def set_status(
        self, *, tenant: TenantRef, subscription_id: str, status: Status, request_id: uuid.UUID, at: dt.datetime
    ) -> Outcome:
        """Suspend, reactivate or, within its window, end a subscription.

        Suspending turns auto-renew off and erases what is scheduled; reactivating brings neither back.
        """
        ...

    def set_term(
        self,
        *,
        tenant: TenantRef,
        subscription_id: str,
        term: str,
        billing_cycle: str,
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> Outcome:
        """Start a longer term now, or with the same `term` change the billing cycle at the next charge.

        `Done` for a new billing cycle means that it waits (`next_billing_cycle`) or is there already.
        """
        ...

    def read_subscription(self, *, tenant: TenantRef, subscription_id: str, at: dt.datetime) -> VendorSubscription: ...

    def list_subscriptions(self, *, tenant: TenantRef, at: dt.datetime) -> Sequence[VendorSubscription]: ...

    def list_tenants(self, *, at: dt.datetime) -> Iterator[VendorTenant]:
        """All customers of the connected account, whatever their relationship."""
        ...


class People(Protocol):
    """Licences in customers' tenants and who holds them."""

    def list_pools(self, *, tenant: TenantRef, at: dt.datetime) -> Sequence[LicencePool]: ...

    def list_pool_sources(self, *, tenant: TenantRef, at: dt.datetime) -> Sequence[PoolSource]: ...

    def iter_people(self, *, tenant: TenantRef, at: dt.datetime) -> Iterator[VendorPerson]: ...

    def iter_people_changes(self, *, tenant: TenantRef, since: str, at: dt.datetime) -> Iterator[PeopleChanges]: ...

    def read_person(self, *, tenant: TenantRef, person_id: str, at: dt.datetime) -> VendorPerson:
        """One person; raises `VendorMissing` also for one created a moment ago."""
        ...

    def assign_licences(
        self,
        *,
        tenant: TenantRef,
        person_id: str,
        add: Mapping[str, Sequence[str]],
        remove: Sequence[str],
        at: dt.datetime,
    ) -> Outcome:
        """Add and remove direct licences in one call, all or nothing, without a moment in between.

        `add` maps SKU ids to the plans that stay off. To remove a single licence that is not held is `Done`; in any
        other call it is `Refused(reason="licence_not_held")` with nothing changed: read the person and ask anew.
        """
        ...


class Purchases(Protocol):
    """What can be bought, and buying it: a cart is made, noted, and checked out once."""

    def availability(
        self,
        *,
        tenant: TenantRef,
        product_id: str,
        vendor_sku_id: str,
        term: str,
        billing_cycle: str,
        segment: str,
        at: dt.datetime,
    ) -> str | None:
        """The catalogue id under which this customer can buy the plan now; None when it is not sold so.

        `segment` is commercial, education, government or non_profit, and is that of the offer that is wanted.
        It changes over time: ask right before a purchase, never store it.
        """
        ...

    def promotions(self, *, country: str, segment: str, at: dt.datetime) -> Sequence[Promotion]:
        """What is promoted in the country to one segment, named as for `availability`."""
        ...

    def promotion_eligibility(
        self,
        *,
        tenant: TenantRef,
        catalogue_id: str,
        quantity: int,
        term: str,
        billing_cycle: str,
        promotion_id: str,
        at: dt.datetime,
    ) -> PromotionVerdict:
        """Whether the vendor would grant the promotion to this purchase; changes nothing."""
        ...

    def custom_ends(
        self,
        *,
        tenant: TenantRef,
        term: str,
        starts_on: dt.date,
        at: dt.datetime,
        align_with: str = "",
    ) -> Sequence[CustomEnd]:
        """The days on which a term bought on `starts_on` may end; `align_with` narrows to one subscription's."""
        ...

    def create_cart(
        self,
        *,
        tenant: TenantRef,
        lines: Sequence[CartLine],
        request_id: uuid.UUID,
        at: dt.datetime,
        is_partner_attested: bool = True,
    ) -> CartOutcome:
        """Make a cart; nothing is bought, so that after `Unclear` another one may be made.

        A line that the vendor refuses, or keeps otherwise than asked, is among the cart's `problems`.
        """
        ...

    def checkout(self, *, tenant: TenantRef, cart_id: str, request_id: uuid.UUID, at: dt.datetime) -> CheckoutOutcome:
        """Buy what is in the cart, once: the vendor answers a second checkout of the cart with the first result.

        After `Unclear` or `Later` ask `read_cart`: `ordered` says that it was bought, and checking out again or
        `list_orders` tells which orders; still `active` after the settle window says that it was not.
        `Refused` means that no line was bought.
        """
        ...

    def read_cart(self, *, tenant: TenantRef, cart_id: str, at: dt.datetime) -> Cart: ...

    def read_order(self, *, tenant: TenantRef, order_id: str, at: dt.datetime) -> VendorOrder:
        """One order; raises `VendorMissing` as long as it does not show, for up to a quarter of an hour."""
        ...

    def list_orders(self, *, tenant: TenantRef, at: dt.datetime) -> Sequence[VendorOrder]:
        """All orders of a customer that show already: purchases, and one for each change of seats and renewal."""
        ...

    def agreement_template(self, *, at: dt.datetime) -> AgreementTemplate: ...

    def agreement_status(self, *, tenant: TenantRef, at: dt.datetime) -> AgreementStatus: ...

    def confirm_agreement(
        self,
        *,
        tenant: TenantRef,
        contact: AgreementContact,
        template_id: str,
        agreed_at: dt.datetime,
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> Outcome:
        """Tell the vendor who accepted its agreement and when, not later than `at`; known already is `Done`."""
        ...


class Transitions(Protocol):
    """The vendor's own way from one product to another within a term. It cannot be undone."""

    def transition_targets(
        self, *, tenant: TenantRef, subscription_id: str, is_scheduled: bool, at: dt.datetime
    ) -> Sequence[TransitionTarget]:
        """Where the subscription can go now or, when `is_scheduled`, at its renewal; possible or not."""
        ...

    def start_transition(
        self,
        *,
        tenant: TenantRef,
        subscription_id: str,
        to_catalogue_id: str,
        to_subscription_id: str | None,
        quantity: int,
        term: str,
        billing_cycle: str,
        with_licence_transfer: bool,
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> Outcome:
        """Move `quantity` seats to another product, all of them with the same subscription id.

        Part of the seats go to a new subscription with the same end, or into `to_subscription_id`. `Later` carries
        the operation to look at; it may be empty. After `Unclear` look at `list_transitions` and at the subscription
        before anything is sent again: a repeated part moves twice. `Done` only when the whole subscription is that
        product already.
        """
        ...

    def read_transition(
        self, *, tenant: TenantRef, subscription_id: str, operation_id: str, at: dt.datetime
    ) -> Transition:
        """One transition; raises `VendorMissing` when it does not show (yet)."""
        ...

    def list_transitions(self, *, tenant: TenantRef, subscription_id: str, at: dt.datetime) -> Sequence[Transition]: ...


class Vendor(Subscriptions, People, Purchases, Transitions, Protocol):
    """Calls of one connected vendor account. Reads raise `VendorTrouble`; changes answer with an outcome."""
