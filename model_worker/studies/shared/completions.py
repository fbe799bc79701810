"""Answers of many arms to many prompts, through the lane's batch; in the order of the prompts, whoever ends first.

1. a prompt is read once, by itself; its arms leave it where their steering begins, as in generate
2. arms that leave it together are a group of the batch; several prompts' groups decode at a time
3. a prompt whose groups have all ended is handed out, in its turn

Which rows share a pass over the prompt depends on the prompt's own arms alone, so what is measured there does not
depend on who else is in the batch. Knows nothing about names, outcomes or frames.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.answering.first_pass import refusal_logodds
from model_worker.answering.plan import FORK_ROWS, forks_of
from model_worker.decoding.batch import Decoding
from model_worker.decoding.odds import Odds
from model_worker.decoding.readout import Readout
from model_worker.decoding.rows import Group, GroupSpec
from model_worker.decoding.states import Ids, PromptState, fork, read
from model_worker.model.loading import Loaded
from model_worker.model.memory import refusing
from model_worker.model.pieces import TextStream
from model_worker.steering.sites import AnyDelta
from protocol.worker.requests import Sampling

ANSWER_TOKENS = 32  # at the most, where a request does not say it
ROWS_AT_ONCE, ROWS_AT_ONCE_GPU = 64, 512
GREEDY = (Sampling(),)


@dataclass(frozen=True)
class Wanted:
    """arms: each arm's deltas; the baseline, without any, is the first. samplings: each arm's answers, one after the
    other; their samples are numbered through."""

    ids: Ids
    arms: tuple[tuple[AnyDelta, ...], ...] = ((),)
    samplings: tuple[Sampling, ...] = GREEDY


@dataclass(frozen=True)
class Completion:
    """One answer. ids: with the token that ended it. ended: by itself, not for want of tokens. odds: of each token."""

    ids: Ids
    text: str
    ended: bool
    odds: tuple[Odds, ...]


@dataclass(frozen=True)
class Answered:
    """said: by arm and sample. By arm, of the first answer token: refusal_logodds, and kl_nats of its distribution from
    the untouched model's."""

    state: PromptState
    said: dict[tuple[int, int], Completion]
    refusal_logodds: tuple[float, ...]
    kl_nats: tuple[float, ...]


def answered(
    loaded: Loaded,
    decoding: Decoding,
    prompts: Iterable[Wanted],
    max_new_tokens: int,
    rows_at_once: int | None = None,
) -> Generator[Answered | None, None, None]:
    """In short steps; None: nothing is whole before the batch has advanced. To close it dismisses what is in flight.

    rows_at_once: none is begun while as many are in flight; None: as many as keep the device busy.
    """
    most = rows_at_once or (ROWS_AT_ONCE_GPU if loaded.device.startswith("cuda") else ROWS_AT_ONCE)
    waiting, going = iter(prompts), deque[_Prompt]()
    more = True
    try:
        while True:
            for one in going:
                one.listen()
            if going and going[0].whole:
                yield going.popleft().answered()
                continue
            if sum(one.n_in_flight for one in going) < most:
                if more and all(one.begun for one in going):
                    wanted = next(waiting, None)
                    more = wanted is not None
                    if wanted is not None:
                        going.append(_Prompt(loaded, decoding, wanted, max_new_tokens))
                if going and not going[-1].begun:
                    going[-1].begin_some()
            if not going:
                return
            yield None
    finally:
        for one in going:
            one.dismiss()


def require_room(loaded: Loaded, decoding: Decoding, longest: Wanted, max_new_tokens: int) -> None:
    """Raises Refused (503) if the batch never has room for this prompt's answers."""
    for arms, sampling, _ in _parts(loaded, longest):
        decoding.dismiss(decoding.enter(_asked(loaded, longest, len(arms), sampling, max_new_tokens)))


class _Prompt:
    """A prompt in the making: its groups, one for all arms that leave it together."""

    def __init__(self, loaded: Loaded, decoding: Decoding, wanted: Wanted, max_new_tokens: int) -> None:
        self._loaded, self._decoding, self._wanted, self._max_new_tokens = loaded, decoding, wanted, max_new_tokens
        self._left = deque(_parts(loaded, wanted))
        self._state: PromptState | None = None
        self._entered: Group | None = None  # waits for room
        self._groups: list[tuple[Group, list[tuple[int, int]]]] = []
        self._ids: dict[tuple[int, int], list[int]] = {}
        self._odds: dict[tuple[int, int], list[Odds]] = {}
        self._ended: dict[tuple[int, int], bool] = {}
        self._logodds: dict[int, float] = {}
        self._kl: dict[int, float] = {}

    @property
    def begun(self) -> bool:
        """All its groups are in the batch, or have been."""
        return not self._left

    @property
    def whole(self) -> bool:
        return self.begun and not self._groups

    @property
    def n_in_flight(self) -> int:
        return sum(len(group.in_flight) for group, _ in self._groups)

    def begin_some(self) -> None:
        """The next of its groups, if there is room for it."""
        arms, sampling, first_sample = self._left[0]
        if self._entered is None:
            asked = _asked(self._loaded, self._wanted, len(arms), sampling, self._max_new_tokens)
            self._entered = self._decoding.enter(asked)
        group = self._entered
        if self._decoding.place(group):
            return
        with refusing(group.asked.n_rows):
            if self._state is None:
                self._state = read(self._loaded.gemma, self._wanted.ids)
            deltas = [self._wanted.arms[arm] for arm in arms]
            part = fork(self._loaded.gemma, self._state, deltas)
            self._decoding.begin(group, [(part, deltas)])
            self._measure(arms, part.logits)
        self._left.popleft()
        self._entered = None
        numbers = [(arm, first_sample + sample) for arm in arms for sample in range(sampling.n_samples)]
        self._groups.append((group, numbers))

    def listen(self) -> None:
        """Takes what the batch has for it. Raises what made one of its groups fail."""
        for group, numbers in self._groups:
            if group.fault is not None:
                with refusing(len(numbers)):
                    raise group.fault
            while group.news:
                advance = group.news.popleft()
                for chosen in advance.chosen:
                    self._ids.setdefault(numbers[chosen.row], []).append(chosen.token)
                    self._odds.setdefault(numbers[chosen.row], []).append(chosen.odds)
                for row, ended in advance.left:
                    self._ended[numbers[row]] = ended
        for group, numbers in list(self._groups):
            if not group.in_flight:
                self._decoding.dismiss(group)
                self._groups.remove((group, numbers))

    def answered(self) -> Answered:
        assert self._state is not None
        return Answered(
            state=self._state,
            said={
                number: Completion(
                    tuple(self._ids[number]),
                    _text(self._loaded, self._ids[number]),
                    self._ended[number],
                    tuple(self._odds[number]),
                )
                for number in sorted(self._ids)
            },
            refusal_logodds=tuple(self._logodds[arm] for arm in range(len(self._wanted.arms))),
            kl_nats=tuple(self._kl[arm] for arm in range(len(self._wanted.arms))),
        )

    def dismiss(self) -> None:
        for group in [*(group for group, _ in self._groups), *([self._entered] if self._entered else [])]:
            self._decoding.dismiss(group)

    @torch.inference_mode()
    def _measure(self, arms: Sequence[int], logits: Tensor) -> None:
        """logits (arms, vocab) after the prompt's last token."""
        assert self._state is not None
        own, untouched = logits.log_softmax(-1), self._state.logits.log_softmax(-1)
        kl = (own.exp() * (own - untouched)).sum(-1).clamp(min=0)  # rounding takes it below 0
        self._kl |= zip(arms, kl.tolist(), strict=True)
        self._logodds |= zip(arms, refusal_logodds(logits, self._loaded.opens_refusal).tolist(), strict=True)


def _parts(loaded: Loaded, wanted: Wanted) -> Iterator[tuple[list[int], Sampling, int]]:
    """Arms that become a group, how they choose, and the number of their first sample."""
    n_prompt = len(wanted.ids)
    at_once = min(FORK_ROWS, loaded.gemma.rows_at_once(n_prompt, n_prompt))
    first = 0
    for sampling in wanted.samplings:
        for arms in forks_of(wanted.arms, at_once):
            yield arms, sampling, first
        first += sampling.n_samples


def _asked(loaded: Loaded, wanted: Wanted, n_arms: int, sampling: Sampling, max_new_tokens: int) -> GroupSpec:
    return GroupSpec(
        n_rows=n_arms * sampling.n_samples,
        n_tokens=len(wanted.ids) + max_new_tokens,
        readout=Readout(loaded, ()),
        sampling=sampling,
        stop_ids=loaded.stop_ids,
        max_new_tokens=max_new_tokens,
    )


def _text(loaded: Loaded, ids: Sequence[int]) -> str:
    """As it grew: what Explore says of the same tokens."""
    text = TextStream(loaded.tokenizer)
    for token in ids:
        text.push(token)
    return text.text
