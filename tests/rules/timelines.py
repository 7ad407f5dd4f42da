"""What tests of pending changes start from: twenty seats for a year, and random wishes for its next two renewals."""

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from seatwright.rules import timeline
from seatwright.rules.renewals import Ending
from seatwright.rules.terms import BillingPlan, Term
from seatwright.rules.timeline import Dimension, Running, SeatsBy, SeatsTotal, Timeline

START = dt.date(2026, 3, 1)
RENEWAL = dt.date(2027, 3, 1)
SECOND = dt.date(2028, 3, 1)
TWENTY = Running(
    offer="standard",
    quantity=20,
    term=Term.P1Y,
    billing_plan=BillingPlan.MONTHLY,
    anchor_on=START,
    renews_on=RENEWAL,
)
NOTHING = Timeline(running=TWENTY)

VALUES: dict[Dimension, st.SearchStrategy[Any]] = {
    Dimension.QUANTITY: st.builds(SeatsTotal, st.integers(1, 40), st.booleans())
    | st.builds(SeatsBy, st.integers(-30, 30)),
    Dimension.OFFER: st.sampled_from(["standard", "premium", "basic"]),
    Dimension.TERM: st.sampled_from(Term),
    Dimension.BILLING_PLAN: st.sampled_from(BillingPlan),
    Dimension.END_DATE: st.dates(dt.date(2027, 3, 2), dt.date(2027, 3, 31)),
    Dimension.ENDING: st.sampled_from(Ending),
}
DATES = st.sampled_from([RENEWAL, SECOND])


@st.composite
def wishes(draw: st.DrawFn) -> tuple[Dimension, Any, dt.date]:
    dimension = draw(st.sampled_from(Dimension))
    return dimension, draw(VALUES[dimension]), draw(DATES)


def wished(before: Timeline, *more: tuple[Dimension, Any, dt.date]) -> Timeline:
    for dimension, value, on in more:
        before = timeline.schedule(timeline=before, dimension=dimension, value=value, effective_on=on)
    return before


@st.composite
def any_timeline(draw: st.DrawFn) -> Timeline:
    return wished(NOTHING, *draw(st.lists(wishes(), max_size=6)))
