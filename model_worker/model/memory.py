"""Out of memory is a refusal, not a fault."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from protocol.refusal import Refused

_WORDS = re.compile("can't allocate memory|STATUS_ALLOC_FAILED")  # of the CPU's allocator, and of CUDA's libraries


@contextmanager
def refusing(n_rows: int) -> Iterator[None]:
    """Turns torch's errors for want of memory into Refused (503). Never `yield` a frame inside."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not isinstance(error, (torch.OutOfMemoryError, MemoryError)) and not _WORDS.search(str(error)):
            raise
        fewer = max(1, n_rows // 2)
        raise Refused(
            503,
            "out_of_memory",
            f"{n_rows} answers at a time asked.",
            f"The device's memory ran out; {fewer} would take half of it.",
            f"Ask for {fewer} or fewer, or for a shorter prompt.",
        ) from error
