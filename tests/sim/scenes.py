"""What is done in the worlds of `sabotage`: short lists of actions in which a fault shows."""

from typing import Any

WORK = ("work", 6, 3600)
EVERYBODY = tuple(("assign", 0, share / 5, 0.0, 20) for share in range(5))
# More seats, people on all of them, and the seats given back.
CROWDED = (("more", 0, 0.0, 3), WORK, *EVERYBODY, ("fewer", 0, 0.0, 0.9), WORK, ("pass", 3600))


def struck(kind: str) -> tuple[Any, ...]:
    """More seats, each time with a fault of this kind on the way."""
    members = ("PATCH", 1, {})
    deeds = [(("fault", kind, *members), ("more", 0, share / 5, 1), ("work", 25, 1800)) for share in range(5)]
    return (("sync_all",), WORK, *(action for deed in deeds for action in deed))


# A longer term at once, tried with every licence that there may be.
LONGER = (("sync_all",), WORK, *(deed for share in range(5) for deed in (("change_term", 0, share / 5, 0.0), WORK)))
WISHED = (
    ("sync_all",),
    WORK,
    *(deed for share in range(5) for deed in (("wish_term", 0, share / 5, 0.9), WORK, ("more", 0, share / 5, 2), WORK)),
)
# People change to every other plan that there is a way to.
MOVING = (
    ("sync_all",),
    WORK,
    *EVERYBODY,
    ("sync_all",),
    WORK,
    *(deed for share in range(10) for deed in (("swap", 0, share / 10, 0.0, 2), ("work", 25, 7200))),
)
# A sheet with "cancel" for silence, of which one line is answered, goes by its deadline.
ASKED = (
    ("sync_all",),
    WORK,
    ("send_sheet", 0, 0.0, 5, 2, 0.9),
    ("answer_sheet", 0, 0.0, 0.0, 1, 0.0, 1),
    WORK,
    ("pass", 366 * 86_400),
    WORK,
)
# Everything is answered with the second or the last option, and asked about again when the sheet is closed.
ANSWERED = (
    ("sync_all",),
    WORK,
    ("send_sheet", 0, 0.0, 1, 0, 0.9),
    ("answer_sheet", 0, 0.0, 0.0, 1, 0.99, 1),
    WORK,
    ("answer_sheet", 0, 0.0, 0.0, 1, 0.0, 1),
    ("pass", 370 * 86_400),
    ("sync_all",),
    WORK,
)
# The vendor itself turns seats of every licence into another: one person's, or all of them.
CONVERTED = tuple(("transition", 0, share / 5, 0.0, 0) for share in range(5))
PARTED = tuple(("transition", 0, share / 5, 0.0, 1) for share in range(5))
WORKED_OFF = (("work", 12, 60), ("pass", 100_000), ("work", 40, 7200))
FULL = (("sync_all",), WORK, *CONVERTED, *WORKED_OFF)
PARTIAL = (("sync_all",), WORK, *PARTED, *WORKED_OFF)
# Every licence is read and changed after midnights at which something of it begins.
AFTER = tuple(("approach", 0, number % 5 / 5, 0.7 + number / 40, 600) for number in range(10))
LATE = (
    ("sync_all",),
    WORK,
    *(deed for at in AFTER for deed in (at, ("sync", 0), WORK, ("more", 0, at[2], 2), WORK)),
)
# What begins anew is read every ten days.
TIERED = (("sync_all",), WORK, *(deed for _ in range(9) for deed in (("pass", 864_000), ("sync", 0), WORK)))
ELSEWHERE = (("sync_all",), WORK, ("foreign_seats", 0, 0.0, 2), ("calm",))
