"""Partner Center's resources as plain values of the port.

Its new-commerce end dates name the last day inside the period, legacy ones the first day after; both become the first
day after. Identifiers become lower case, because the vendor compares them without regard to case.
"""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from seatwright.vendors import instants, lossless, port
from seatwright.vendors.partner_center import wire

_CATALOGUE_ITEM = re.compile(r"[^:]+:[^:]+:[^:]+")
_END_OF_DAY = dt.time(23, 59)
MAX_TEXT = 500


def subscription(seen: wire.Subscription) -> port.VendorSubscription:
    """The port's value of `seen`; raises `port.VendorGarbled` without an id, a quantity or readable period dates."""
    if not seen.id or seen.quantity is None or seen.quantity < 0 or not seen.status:
        raise port.VendorGarbled("Partner Center sent a subscription without id, quantity or status")
    product_id, sku_id = _catalogue_parts(seen.offer_id or "")
    inclusive = is_new_commerce(seen)
    return port.VendorSubscription(
        subscription_id=text(seen.id).lower(),
        catalogue_id=text(seen.offer_id),
        product_id=product_id,
        vendor_sku_id=sku_id,
        name=text(seen.friendly_name) or text(seen.offer_name),
        quantity=seen.quantity,
        status=text(seen.status).lower(),
        term=text(seen.term_duration).upper(),
        billing_cycle=_snake(text(seen.billing_cycle)),
        auto_renew=bool(seen.auto_renew_enabled),
        is_trial=bool(seen.is_trial),
        created_at=_optional_instant(seen.creation_date),
        effective_start_on=_day(seen.effective_start_date),
        commitment_end_on=_first_day_after(seen.commitment_end_date_time or seen.commitment_end_date, inclusive),
        cycle_end_on=_first_day_after(seen.billing_cycle_end_date_time or seen.billing_cycle_end_date, inclusive),
        cancellable_until=_optional_instant(seen.cancellation_allowed_until_date),
        returnable=_returnable(seen.refundable_quantity),
        scheduled=_scheduled(seen),
        etag=(seen.attributes and seen.attributes.etag) or "",
        order_id=text(seen.order_id),
        unknown=_plain(lossless.unknown_members(seen)),
    )


def tenant(seen: wire.Customer) -> port.VendorTenant:
    """The port's value of a customer; raises `port.VendorGarbled` without an id."""
    if not seen.id:
        raise port.VendorGarbled("Partner Center sent a customer without an id")
    profile = seen.company_profile or wire.CompanyProfile()
    return port.VendorTenant(
        tenant=port.TenantRef(tenant_id=text(profile.tenant_id or seen.id).lower(), customer_id=text(seen.id).lower()),
        name=text(profile.company_name),
        domain=text(profile.domain),
        relationship=_snake(text(seen.relationship_to_partner)),
    )


def is_new_commerce(seen: wire.Subscription) -> bool:
    """Whether `seen` is a new-commerce or software subscription: legacy ones have no product type, but an offer id."""
    return bool(seen.product_type and seen.product_type.id) or bool(_CATALOGUE_ITEM.fullmatch(seen.offer_id or ""))


def text(value: str | None) -> str:
    """Foreign text made fit to store: no NUL characters, at most `MAX_TEXT` characters."""
    return (value or "").replace("\x00", "")[:MAX_TEXT]


def _catalogue_parts(offer_id: str) -> tuple[str, str]:
    if not _CATALOGUE_ITEM.fullmatch(offer_id):
        return text(offer_id), ""
    product_id, sku_id, _ = offer_id.split(":")
    return text(product_id), text(sku_id)


def _snake(name: str) -> str:
    """`OneTime` and `one_time` alike as `one_time`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _optional_instant(value: str | None) -> dt.datetime | None:
    try:
        return instants.instant(value)
    except (ValueError, OverflowError):
        return None


def _instant(value: str | None) -> dt.datetime | None:
    try:
        return instants.instant(value)
    except (ValueError, OverflowError):
        raise port.VendorGarbled("Partner Center sent a date that cannot be read") from None


def _day(value: str | None) -> dt.date | None:
    moment = _instant(value)
    return moment.date() if moment else None


def _first_day_after(value: str | None, inclusive: bool) -> dt.date | None:
    moment = _instant(value)
    if moment is None:
        return None
    whole_day_counts = inclusive or moment.time() >= _END_OF_DAY
    return moment.date() + dt.timedelta(days=1 if whole_day_counts else 0)


def _returnable(seen: wire.RefundableQuantity | None) -> tuple[port.ReturnableSeats, ...] | None:
    """The seats taken back, batch by batch; a batch without a readable limit cannot be relied on and is left out."""
    if seen is None:
        return None
    if seen.details is None:
        return () if seen.total_quantity == 0 else None
    batches = ((batch.quantity, _optional_instant(batch.allowed_until_date_time)) for batch in seen.details)
    return tuple(
        port.ReturnableSeats(quantity=quantity, until=until)
        for quantity, until in batches
        if quantity is not None and quantity > 0 and until is not None
    )


def _scheduled(seen: wire.Subscription) -> dict[str, object] | None:
    """What waits for the term's end, as the vendor words it; when both forms are there the newer one counts."""
    if seen.scheduled_actions:
        return {"scheduledActions": [_plain(lossless.to_tree(action)) for action in seen.scheduled_actions]}
    if seen.scheduled_next_term_instructions:
        instructions = lossless.to_tree(seen.scheduled_next_term_instructions)
        return {"scheduledNextTermInstructions": _plain(instructions)}
    return None


def _plain(tree: Any) -> Any:
    """`tree` with decimals as text, so that any JSON column can hold it without rounding."""
    if isinstance(tree, dict):
        return {text(name): _plain(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_plain(value) for value in tree]
    if isinstance(tree, str):
        return tree.replace("\x00", "")
    return str(tree) if isinstance(tree, Decimal) else tree
