"""So many a minute for each client, in this process's memory. Knows nothing about what they are spent on."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter


class Budget:
    """Counted over a sliding minute: no client gets twice as many around the full minute."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def take(self, client: str) -> bool:
        """False, and nothing is taken, where none is left."""
        return await self._limiter.hit(self._item, client)

    async def is_spent(self, client: str) -> bool:
        return not await self._limiter.test(self._item, client)

    async def wait_s(self, client: str) -> int:
        """Whole seconds after which one more is left, at the latest."""
        full = await self._limiter.get_window_stats(self._item, client)
        # At the reset the last minute still counts almost whole; one more fits when its weight fell by one.
        return max(1, math.ceil(full.reset_time - time.time()) + math.ceil(60 / self.per_minute))
