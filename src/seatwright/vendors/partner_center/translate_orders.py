"""Partner Center's carts and orders as plain values of the port, and the port's wishes as carts."""

from collections.abc import Sequence

from seatwright.vendors import lossless, port
from seatwright.vendors.partner_center import refusals, values, wire

CHANGED = "changed"
LEFT_OUT = "left-out"


def cart_body(lines: Sequence[port.CartLine], *, is_partner_attested: bool) -> wire.Cart:
    """The cart to send; its lines are numbered from zero."""
    return wire.Cart(
        line_items=tuple(_asked(number, line) for number, line in enumerate(lines)),
        partner_on_record_attestation_accepted=is_partner_attested,
    )


def cart(seen: wire.Cart, *, asked: Sequence[port.CartLine] = (), request_ref: str = "") -> port.Cart:
    """The port's value, with a problem for each line that the vendor refuses or keeps otherwise than `asked`.

    Raises `port.VendorGarbled` without an id, a state or the lines.
    """
    if not seen.id or not seen.status or seen.line_items is None:
        raise port.VendorGarbled("Partner Center sent a cart without id, state or lines")
    lines = tuple(_cart_line(place, line) for place, line in enumerate(seen.line_items))
    problems = {
        line.number: _line_problem(line.number, refusals.safe_code(told.error.error_code) or "other")
        for line, told in zip(lines, seen.line_items, strict=True)
        if told.error is not None
    }
    kept = {line.number: line for line in lines}
    for number, wanted in enumerate(asked):
        if number not in kept:
            problems.setdefault(number, _line_problem(number, LEFT_OUT))
        elif not _is_as_asked(kept[number], wanted):
            problems.setdefault(number, _line_problem(number, CHANGED))
    return port.Cart(
        cart_id=values.text(seen.id),
        status=values.snake(seen.status),
        lines=lines,
        problems=tuple(problems[number] for number in sorted(problems)),
        expires_at=values.optional_instant(seen.expiration_timestamp),
        request_ref=request_ref,
    )


def order(seen: wire.Order) -> port.VendorOrder:
    """The port's value; raises `port.VendorGarbled` without an id."""
    if not seen.id:
        raise port.VendorGarbled("Partner Center sent an order without an id")
    return port.VendorOrder(
        order_id=values.text(seen.id),
        status=values.snake(seen.status),
        billing_cycle=values.snake(seen.billing_cycle),
        transaction=values.snake(seen.transaction_type),
        created_at=values.optional_instant(seen.creation_date),
        lines=tuple(_order_line(place, line) for place, line in enumerate(seen.line_items or ())),
    )


def bought(seen: wire.CartCheckoutResult, *, request_ref: str) -> port.Bought | port.Refused | None:
    """What a checkout led to: refused when every group was, None when the answer names neither orders nor errors."""
    if {"orders", "orderErrors"} & set(lossless.unreadable_members(seen)):
        return None
    orders = tuple(order(each) for each in seen.orders or ())
    problems = tuple(_group_problem(each) for each in seen.order_errors or ())
    if orders:
        return port.Bought(orders=orders, problems=problems, request_ref=request_ref)
    if problems:
        return refusals.refusal(reason=problems[0].reason, code=problems[0].code, request_ref=request_ref)
    return None


def _asked(number: int, line: port.CartLine) -> wire.CartLineItem:
    reseller = {"key": "transaction_reseller", "value": line.reseller_partner_id}
    return wire.CartLineItem(
        id=number,
        catalog_item_id=line.catalogue_id,
        friendly_name=line.name or None,
        quantity=line.quantity,
        billing_cycle=line.billing_cycle,
        term_duration=line.term,
        custom_term_end_date=values.last_day(line.custom_end_on),
        promotion_id=line.promotion_id or None,
        participants=(reseller,) if line.reseller_partner_id else None,
        attestation_accepted=line.is_attested or None,
    )


def _cart_line(place: int, seen: wire.CartLineItem) -> port.VendorCartLine:
    if seen.quantity is None:
        raise port.VendorGarbled("Partner Center sent a line of a cart without a quantity")
    return port.VendorCartLine(
        number=place if seen.id is None else seen.id,
        catalogue_id=values.text(seen.catalog_item_id),
        quantity=seen.quantity,
        term=values.text(seen.term_duration).upper(),
        billing_cycle=values.snake(seen.billing_cycle),
        promotion_id=values.text(seen.promotion_id).strip(),
        custom_end_on=values.day_after(seen.custom_term_end_date),
        order_group=values.text(seen.order_group),
        currency=values.text(seen.currency_code).upper(),
        unit_price=seen.pricing.price if seen.pricing else None,
    )


def _is_as_asked(kept: port.VendorCartLine, asked: port.CartLine) -> bool:
    """Whether the very thing asked for would be bought; a promotion not asked for may be added."""
    return (
        (kept.catalogue_id.upper(), kept.quantity, kept.term, kept.billing_cycle)
        == (asked.catalogue_id.upper(), asked.quantity, asked.term, asked.billing_cycle)
        and asked.promotion_id.upper() in ("", kept.promotion_id.upper())
        and kept.custom_end_on == asked.custom_end_on
    )


def _line_problem(number: int, code: str) -> port.LineProblem:
    reason = refusals.line_reason(code)
    return port.LineProblem(line=number, code=code, reason=reason, safe_text=refusals.safe_text(reason))


def _group_problem(seen: wire.OrderError) -> port.GroupProblem:
    code = refusals.safe_code(seen.code) or "other"
    reason = refusals.line_reason(code)
    return port.GroupProblem(
        order_group=values.text(seen.order_group_id), code=code, reason=reason, safe_text=refusals.safe_text(reason)
    )


def _order_line(place: int, seen: wire.OrderLineItem) -> port.OrderLine:
    product_id, sku_id = values.catalogue_parts(seen.offer_id or "")
    return port.OrderLine(
        number=place if seen.line_item_number is None else seen.line_item_number,
        catalogue_id=values.text(seen.offer_id),
        product_id=product_id,
        vendor_sku_id=sku_id,
        subscription_id=values.text(seen.subscription_id).lower(),
        quantity=seen.quantity,
        term=values.text(seen.term_duration).upper(),
        transaction=values.snake(seen.transaction_type),
        promotion_id=values.text(seen.promotion_id).strip(),
        custom_end_on=values.optional_day_after(seen.custom_term_end_date),
    )
