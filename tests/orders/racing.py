"""What a racing process does: at each start signal it places one quote, and writes down what came of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def run(plan: Mapping[str, Any]) -> int:
    """Place `plan["quotes"]` one after the other, each at the moment when all racers stand at the `start` line."""
    from seatwright.customers import queries as customers
    from seatwright.workflows import change_seats, pricing

    actor = customers.actor(user_id=plan["user_id"], channel="test", request_ref="")
    assert actor is not None
    lines = []
    for quote_id, key in plan["quotes"]:
        plan["start"].wait(60)
        try:
            order_id = change_seats.place(
                by=actor,
                quote_id=quote_id,
                idempotency_key=key,
                agreed_words="Order with obligation to pay",
                on_behalf_reason="",
                at=plan["at"],
            )
            lines.append(str(order_id))
        except pricing.Refused as refused:
            found = [type(each).__name__ for each in sum(refused.priced.refusals.values(), ())]
            lines.append(" ".join(found))
    Path(plan["file"]).write_text("\n".join(lines), encoding="ascii")
    return 0
