"""A client that leaves before its answer begins: what is done for it ends. Knows nothing about what that is."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

T = TypeVar("T")


async def unless_gone(request: Request, doing: Coroutine[Any, Any, T]) -> T | None:
    """What it comes to; None if the client left before. The request's body, if it has one, was read."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    done, left = asyncio.create_task(doing), asyncio.create_task(gone())
    try:
        await asyncio.wait({done, left}, return_when=asyncio.FIRST_COMPLETED)
        return await done if done.done() else None
    finally:
        done.cancel()  # does nothing where it is done
        left.cancel()
