"""Partner Center's transitions as plain values of the port."""

from collections.abc import Iterable, Sequence

from seatwright.vendors import port
from seatwright.vendors.partner_center import refusals, values, wire_records

WITH_LICENCES = "transition_with_license_transfer"
WITHOUT_LICENCES = "transition_only"

_REASONS = {
    "1": "denied",
    "2": "not_active",
    "3": "conflicting_services",
    "4": "busy",
    "5": "denied",
    "6": "has_addons",
    "7": "no_way",
    "8": "no_way",
    "9": "not_provisioned",
    "10": "billing_cycle",
    "11": "no_way",
    "12": "licences",
    "13": "denied",
}
_DESTINATION_REASONS = {"1": "not_active", "2": "in_return_window", "3": "term_shorter", "4": "ends_earlier"}


def target(seen: wire_records.Transition) -> port.TransitionTarget:
    """A place to go to; raises `port.VendorGarbled` without its catalogue id."""
    if not seen.catalog_item_id:
        raise port.VendorGarbled("Partner Center sent a transition without its target")
    product_id, sku_id = values.catalogue_parts(seen.catalog_item_id)
    ways = seen.eligibilities or ()
    open_ways = {values.snake(way.transition_type) for way in ways if way.is_eligible is True}
    return port.TransitionTarget(
        catalogue_id=values.text(seen.catalog_item_id),
        product_id=product_id,
        vendor_sku_id=sku_id,
        title=values.text(seen.title),
        quantity=seen.quantity,
        is_possible=bool(open_ways),
        moves_licences=WITH_LICENCES in open_ways,
        problems=_problems((error for way in ways for error in way.errors or ()), _REASONS),
        into=tuple(_merge_target(each) for each in seen.subscription_eligibilities or ()),
    )


def transition(seen: wire_records.Transition) -> port.Transition:
    """A transition that was started."""
    events = tuple(_event(event) for event in seen.events or ())
    return port.Transition(
        operation_id=values.text(seen.operation_id).strip(),
        from_catalogue_id=values.text(seen.from_catalog_item_id),
        to_catalogue_id=values.text(seen.to_catalog_item_id),
        from_subscription_id=values.text(seen.from_subscription_id).lower(),
        to_subscription_id=values.text(seen.to_subscription_id).lower(),
        quantity=seen.quantity,
        status=_latest(events, "conversion") or "started",
        licences=_latest(events, "license_reassignment"),
        events=events,
    )


def history(seen: wire_records.Transitions) -> Sequence[port.Transition]:
    """All transitions of a subscription, under whichever name they come; raises `port.VendorGarbled` without any."""
    lists = [each for each in (seen.items, seen.transition, seen.transitions) if each is not None]
    if not lists:
        raise port.VendorGarbled("Partner Center sent a list without transitions")
    return [transition(each) for each in max(lists, key=len)]


def _merge_target(seen: wire_records.SubscriptionEligibility) -> port.MergeTarget:
    return port.MergeTarget(
        subscription_id=values.text(seen.subscription_id).lower(),
        name=values.text(seen.subscription_friendly_name),
        term=values.text(seen.subscription_term_duration).upper(),
        billing_cycle=values.snake(seen.subscription_billing_cycle),
        problems=_problems(seen.errors or (), _DESTINATION_REASONS),
        is_possible=seen.is_eligible is True,
    )


def _event(seen: wire_records.TransitionEvent) -> port.TransitionEvent:
    return port.TransitionEvent(
        name=values.snake(seen.name),
        status=values.snake(seen.status),
        happened_at=values.optional_instant(seen.timestamp),
        problems=_problems(seen.errors or (), _REASONS),
    )


def _problems(
    errors: Iterable[wire_records.TransitionError], reasons: dict[str, str]
) -> tuple[port.TransitionProblem, ...]:
    codes = (refusals.safe_code(values.text(error.code).strip()) or "0" for error in errors)
    return tuple(port.TransitionProblem(code=code, reason=reasons.get(code, "other")) for code in codes)


def _latest(events: tuple[port.TransitionEvent, ...], name: str) -> str:
    """The status of the latest event of that name, the last one listed where instants do not decide; else nothing."""
    told = [event for event in events if event.name == name]
    instants = [event.happened_at for event in told if event.happened_at is not None]
    if len(instants) == len(told):
        told = [event for event in told if event.happened_at == max(instants)]
    return told[-1].status if told else ""
