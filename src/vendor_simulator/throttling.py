"""The vendor's call budget: so many calls a minute for a partner and customer, on the machine's own clock.

Kept in memory, since a test clock that stands still would never give a budget back.
"""

import collections
import math
import time

_WINDOW_S = 60.0


class Budget:
    """Counts the calls of the last minute under each key."""

    def __init__(self) -> None:
        self._calls: dict[str, collections.deque[float]] = collections.defaultdict(collections.deque)

    def wait_s(self, *, key: str, calls_per_minute: int) -> int:
        """0 and one more call on the count, or the whole seconds until the key may call again."""
        at = time.monotonic()
        calls = self._calls[key]
        while calls and calls[0] <= at - _WINDOW_S:
            calls.popleft()
        if len(calls) < calls_per_minute:
            calls.append(at)
            return 0
        return max(1, math.ceil(calls[0] + _WINDOW_S - at))
