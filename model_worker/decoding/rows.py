"""What one request has in a batch: its rows, and what they have to tell.

Knows nothing about passes, or about memory.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

from model_worker.decoding.odds import Odds
from model_worker.decoding.readout import Readout
from model_worker.steering.sites import AnyDelta
from protocol.worker.requests import Sampling


@dataclass(frozen=True)
class GroupSpec:
    """n_tokens: of the longest row, prompt included. given: by row number the tokens that it takes, whatever the
    model would choose; empty: it chooses."""

    n_rows: int
    n_tokens: int
    readout: Readout
    sampling: Sampling
    stop_ids: frozenset[int]
    max_new_tokens: int
    given: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Departed:
    """The token that the model would have chosen instead of a given one, which missed that by `short_by` nats
    (odds.missed_by)."""

    token: int
    short_by: float


@dataclass(frozen=True)
class Chosen:
    """A token that the group's row number `row` has chosen, or was given."""

    row: int
    token: int
    odds: Odds
    departed: Departed | None = None


@dataclass(frozen=True)
class Read:
    """What the pass over a row's newest token showed. `measured`: by delta on generated tokens, before and after."""

    row: int
    activations: tuple[float, ...]
    measured: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Advance:
    """One step of a group. `left`: rows whose last token is read now, and whether they ended by themselves.
    `residuals`: by layer that is read whole, (len(reads), d_model), a row for each of `reads`."""

    chosen: tuple[Chosen, ...]
    reads: tuple[Read, ...] = ()
    left: tuple[tuple[int, bool], ...] = ()
    residuals: dict[int, Tensor] = field(default_factory=dict)


class Row:
    """One answer in the making. `number` within its group; `slot` in the batch, -1 once it has left."""

    def __init__(self, group: "Group", sample: int, deltas: Sequence[AnyDelta], position: int, slot: int) -> None:
        self.group = group
        self.number = len(group.rows)
        self.sample = sample
        self.deltas = tuple(delta for delta in deltas if delta.generated)
        self.position = position  # of the newest token
        self.slot = slot
        self.given = group.asked.given[self.number] if group.asked.given else ()
        self.newest = -1
        self.n_chosen = 0
        self.ended: bool | None = None  # True: chose a stop token; False: ran out of tokens

    @property
    def next_given(self) -> int | None:
        """The token that it has to take next; None: its own choice."""
        return self.given[self.n_chosen] if self.given else None

    def take(self, token: int) -> None:
        """Its newest token."""
        self.newest = token
        self.n_chosen += 1
        if token in self.group.asked.stop_ids:
            self.ended = True
        elif self.n_chosen == (len(self.given) or self.group.asked.max_new_tokens):
            self.ended = False


class Group:
    """The rows of one request, from the wait for memory to the last token."""

    def __init__(self, asked: GroupSpec) -> None:
        self.asked = asked
        self.n_reserved = asked.n_rows
        self.rows: list[Row] = []
        self.news: deque[Advance] = deque()
        self.fault: Exception | None = None

    @property
    def in_flight(self) -> list[Row]:
        return [row for row in self.rows if row.slot >= 0]
