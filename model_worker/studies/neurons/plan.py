"""The study `neurons`: a few neurons that tell wrong answers from right ones, beside what tells them without any; and
what turning them does.

1. each question, greedy and n samples                                            trial, labels
2. the greedy answers read once more: CETT of every neuron at the value           (never told)
3. L1 fits out of fold; what else tells errors; random sets; names drawn again    sweep, readers, reliability,
                                                                                  agreement, neurons, layers
4. names of the test part asked again, chosen neurons scaled                      trial, dial, slopes
5. other types, the base model; one rule makes the sentences                      transfer, origin, verdicts

Gao et al. 2025 (H-Neurons). We differ: entropy and words alone beside every figure, folds by name and by what is said,
weights that make right and wrong equal inside each attribute, one token earlier (V), random sets of equal share, a
positive control. Their own protocol (means over the answer's tokens, 3 against 1, C 1) is a row of the table.
Readings of answers that were recorded are made again, silently.
"""

from collections.abc import Callable, Generator, Iterator
from functools import partial

from model_worker.model.base import Part
from model_worker.studies.neurons import figures
from model_worker.studies.neurons.analysis import Analysis, analysed
from model_worker.studies.neurons.claims import NeuronClaim, adds_claim, carries_claim, reads_claim
from model_worker.studies.neurons.dial import SETS, Dial, DialArm, dial_arms, dial_questions, group_of, told_arms
from model_worker.studies.neurons.dial_figures import (
    ByGroup,
    by_group,
    dial_claims,
    dial_figure,
    sets_figure,
    slopes_figure,
)
from model_worker.studies.neurons.elsewhere import Carried, carried, origin_of
from model_worker.studies.neurons.measure import AnswerReadings, labelled_trial, said_by, with_odds
from model_worker.studies.neurons.readers import KEPT_OUT, WITHIN
from model_worker.studies.neurons.reliability import agreement_figure, reliability_figure
from model_worker.studies.neurons.sides import answer_rows
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.completions import ANSWER_TOKENS, Wanted, require_room
from model_worker.studies.shared.questions import Question, QuestionSet, own_seed, questions_of, samplings_of
from model_worker.studies.shared.replies import Replies
from model_worker.studies.shared.script import Cue, Script, trial_by_trial
from model_worker.studies.shared.within.auroc import within_gain
from protocol.refusal import Refused
from protocol.worker.frames import Frame
from protocol.worker.study_frames import Figure, Study
from protocol.worker.study_requests.neurons import NeuronsRequest


def neurons(bench: Bench, request: NeuronsRequest) -> Generator[None, None, Script]:
    """Raises Refused (422) where nothing can be asked."""
    asked = yield from questions_of(bench.loaded, request.asked)
    turned = dial_questions(bench.loaded, asked.questions, request.dial, request.seed) if request.dial else []
    arms = dial_arms(request.dial) if request.dial else ()
    longest = max(asked.questions, key=lambda question: len(question.prompt.ids))
    samplings = samplings_of(longest, request.seed, request.n_samples)
    require_room(bench.loaded, bench.decoding, Wanted(longest.prompt.ids, samplings=samplings), ANSWER_TOKENS)
    base = _base_of(bench) if request.base else None
    opening = bench.opening(
        request,
        names=asked.names.taken,
        base=base.used if base else None,
        arms=told_arms(arms),
        n_steps=len(asked.questions) + len(turned),
        warnings=asked.names.warnings,
    )
    return NeuronsScript(bench, opening, request, asked, turned, arms, base)


class NeuronsScript(Script):
    def __init__(
        self,
        bench: Bench,
        opening: Study,
        request: NeuronsRequest,
        asked: QuestionSet,
        turned: list[Question],
        arms: tuple[DialArm, ...],
        base: Part | None,
    ) -> None:
        super().__init__(opening)
        self._bench, self._loaded, self._request = bench, bench.loaded, request
        self._questions, self._turned, self._arms, self._base = asked.questions, turned, arms, base
        self._groups = [group_of(one) for one in turned]
        self._readings = AnswerReadings(bench.loaded.gemma, asked.questions)
        self._replies = Replies(bench, self._wanted, ANSWER_TOKENS)
        self._dialled: Replies | None = None
        self._dial: Dial | None = None
        self._analysis: Analysis | None = None
        self._carried: Carried | None = None
        self._is_analysed = False

    def close(self) -> None:
        self._replies.close()
        if self._dialled is not None:
            self._dialled.close()

    def cues(self) -> Iterator[Cue]:
        n, n_steps = len(self._questions), self.opening.n_steps
        yield from trial_by_trial(n, self._trial, "answering", (self._labels,), n_steps=n_steps)
        yield partial(self._of_fits, "verdicts", self._read_verdicts)  # what is claimed comes first, and is told again
        read = {"sweep": self._sweep, "readers": self._readers, "reliability": self._reliability}
        if self._request.n_samples:
            read["agreement"] = self._agreement
        for id, drawn in (*read.items(), ("neurons", self._which), ("layers", self._layers)):
            yield partial(self._of_fits, id, drawn)
        if self._request.dial is not None:
            yield self._sets
            both = (self._dial_shares, self._slopes)
            yield from trial_by_trial(len(self._turned), self._turn, "turning", both, n_steps=n_steps, n_before=n)
        for id, drawn in (("transfer", self._transfer), ("origin", self._origin), ("verdicts", self._verdicts)):
            yield partial(self._of_fits, id, drawn)

    # ---- labelling

    def _wanted(self, first: int) -> Iterator[Wanted]:
        seed, n = self._request.seed, self._request.n_samples
        return (Wanted(one.prompt.ids, samplings=samplings_of(one, seed, n)) for one in self._questions[first:])

    def _trial(self, number: int) -> Iterator[Frame | None]:
        yield from self._readings.upto(number, self.trials)
        found = yield from self._replies.next(number)
        question = self._questions[number]
        seed = own_seed(question, self._request.seed) if self._request.n_samples else None
        trial = labelled_trial(self._loaded, question, found, number, seed)
        yield None
        yield with_odds(trial, self._readings.add(trial))

    def _labels(self, n: int) -> Iterator[Frame | None]:
        yield figures.sides_figure(self._request, self._questions, self.trials[:n])

    # ---- reading

    def _found(self) -> Generator[None, None, Analysis | None]:
        """Once for all figures and for the dial."""
        if not self._is_analysed:
            n, request = len(self._questions), self._request
            yield from self._readings.upto(n, self.trials)
            own = self.trials[:n]
            rows = answer_rows(self._questions, own, partial(said_by, self._loaded), request.k, request.seed)
            yield None
            self._analysis = yield from analysed(self._loaded, request, self._questions, own, self._readings, rows)
            self._is_analysed = True
        return self._analysis

    def _of_fits(self, id: str, drawn: Callable[[Analysis], Generator[None, None, Figure]]) -> Iterator[Frame | None]:
        found = yield from self._found()
        if found is None:
            yield figures.nothing_figure(id, self.trials[: len(self._questions)], self._request.k)
        else:
            yield (yield from drawn(found))

    def _sweep(self, found: Analysis) -> Generator[None, None, Figure]:
        return (yield from figures.sweep_figure(self._request, found, len(found.chosen.weights)))

    def _readers(self, found: Analysis) -> Generator[None, None, Figure]:
        return (yield from figures.readers_figure(found))

    def _which(self, found: Analysis) -> Generator[None, None, Figure]:
        yield None
        return figures.neurons_figure(self._request, found, self._loaded.gemma.blocks[0].down.shape[0])

    def _layers(self, found: Analysis) -> Generator[None, None, Figure]:
        yield None
        return figures.layers_figure(found, len(self._loaded.gemma.blocks))

    def _reliability(self, found: Analysis) -> Generator[None, None, Figure]:
        yield None
        return reliability_figure(found)

    def _agreement(self, found: Analysis) -> Generator[None, None, Figure]:
        return (yield from agreement_figure(self._request, found, self.trials[: len(self._questions)]))

    # ---- the dial

    def _dialling(self) -> Generator[None, None, Dial]:
        if self._dial is None:
            found = yield from self._found()
            assert self._request.dial is not None
            sets = found.sets if found else dict.fromkeys(SETS, ())
            self._dial = Dial(self._loaded, self._request.dial, self._arms, sets, self._request.seed)
            yield None
        return self._dial

    def _sets(self) -> Iterator[Frame | None]:
        yield sets_figure((yield from self._dialling()).sets)

    def _turn(self, number: int) -> Iterator[Frame | None]:
        dial = yield from self._dialling()
        if self._dialled is None:
            self._dialled = Replies(self._bench, lambda first: map(dial.wanted, self._turned[first:]), ANSWER_TOKENS)
        found = yield from self._dialled.next(number)
        yield dial.trial(self._turned[number], found, len(self._questions) + number)

    def _dial_shares(self, n: int) -> Iterator[Frame | None]:
        dial = yield from self._dialling()
        assert self._request.dial is not None
        yield dial_figure(self._request.dial, self._arms, dial.sets, self._by_group(n))

    def _slopes(self, n: int) -> Iterator[Frame | None]:
        assert self._request.dial is not None
        yield slopes_figure(self._request.dial, self._arms, self._by_group(n))

    def _by_group(self, n: int) -> ByGroup:
        first = len(self._questions)
        return by_group(self.trials[first : first + n], self._groups)

    # ---- elsewhere, and what is claimed

    def _transfer(self, found: Analysis) -> Generator[None, None, Figure]:
        return figures.transfer_figure((yield from self._carries(found)))

    def _carries(self, found: Analysis) -> Generator[None, None, Carried]:
        if self._carried is None:
            self._carried = yield from carried(found)
        return self._carried

    def _origin(self, found: Analysis) -> Generator[None, None, Figure]:
        if self._base is None:
            return figures.origin_figure(None, "Not asked: the card names no base model, or it wasn't wanted.")
        own = self.trials[: len(self._questions)]
        gemma, place = self._loaded.gemma, self._request.reading
        return figures.origin_figure((yield from origin_of(self._base, gemma, place, self._questions, own, found)))

    def _read_verdicts(self, found: Analysis) -> Generator[None, None, Figure]:
        return figures.verdicts_figure((yield from self._read_claims(found)))

    def _read_claims(self, found: Analysis) -> Generator[None, None, list[NeuronClaim]]:
        n, strata = len(found.rows), found.held.strata[KEPT_OUT]
        within, kept_out = (figures.read_in(found, view) for view in (WITHIN, KEPT_OUT))
        claims = [reads_claim("the chosen neurons", within, kept_out, n)]
        yield None
        gain = within_gain(found.both.by_value, found.entropy.by_value, found.rows.is_error, strata, found.held.draws)
        value, interval = gain or (None, None)
        claims.append(adds_claim("the chosen neurons", value, interval, n))
        return claims

    def _verdicts(self, found: Analysis) -> Generator[None, None, Figure]:
        n, claims = len(found.rows), (yield from self._read_claims(found))
        yield None
        if self._request.dial is not None:
            claims += dial_claims(self._request.dial, self._arms, self._by_group(len(self._turned)))
        elsewhere = (yield from self._carries(found)).elsewhere
        told = (elsewhere.auroc, elsewhere.interval) if elsewhere else (None, None)
        claims.append(carries_claim("the chosen neurons", *told, n))
        return figures.verdicts_figure(claims)


def _base_of(bench: Bench) -> Part | None:
    """None where the card names none."""
    try:
        return bench.base.part()
    except Refused:
        return None
