"""Partner Center's resources as plain values of the port.

Its new-commerce end dates name the last day inside the period, legacy ones the first day after; both become the first
day after. Identifiers become lower case, because the vendor compares them without regard to case.
"""

from decimal import Decimal
from typing import Any

from seatwright.vendors import lossless, port
from seatwright.vendors.partner_center import scheduling, values, wire

_EXTENDED_SKU, _EXTENDED_TITLE = "00ES", "extended service term"


def subscription(seen: wire.Subscription) -> port.VendorSubscription:
    """The port's value of `seen`; raises `port.VendorGarbled` without an id, a quantity or readable period dates."""
    if not seen.id or seen.quantity is None or seen.quantity < 0 or not seen.status:
        raise port.VendorGarbled("Partner Center sent a subscription without id, quantity or status")
    product_id, sku_id = values.catalogue_parts(seen.offer_id or "")
    inclusive = is_new_commerce(seen)
    return port.VendorSubscription(
        subscription_id=values.text(seen.id).lower(),
        catalogue_id=values.text(seen.offer_id),
        product_id=product_id,
        vendor_sku_id=sku_id,
        name=values.text(seen.friendly_name) or values.text(seen.offer_name),
        quantity=seen.quantity,
        status=values.text(seen.status).lower(),
        term=values.text(seen.term_duration).upper(),
        billing_cycle=values.snake(seen.billing_cycle),
        auto_renew=bool(seen.auto_renew_enabled),
        is_trial=bool(seen.is_trial),
        created_at=values.optional_instant(seen.creation_date),
        effective_start_on=values.day(seen.effective_start_date),
        # A member that holds no day, as 0001-01-01, leaves it to the other spelling.
        commitment_end_on=values.day_after(seen.commitment_end_date_time, is_inclusive=inclusive)
        or values.day_after(seen.commitment_end_date, is_inclusive=inclusive),
        cycle_end_on=values.day_after(seen.billing_cycle_end_date_time, is_inclusive=inclusive)
        or values.day_after(seen.billing_cycle_end_date, is_inclusive=inclusive),
        cancellable_until=values.optional_instant(seen.cancellation_allowed_until_date),
        returnable=_returnable(seen.refundable_quantity),
        scheduled=_scheduled(seen),
        etag=(seen.attributes and seen.attributes.etag) or "",
        order_id=values.text(seen.order_id),
        unknown=_plain(lossless.unknown_members(seen)),
        next_term=scheduling.next_term(seen),
        end_of_term=scheduling.end_of_term(seen),
        next_billing_cycle=_next_billing_cycle(seen),
        promotion_id=values.text(seen.promotion_id).strip(),
        is_extended_service=_is_extended_service(seen, sku_id),
    )


def tenant(seen: wire.Customer) -> port.VendorTenant:
    """The port's value of a customer; raises `port.VendorGarbled` without an id."""
    if not seen.id:
        raise port.VendorGarbled("Partner Center sent a customer without an id")
    profile = seen.company_profile or wire.CompanyProfile()
    return port.VendorTenant(
        tenant=port.TenantRef(
            tenant_id=values.text(profile.tenant_id or seen.id).lower(), customer_id=values.text(seen.id).lower()
        ),
        name=values.text(profile.company_name),
        domain=values.text(profile.domain),
        relationship=values.snake(seen.relationship_to_partner),
    )


def is_new_commerce(seen: wire.Subscription) -> bool:
    """Whether `seen` is a new-commerce or software subscription: legacy ones have no product type, but an offer id."""
    return bool(seen.product_type and seen.product_type.id) or values.is_catalogue_item(seen.offer_id or "")


def _is_extended_service(seen: wire.Subscription, sku_id: str) -> bool:
    """Whether the product line or the offer's name says extended service.

    The friendly name is the partner's to write (reference 5.2) and counts where there is no other.
    """
    title = values.text(seen.offer_name) or values.text(seen.friendly_name)
    return sku_id.upper() == _EXTENDED_SKU or _EXTENDED_TITLE in title.casefold()


def _next_billing_cycle(seen: wire.Subscription) -> str:
    product = seen.next_charge_instructions and seen.next_charge_instructions.product
    return values.snake(product.billing_cycle) if product else ""


def _returnable(seen: wire.RefundableQuantity | None) -> tuple[port.ReturnableSeats, ...] | None:
    """The seats taken back, batch by batch; a batch without a readable limit cannot be relied on and is left out."""
    if seen is None:
        return None
    if seen.details is None:
        return () if seen.total_quantity == 0 else None
    batches = ((batch.quantity, values.optional_instant(batch.allowed_until_date_time)) for batch in seen.details)
    return tuple(
        port.ReturnableSeats(quantity=quantity, until=until)
        for quantity, until in batches
        if quantity is not None and quantity > 0 and until is not None
    )


def _scheduled(seen: wire.Subscription) -> dict[str, object] | None:
    """What waits for the term's end, as the vendor words it; when both forms are there the newer one counts."""
    strange = scheduling.not_understood(seen)
    if strange:
        return {name: _plain(value) for name, value in strange.items()}
    if seen.scheduled_actions:
        return {"scheduledActions": [_plain(lossless.to_tree(action)) for action in seen.scheduled_actions]}
    if seen.scheduled_next_term_instructions:
        instructions = lossless.to_tree(seen.scheduled_next_term_instructions)
        return {"scheduledNextTermInstructions": _plain(instructions)}
    return None


def _plain(tree: Any) -> Any:
    """`tree` with decimals as text, so that any JSON column can hold it without rounding."""
    if isinstance(tree, dict):
        return {values.text(name): _plain(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_plain(value) for value in tree]
    if isinstance(tree, str):
        return tree.replace("\x00", "")
    return str(tree) if isinstance(tree, Decimal) else tree
