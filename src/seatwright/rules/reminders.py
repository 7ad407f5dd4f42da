"""When somebody who has not answered is reminded: stages counted back from a deadline, each told once."""

import datetime as dt
from collections.abc import Collection

from seatwright.rules import instants


def due(
    *,
    deadline_at: dt.datetime,
    sent_at: dt.datetime,
    before: Collection[dt.timedelta],
    told: Collection[dt.timedelta],
    at: dt.datetime,
) -> dt.timedelta | None:
    """The stage to remind of at `at`, as its length before the exclusive deadline; None when there is none.

    Of stages that were slept through only the last one counts, and once it was told no earlier one is, even when the
    clock goes back. A stage that was over when the question was sent needs no reminder.
    """
    now, until, since = instants.utc(at), instants.utc(deadline_at), instants.utc(sent_at)
    reached = [stage for stage in before if since < until - stage <= now < until]
    if not reached:
        return None
    stage = min(reached)
    return None if any(earlier <= stage for earlier in told) else stage
