"""Who reads a prompt and answers it, the chat model or its base: with the prompts that it has read, and a batch for
each lane. Knows nothing about what is asked.
"""

from collections.abc import Callable
from functools import cached_property

from torch import Tensor

from model_worker.circuits.groups.roles import RoleBook
from model_worker.circuits.sequence_pass import widened
from model_worker.decoding.batch import Decoding
from model_worker.decoding.states import Prompts
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from protocol.worker.requests import Lane


class Reader:
    """kv_bytes: of keys and values, half of them for each lane. compiled: as of `Decoding`."""

    def __init__(
        self, loaded: Loaded, prompt_bytes: int, kv_bytes: int, compiled: Callable[..., list[Tensor]] | None = None
    ) -> None:
        self.loaded = loaded
        self.prompts = Prompts(loaded.gemma, prompt_bytes)
        self.roles = RoleBook()
        self.lanes: dict[Lane, Decoding] = {
            lane: Decoding(loaded.gemma, kv_bytes // 2, compiled=compiled) for lane in ("interactive", "background")
        }

    @cached_property
    def wide(self) -> Gemma:
        """The model in fp32 where it may be: what circuits are computed with."""
        return widened(self.loaded.gemma)

    def advance(self, lane: Lane) -> bool:
        """One token for every row of the lane; False if there are none."""
        return self.lanes[lane].advance()
