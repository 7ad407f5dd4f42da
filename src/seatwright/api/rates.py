"""How often a token may ask: a fixed window counted in the cache of this process or, where configured, of all."""

import time
import uuid

from django.conf import settings
from django.core.cache import cache

from seatwright.api import problems

WINDOW_S = 60
DEFAULT_MOST = 600


def count(*, token_id: uuid.UUID) -> None:
    """Count one request of the token in the running window; raises problems.TooManyRequests beyond the limit.

    The window is one of real time, also where the installation runs on a test clock, which may stand still. The limit
    is Django's setting API_REQUESTS_PER_MINUTE.
    """
    second = int(time.time())
    window = second // WINDOW_S
    key = f"api-rate:{token_id}:{window}"
    cache.add(key, 0, timeout=2 * WINDOW_S)
    try:
        used = cache.incr(key)
    except ValueError:
        # The cache dropped the key between the two calls; the window starts to count anew.
        return
    if used > int(getattr(settings, "API_REQUESTS_PER_MINUTE", DEFAULT_MOST)):
        raise problems.TooManyRequests(retry_after_s=(window + 1) * WINDOW_S - second)
