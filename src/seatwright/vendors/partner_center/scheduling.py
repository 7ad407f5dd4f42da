"""What waits for the end of a subscription's term, in both forms that Partner Center has for it.

The classic form is `scheduledNextTermInstructions` beside the auto-renew flag. The newer one, `scheduledActions`, names
the outcome too and alone counts when both are there. Sources disagree whether its extended term goes with the flag on
or off: both are read, off is written.
"""

from typing import Any

import msgspec

from seatwright.vendors import port
from seatwright.vendors.partner_center import values, wire

_OUTCOMES = {
    "renewtonewterm": port.EndOfTerm.RENEW,
    "transition": port.EndOfTerm.RENEW,
    "cancel": port.EndOfTerm.CANCEL,
    "renewtoextendedserviceterm": port.EndOfTerm.EXTENDED,
}
_ACTION_TYPES = {
    port.EndOfTerm.RENEW: "RenewToNewTerm",
    port.EndOfTerm.CANCEL: "Cancel",
    port.EndOfTerm.EXTENDED: "RenewToExtendedServiceTerm",
}


def end_of_term(seen: wire.Subscription) -> port.EndOfTerm | None:
    """What the vendor says will happen; None when it leaves that open, contradicts itself or cannot be understood."""
    is_on = bool(seen.auto_renew_enabled)
    if not_understood(seen) or (_instructions_in(seen) and next_term(seen) is None):
        return None
    actions = [action for action in seen.scheduled_actions or () if _is_at_term_end(action)]
    if not actions:
        return port.EndOfTerm.RENEW if is_on else None
    outcomes = {_OUTCOMES.get(values.squeezed(action.action_type)) for action in actions}
    outcome = outcomes.pop()
    is_contradictory = bool(outcomes) or (outcome is port.EndOfTerm.CANCEL and is_on)
    return None if is_contradictory else outcome


def next_term(seen: wire.Subscription) -> port.NextTerm | None:
    """What the next term shall be; None when nothing says so, or nothing that can be understood in full."""
    instructions = _instructions_in(seen)
    product = instructions and instructions.product
    if not instructions or not product or not product.product_id or instructions.quantity is None:
        return None
    try:
        custom_end_on = values.day_after(instructions.custom_term_end_date)
    except port.VendorGarbled:
        return None
    parts = [values.text(part) for part in (product.product_id, product.sku_id, product.availability_id)]
    return port.NextTerm(
        product_id=parts[0],
        vendor_sku_id=parts[1],
        catalogue_id=":".join(parts) if all(parts) else "",
        quantity=instructions.quantity,
        term=values.text(product.term_duration).upper(),
        billing_cycle=values.snake(product.billing_cycle),
        promotion_id=values.text(product.promotion_id).strip(),
        custom_end_on=custom_end_on,
    )


def not_understood(seen: wire.Subscription) -> dict[str, Any]:
    """Members about the term's end that are there and of no known form; they may say anything."""
    views = {
        "scheduledactions": seen.scheduled_actions,
        "schedulednextterminstructions": seen.scheduled_next_term_instructions,
    }
    return {
        name: value
        for name, value in seen.as_received.items()
        if value is not None and name.casefold() in views and views[name.casefold()] is None
    }


def with_end_of_term(
    before: wire.Subscription, *, outcome: port.EndOfTerm, next_term: port.NextTerm | None, shape: port.ScheduleShape
) -> wire.Subscription:
    """`before` with the outcome in one of the forms and the other form emptied; actions for a chosen date stay."""
    assert next_term is None or outcome is port.EndOfTerm.RENEW, "only a renewal has a next term"
    others = tuple(action for action in before.scheduled_actions or () if not _is_at_term_end(action))
    instructions = _instructions(before, next_term) if next_term else None
    is_on = outcome is port.EndOfTerm.RENEW
    # The flag alone does not lead out of an extended term: what an action said is taken back by an action.
    is_taken_back = is_on and next_term is None and end_of_term(before) is port.EndOfTerm.EXTENDED
    if shape == "classic" and not others and not is_taken_back:
        assert outcome is not port.EndOfTerm.EXTENDED, "the classic form knows no extended term"
        return msgspec.structs.replace(
            before, auto_renew_enabled=is_on, scheduled_next_term_instructions=instructions, scheduled_actions=None
        )
    action = wire.ScheduledAction(
        schedule_type="TermEnd", action_type=_ACTION_TYPES[outcome], instructions=instructions
    )
    return msgspec.structs.replace(
        before,
        auto_renew_enabled=is_on,
        scheduled_next_term_instructions=None,
        scheduled_actions=(*others, action),
    )


def _is_at_term_end(action: wire.ScheduledAction) -> bool:
    return values.squeezed(action.schedule_type or action.scheduled_type) in ("", "termend")


def _instructions_in(seen: wire.Subscription) -> wire.NextTermInstructions | None:
    """Those of the form that counts."""
    if not seen.scheduled_actions:
        return seen.scheduled_next_term_instructions
    told = (action.instructions for action in seen.scheduled_actions if _is_at_term_end(action))
    return next((each for each in told if each is not None), None)


def _instructions(before: wire.Subscription, wanted: port.NextTerm) -> wire.NextTermInstructions:
    """The wanted term in the vendor's words; what else it holds about the very same product stays."""
    product_id, sku_id, availability_id = wanted.catalogue_id.split(":")
    names = _folded(product_id, sku_id)
    assert names == _folded(wanted.product_id, wanted.vendor_sku_id), "the catalogue id is of another product"
    held = _instructions_in(before) or wire.NextTermInstructions()
    product = held.product or wire.NextTermProduct()
    if _folded(product.product_id, product.sku_id) != names:
        held, product = wire.NextTermInstructions(), wire.NextTermProduct()
    product = msgspec.structs.replace(
        product,
        product_id=product_id,
        sku_id=sku_id,
        availability_id=availability_id,
        billing_cycle=wanted.billing_cycle,
        term_duration=wanted.term,
        promotion_id=wanted.promotion_id or None,
    )
    return msgspec.structs.replace(
        held,
        product=product,
        quantity=wanted.quantity,
        custom_term_end_date=values.last_day(wanted.custom_end_on),
    )


def _folded(*names: str | None) -> list[str]:
    return [values.text(name).casefold() for name in names]
