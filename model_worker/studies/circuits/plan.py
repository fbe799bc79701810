"""Circuits over a whole set of names: is refusing the default, and does recognition lift it?

1. pairs: a known name and an unknown one, asked the same with as many tokens each (patching/pairs.py)
2. roles, read off other names (circuits/groups/roles.py)
3. of each pair the default tests
4. names of each tier alone: does recognition fire, and does the model refuse?
5. of each pair every group set to the other's values and taken away, and what that moves

Everything beside random directions of equal norm at the same places; hidden names beside other hidden tokens.
(Lindsey et al. 2025, On the Biology of a Large Language Model, entity recognition. We differ: groups are measured in
the model, not read off a replacement model's graph.)
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial

from model_worker.circuits.groups.roles import RoleBook
from model_worker.circuits.sequence_pass import widened
from model_worker.studies.circuits import figures
from model_worker.studies.circuits.measure import Measuring, inquiry_of, role_leaders
from model_worker.studies.patching.pairs import Pair, pairs_of
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.questions import Question, part_in_words, questions_of
from model_worker.studies.shared.script import Cue, Script, trial_by_trial
from protocol.refusal import Refused
from protocol.steering import latent_name
from protocol.worker.frames import Frame
from protocol.worker.studies import CircuitsRequest
from protocol.worker.study_frames import Figure, Study, Trial


def circuits(bench: Bench, request: CircuitsRequest) -> Generator[None, None, Script]:
    loaded = bench.loaded
    asked = yield from questions_of(loaded, request.asked)
    pairs = pairs_of(asked.questions, request)
    if not pairs:
        raise Refused(
            422,
            "no_pairs",
            f"Pairs of a known and an unknown name were asked, of {part_in_words(request.asked)}.",
            "Two make a pair where the same question about both, and about a second unknown name, has as many tokens. "
            f"Among {len(asked.questions)} questions there is none.",
            "Take more names, or the model's world.",
        )
    gemma = widened(loaded.gemma)
    alone = tier_questions(asked.questions, request.n_tier)
    inquiry = inquiry_of(loaded, gemma, request, pairs[0].clean)
    yield None
    apart = [one.taken.entity.name for pair in pairs for one in (pair.clean, pair.corrupted)]
    apart += [one.taken.entity.name for one in alone]
    roles = yield from RoleBook(request.n_role_names).roles(inquiry, apart)
    if not roles.r:
        raise Refused(
            422,
            "no_roles",
            f"Circuits of {loaded.card.id} over a set asked.",
            "Roles are read off known and unknown names that a model's card brings; this one's brings too few.",
            "Ask for a circuit of two prompts: there its groups are told apart by their place.",
        )
    few = f"{len(pairs)} pairs instead of {request.n_pairs}: no more names fit each other."
    named = ", ".join(
        f"{role.replace('_', ' ')}: {latent_name(at, index)}" for role, (at, index) in role_leaders(roles).items()
    )
    opening = bench.opening(
        request,
        names=asked.names.taken,
        n_steps=2 * len(pairs) + len(alone),
        dictionaries=inquiry.named.values(),
        warnings=(
            *asked.names.warnings,
            *((few,) if len(pairs) < request.n_pairs else ()),
            f"Roles were read off {roles.n_known} known and {roles.n_unknown} unknown names; strongest {named}.",
        ),
    )
    return CircuitsScript(opening, Measuring(loaded, gemma, request, roles), pairs, alone)


class CircuitsScript(Script):
    def __init__(self, opening: Study, measuring: Measuring, pairs: Sequence[Pair], alone: Sequence[Question]) -> None:
        super().__init__(opening)
        self._measuring, self._pairs, self._alone = measuring, pairs, alone

    def cues(self) -> Iterator[Cue]:
        """What is quick comes first: who is stopped early has it of every pair."""
        n, n_alone, steps = len(self._pairs), len(self._alone), self.opening.n_steps
        tests = [partial(self._drawn, figures.default_outcomes)]
        yield from trial_by_trial(n, self._tested, "testing defaults", tests, n_steps=steps)
        if n_alone:
            tiers = [partial(self._drawn, self._misfires)]
            yield from trial_by_trial(n_alone, self._read, "reading names", tiers, n_steps=steps, n_before=n)
        tables = [partial(self._drawn, draw) for draw in (figures.group_effects, figures.group_arrows)]
        yield from trial_by_trial(n, self._clamped, "clamping groups", tables, n_steps=steps, n_before=n + n_alone)

    def _tested(self, number: int) -> Iterator[Frame | None]:
        return self._measuring.tested(self._pairs[number], number)

    def _read(self, number: int) -> Iterator[Frame | None]:
        return self._measuring.alone(self._alone[number], len(self._pairs) + number)

    def _clamped(self, number: int) -> Iterator[Frame | None]:
        return self._measuring.clamped(self._pairs[number], len(self._pairs) + len(self._alone) + number)

    def _drawn(self, draw: Callable[[Sequence[Trial]], Figure], _n: int) -> Iterator[Frame]:
        yield draw(self.trials)

    def _misfires(self, trials: Sequence[Trial]) -> Figure:
        tiers = [one.group for one in self.opening.names]
        roles = self._measuring.roles
        halves = figures.halfway(roles, role_leaders(roles))
        return figures.tier_firings(trials, tiers, halves, latents=self._measuring.request.basis == "latents")


def tier_questions(questions: Sequence[Question], most: int) -> list[Question]:
    """So many of each group, in the order in which they are asked, which takes types in turn."""
    found: dict[str, list[Question]] = defaultdict(list)
    for one in questions:
        if len(found[one.taken.group]) < most:
            found[one.taken.group].append(one)
    return [one for own in found.values() for one in own]
