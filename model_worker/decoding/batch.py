"""All rows that are decoding, as one batch: those of all users of a lane.

A group is the rows of one request; they wait for memory and enter together, take their first token from the
prompt's logits, and then one token a pass. A row that has chosen its last token takes one more pass, so that this
token is read too, and leaves; the last slot's row moves into the hole.

1. one pass over the newest token of every row, each at its own position
2. each row's own deltas after each block (steer.Site), residuals kept where somebody reads
3. each row's next token: its own choice, or the one that was given
4. what is new goes to the groups, who are asked for it when frames are made

A pass that fails is made again group by group, and only a group that fails by itself is told so.
Knows nothing about frames or text.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.decoding.odds import Draw, choose, draw_at, missed_by, odds_of
from model_worker.decoding.one_token import KeyValueSlots
from model_worker.decoding.pool import Pool
from model_worker.decoding.rows import Advance, Chosen, Departed, Group, GroupSpec, Read, Row
from model_worker.decoding.states import Fork
from model_worker.decoding.stops import Stops
from model_worker.model.gemma import Gemma
from model_worker.model.walk import sight, walk
from model_worker.steering.sites import AnyDelta, Sites, decode_sites
from protocol.refusal import Refused

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Pass:
    """last (rows, d_model), resid_post of the last block · residuals by layer that is read, the same · measured by row
    and delta."""

    last: Tensor
    residuals: dict[int, Tensor]
    measured: dict[int, tuple[tuple[float, float], ...]]


class Decoding:
    """One lane's batch, and who waits to enter it."""

    def __init__(self, gemma: Gemma, max_bytes: int, *, compiled: Callable[..., list[Tensor]] | None = None) -> None:
        """max_bytes: of keys and values. compiled: what torch.compile makes of `decode_all`, taken where no generated
        token is steered."""
        self._gemma = gemma
        self._compiled = compiled
        self._pool = Pool(gemma, max_bytes)
        self._waiting: deque[Group] = deque()
        self._groups: list[Group] = []
        self._rows: list[Row] = []  # by slot
        self._sites: Sites | None = None  # of all rows; None: somebody came or went
        self.n_chosen = 0

    @property
    def n_rows(self) -> int:
        return len(self._rows)

    @property
    def n_waiting(self) -> int:
        return len(self._waiting)

    @property
    def n_bytes(self) -> int:
        return self._pool.n_bytes

    def enter(self, asked: GroupSpec) -> Group:
        """Join the queue. Raises Refused (503) if there is never room."""
        if not self._pool.fits(asked.n_rows, asked.n_tokens):
            raise Refused(
                503,
                "out_of_memory",
                f"{asked.n_rows} answers of up to {asked.n_tokens:,} tokens, prompt included, asked.",
                f"This worker has memory for {self._pool.most(asked.n_tokens)} of that length at a time.",
                "Ask for fewer strengths or samples, a shorter prompt or fewer new tokens.",
            )
        group = Group(asked)
        self._waiting.append(group)
        return group

    def place(self, group: Group) -> int:
        """0 once there is room for it, else its place in the queue; 1 is next."""
        if group in self._groups:
            return 0
        place = self._waiting.index(group)
        if place == 0 and self._pool.fits(*self._wanted(group)):
            self._waiting.popleft()
            self._groups.append(group)
            return 0
        return place + 1

    @torch.inference_mode()
    def begin(self, group: Group, parts: Sequence[tuple[Fork, Sequence[Sequence[AnyDelta]]]]) -> None:
        """A group that has room enters: for each fork its rows' deltas, n_samples rows each, numbered in this order."""
        self._pool.reserve(*self._wanted(), n_used=len(self._rows))
        chosen: list[Chosen] = []
        sampling = group.asked.sampling
        for fork, rows_of_deltas in parts:
            first = len(self._rows)
            for deltas in rows_of_deltas:
                for sample in range(sampling.n_samples):
                    row = Row(group, sample, deltas, len(fork.state.ids), len(self._rows))
                    self._rows.append(row)
                    group.rows.append(row)
            self._pool.fill(fork, first, sampling.n_samples)
            logits = fork.logits if sampling.n_samples == 1 else fork.logits.repeat_interleave(sampling.n_samples, 0)
            chosen += self._chosen(self._rows[first:], self._gemma.head.apart(logits))
        for row, choice in zip(group.rows, chosen, strict=True):
            row.take(choice.token)
        self.n_chosen += len(chosen)
        self._sites = None
        group.news.append(Advance(chosen=tuple(chosen)))

    @torch.inference_mode()
    def dismiss(self, group: Group) -> None:
        """It leaves the queue or the batch, whatever is under way."""
        if group in self._waiting:
            self._waiting.remove(group)
        if group in self._groups:
            self._groups.remove(group)
        self._remove(group.in_flight)
        group.n_reserved = 0

    @torch.inference_mode()
    def advance(self) -> bool:
        """One pass over all rows; False if there are none. Never raises for a fault of a pass."""
        if not self._rows:
            return False
        try:
            news = self._news(list(self._rows))
        except Exception:
            log.exception("a pass over %d rows failed; once more, request by request", len(self._rows))
            news = None  # outside of `except`, where the failed pass would be held in memory
        if news is None:
            news = self._news_one_by_one()
        for group, advance in news:
            self._settle(group, advance)
        return True

    def _news_one_by_one(self) -> list[tuple[Group, Advance]]:
        news = []
        for group in list(self._groups):
            own = [row for row in self._rows if row.group is group]
            try:
                news += self._news(own) if own else []
            except Exception as fault:
                group.fault = fault.with_traceback(None)
                self._remove(own)
        return news

    def _news(self, rows: list[Row]) -> list[tuple[Group, Advance]]:
        """One pass over these rows, which changes none of them: a fault leaves all as it was."""
        passed = self._forward(rows)
        going = [place for place, row in enumerate(rows) if row.ended is None]
        last = passed.last if len(going) == len(rows) else passed.last[going]
        logits = self._gemma.head.parts(last) if going else ()
        chosen = dict(zip(going, self._chosen([rows[place] for place in going], logits), strict=True))
        activations = _watched(rows, passed.residuals)
        places_of: dict[Group, list[int]] = {}
        for place, row in enumerate(rows):
            places_of.setdefault(row.group, []).append(place)
        return [
            (
                group,
                Advance(
                    chosen=tuple(chosen[place] for place in places if place in chosen),
                    reads=tuple(
                        Read(rows[place].number, activations[place], passed.measured.get(place, ())) for place in places
                    ),
                    left=tuple(
                        (rows[place].number, bool(rows[place].ended)) for place in places if place not in chosen
                    ),
                    residuals={layer: passed.residuals[layer][places] for layer in group.asked.readout.whole_layers},
                ),
            )
            for group, places in places_of.items()
        ]

    def _settle(self, group: Group, advance: Advance) -> None:
        for choice in advance.chosen:
            row = group.rows[choice.row]
            row.position += 1
            row.take(choice.token)
        self.n_chosen += len(advance.chosen)
        self._remove([group.rows[number] for number, _ in advance.left])
        group.news.append(advance)

    def _forward(self, rows: list[Row]) -> _Pass:
        gemma, everyone = self._gemma, rows == self._rows

        def tensor(values: list[int]) -> Tensor:
            return torch.tensor(values, device=gemma.device)

        positions = [row.position for row in rows]
        n_keys = max(positions) + 1
        at, slots = tensor(positions), tensor([row.slot for row in rows])
        seen = sight(gemma, at.unsqueeze(1), torch.arange(n_keys, device=gemma.device))
        read_layers = {layer for row in rows for layer in row.group.asked.readout.layers}
        if everyone and self._sites is None:
            self._sites = decode_sites(gemma.blocks, [row.deltas for row in rows])
        sites = self._sites if everyone else decode_sites(gemma.blocks, [row.deltas for row in rows])

        x = gemma.embed(tensor([row.newest for row in rows]).unsqueeze(1))
        pool, stops = self._pool, Stops(sites, read_layers)
        if self._compiled and everyone and not sites:
            after = self._compiled(gemma.shape, gemma.blocks, x, *seen, pool.keys, pool.values, at, n_keys)
            x, stops.residuals = after[-1], {layer: after[layer] for layer in read_layers}
        else:
            kept_in = KeyValueSlots(pool.keys, pool.values, slots, at, n_keys, everyone)
            x = walk(gemma.shape, gemma.blocks, x, seen, kept_in.remember, after=stops, within=stops.within)
        residuals = {layer: read[:, 0] for layer, read in stops.residuals.items()}
        return _Pass(x[:, 0], residuals, _by_row(rows, stops))

    def _chosen(self, rows: Sequence[Row], parts: Iterable[Tensor]) -> list[Chosen]:
        """parts: the rows' logits (own rows, vocab), some rows after the other."""
        chosen: list[Chosen] = []
        for logits in parts:
            chosen += self._chosen_of(rows[len(chosen) : len(chosen) + len(logits)], logits)
        return chosen

    def _chosen_of(self, rows: Sequence[Row], logits: Tensor) -> list[Chosen]:
        draws = [draw_at(row.group.asked.sampling, row.sample, row.n_chosen) for row in rows]
        tokens = choose(logits, draws)
        departed: Mapping[int, Departed] = {}
        if any(row.given for row in rows):
            tokens, departed = _as_given(rows, logits, tokens, draws)
        return [
            Chosen(row.number, token, odds, departed.get(place))
            for place, (row, token, odds) in enumerate(zip(rows, tokens.tolist(), odds_of(logits, tokens), strict=True))
        ]

    def _remove(self, leaving: Sequence[Row]) -> None:
        """The batch stays dense: the last rows move into the holes."""
        for row in leaving:
            self._sites = None
            row.group.n_reserved -= 1
            last, hole, row.slot = self._rows.pop(), row.slot, -1
            if last is not row:
                source, last.slot, self._rows[hole] = last.slot, hole, last
                self._pool.move(source, hole, last.position + 1)

    def _wanted(self, *more: Group) -> tuple[int, int]:
        """Slots and tokens for all that have room, and for `more`."""
        groups = [group for group in (*self._groups, *more) if group.n_reserved]
        return sum(group.n_reserved for group in groups), max((group.asked.n_tokens for group in groups), default=0)


def _as_given(
    rows: Sequence[Row], logits: Tensor, own: Tensor, draws: Sequence[Draw]
) -> tuple[Tensor, dict[int, Departed]]:
    """The token that each row takes, and by place what the model would have chosen where that is another."""
    chosen = own.tolist()
    taken = [token if row.next_given is None else row.next_given for row, token in zip(rows, chosen, strict=True)]
    tokens = torch.tensor(taken, device=own.device)
    places = [place for place, token in enumerate(taken) if token != chosen[place]]
    short_by = missed_by(logits[places], own[places], tokens[places], [draws[place] for place in places])
    return tokens, {place: Departed(chosen[place], short) for place, short in zip(places, short_by, strict=True)}


def _watched(rows: Sequence[Row], residuals: dict[int, Tensor]) -> list[tuple[float, ...]]:
    """Each row's watched activations; rows that watch the same are read at once."""
    found: list[tuple[float, ...]] = [()] * len(rows)
    alike: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        alike.setdefault(row.group.asked.readout.key, []).append(place)
    for places in alike.values():
        readout = rows[places[0]].group.asked.readout
        own = residuals if len(places) == len(rows) else {layer: residuals[layer][places] for layer in readout.layers}
        for place, values in zip(places, readout.watched(own, len(places)).tolist(), strict=True):
            found[place] = tuple(values)
    return found


def _by_row(rows: Sequence[Row], stops: Stops) -> dict[int, tuple[tuple[float, float], ...]]:
    waiting = stops.by_delta()

    def measured(delta: AnyDelta) -> tuple[float, float]:
        (before,), (after,) = waiting(delta)
        return before, after

    return {place: tuple(map(measured, row.deltas)) for place, row in enumerate(rows) if row.deltas}
