"""The study `uncertainty`: which latents, right before its answer, tell the chat model's wrong answers from right ones.

1. each question, greedy, or k of n samples right; refused, broken and unjudged answers are left out. Wrong answers and
   invented ones (about names that do not exist) are both errors, and counted apart
2. the residual at the template's token `model`, where it is one token, else at the prompt's last one
3. of every latent and type, Welch's t of its activation, errors against right answers, on the training half; a latent's
   score is its least t over the types that have MIN_EACH of both. Positive: it is greater before errors
4. on the test half, types pooled: AUROC, and F1 at the threshold that is best on the validation tenth; beside them what
   needs no dictionary: the first token's entropy and -log p, a logistic probe and the difference of means of the
   residual that the best latent reads

Ferrando et al., section 7, figures 6, 23, 24. We differ: F1 weighs errors and right answers alike instead of drawing as
many of both; the baselines but the probe are ours. What a trial holds is its answers and the first token's odds; the
residuals of those that were recorded are read again. Knows nothing about steering.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import roc_curve
from torch import Tensor

from model_worker.answering.prompt import PromptTokens
from model_worker.decoding.odds import odds_of
from model_worker.decoding.states import PromptState, read
from model_worker.rounding import rounded
from model_worker.steering.targets import require_dictionary
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.completions import ANSWER_TOKENS, Answered, Wanted
from model_worker.studies.shared.counts import ANSWERS_FIRST
from model_worker.studies.shared.questions import Question, QuestionSet, judged, questions_of
from model_worker.studies.shared.replies import Replies
from model_worker.studies.shared.script import Cue, Script, trial_by_trial
from model_worker.studies.shared.statistics import auroc, auroc_interval
from model_worker.studies.uncertainty.error_probe import fitted_probe
from model_worker.studies.uncertainty.moments import MIN_EACH, AnswerSide, Moments, Ranked
from model_worker.studies.uncertainty.threshold import F1_NOTE, balanced_f1, best_threshold
from protocol.vocabulary import Split
from protocol.worker.frames import Frame
from protocol.worker.requests import Sampling
from protocol.worker.studies import UncertaintyRequest
from protocol.worker.study_frames import Cell, Column, Figure, Plot, Study, Trial, TrialAnswer


def uncertainty(bench: Bench, request: UncertaintyRequest) -> Generator[None, None, Script]:
    """Raises Refused (422) for a dictionary that isn't there, or where nothing can be asked."""
    loaded = bench.loaded
    for name in request.dictionaries:
        require_dictionary(loaded, name)
    on_chat = [one.id for one in loaded.card.dictionaries if "chat" in one.trained_on]
    dictionaries = request.dictionaries or tuple(on_chat) or tuple(loaded.dictionaries)
    request = request.model_copy(update={"dictionaries": dictionaries})
    asked = yield from questions_of(loaded, request.asked)
    warnings = list(asked.names.warnings)
    if not on_chat:
        warnings.append("No dictionary of the chat model is here: these were trained on another's activations.")
    opening = bench.opening(
        request,
        dictionaries=dictionaries,
        names=asked.names.taken,
        n_steps=len(asked.questions),
        warnings=tuple(warnings),
    )
    return _Uncertainty(bench, opening, request, asked)


@dataclass(frozen=True)
class _Scored:
    """What an error is told by: a number for each prompt that counts, greater before errors."""

    name: str
    role: str
    values: np.ndarray


class _Uncertainty(Script):
    def __init__(self, bench: Bench, opening: Study, request: UncertaintyRequest, asked: QuestionSet) -> None:
        super().__init__(opening)
        self._bench, self._loaded, self._request, self._asked = bench, bench.loaded, request, asked
        self._moments = Moments({name: self._loaded.dictionaries[name] for name in request.dictionaries})
        self._layers = sorted({self._loaded.layer_of[name] for name in request.dictionaries})
        self._residuals: list[dict[int, Tensor]] = []  # by question
        self._replies = Replies(bench, self._wanted, ANSWER_TOKENS)
        self._ranked: dict[int, list[Ranked]] = {}
        self._scored: list[_Scored] = []

    def close(self) -> None:
        self._replies.close()

    def cues(self) -> Iterator[Cue]:
        n = len(self._asked.questions)
        yield from trial_by_trial(n, self._trial, "answering", (self._outcomes, self._latents))
        yield self._roc
        yield self._boxes
        yield self._baselines

    def _trial(self, number: int) -> Iterator[Frame | None]:
        yield from self._upto(number)
        found = yield from self._replies.next(number)
        question = self._asked.questions[number]
        chosen = found.said[0, 0].ids[:1]
        odds = odds_of(found.state.logits.unsqueeze(0), torch.tensor(chosen, device=self._loaded.device))[0]
        trial = Trial(
            seq=0,
            trial=number,
            name=question.name,
            attribute=question.attribute.name,
            prompt=question.text,
            answers=tuple(self._judged(question, found)),
            numbers={"entropy": (rounded(odds.entropy),), "surprise": (rounded(-odds.logprob),)},
        )
        yield None
        self._count(question, trial, found.state)
        yield trial

    def _wanted(self, first: int) -> Iterator[Wanted]:
        """The questions from this one on."""
        samplings = [Sampling()]
        if n_samples := self._request.n_samples:
            samplings.append(Sampling(temperature=1.0, seed=self._request.seed, n_samples=n_samples))
        return (Wanted(one.prompt.ids, samplings=tuple(samplings)) for one in self._asked.questions[first:])

    def _judged(self, question: Question, found: Answered) -> Iterator[TrialAnswer]:
        for (_, sample), said in sorted(found.said.items()):
            verdict = judged(self._loaded, question, said.text, finished=said.ended)
            yield TrialAnswer(
                sample=sample,
                text=said.text,
                outcome=verdict.outcome,
                rule=verdict.rule,
                phrase=verdict.phrase,
                paper_phrase=verdict.paper_phrase,
                n_tokens=len(said.ids),
            )

    # what was read before the answers

    def _upto(self, n: int) -> Iterator[None]:
        """The first n questions' residuals are there."""
        while len(self._residuals) < n:
            number = len(self._residuals)
            question = self._asked.questions[number]
            self._count(question, self.trials[number], read(self._loaded.gemma, question.prompt.ids))
            yield None

    def _count(self, question: Question, trial: Trial, state: PromptState) -> None:
        at = before_answer(question.prompt)
        residuals = {layer: state.residuals[layer][at].float() for layer in self._layers}
        self._residuals.append(residuals)
        side = self._side(trial)
        if side is not None and question.taken.split == "train":
            by_name = {name: residuals[self._loaded.layer_of[name]] for name in self._request.dictionaries}
            self._moments.add(question.taken.entity.type, side, by_name)

    def _side(self, trial: Trial) -> AnswerSide | None:
        """None: left out."""
        greedy, *samples = (answer.outcome for answer in trial.answers)
        if greedy not in ("right", "wrong", "invented"):
            return None
        right = samples.count("right") >= self._request.k if samples else greedy == "right"
        return "right" if right else "error"

    def _ranking(self, n: int) -> Iterator[None]:
        """Of the first n questions: `self._ranked[n]`. Figures of one n take turns with no trial between them."""
        yield from self._upto(n)
        if n not in self._ranked:
            self._ranked = {n: list(self._moments.best(self._request.top))}

    def _values(self, one: Ranked) -> np.ndarray:
        dictionary, layer = self._loaded.dictionaries[one.dictionary], self._loaded.layer_of[one.dictionary]
        encoder = dictionary.only(torch.tensor([one.latent], device=self._loaded.device))
        return encoder.encode(torch.stack([own[layer] for own in self._residuals])).squeeze(-1).cpu().numpy()

    # figures

    def _outcomes(self, n: int) -> Iterator[Frame | None]:
        counts: Counter[tuple[str, str, str]] = Counter()
        totals: Counter[tuple[str, str]] = Counter()
        for trial, question in zip(self.trials[:n], self._asked.questions, strict=False):
            cell = (question.taken.entity.type, question.taken.group)
            counts[*cell, trial.answers[0].outcome] += 1
            totals[cell] += 1
        rows: list[tuple[Cell, ...]] = [
            (*cell, outcome, counts[*cell, outcome], total, rounded(counts[*cell, outcome] / total))
            for cell, total in sorted(totals.items())
            for outcome in ANSWERS_FIRST
        ]
        by = Counter(trial.answers[0].outcome for trial in self.trials[:n])
        left_out = by["refused"] + by["answered"] + by["broken"]
        yield Figure(
            seq=0,
            id="outcomes",
            title="What the untouched model answers",
            claim=f"{by['right']} right, {by['wrong']} wrong, {by['invented']} invented; {left_out} are left out, "
            f"{by['refused']} of them refused.",
            columns=(
                Column(name="type"),
                Column(name="group"),
                Column(name="outcome"),
                Column(name="answers"),
                Column(name="prompts", unit="prompts"),
                Column(name="share", unit="share"),
            ),
            rows=tuple(rows),
            plot=Plot(form="bars", x=1, y=5, series=2, role=2, panel=0, y_min=0, y_max=1),
            notes=(f"Greedy, {n} of {len(self._asked.questions)} questions.",),
        )

    def _latents(self, n: int) -> Iterator[Frame | None]:
        final = n == len(self._asked.questions)
        yield from self._ranking(n)
        kinds = self._moments.kinds
        rows: list[tuple[Cell, ...]] = []
        for rank, one in enumerate(self._ranked[n], 1):
            tested: tuple[Cell, ...] = (None,) * 4
            if final:
                tested = self._tested(self._values(one))
                yield None
            layer = self._loaded.layer_of[one.dictionary]
            t = [rounded(one.t[kind]) for kind in kinds]
            means = (rounded(one.of_right), rounded(one.of_error))
            rows.append((one.label, rank, one.dictionary, layer, one.latent, rounded(one.score), *t, *means, *tested))
        yield Figure(
            seq=0,
            id="latents",
            title="Latents that are greater before an error",
            claim=self._latents_claim(rows),
            columns=(
                Column(name="latent"),
                Column(name="rank"),
                Column(name="dictionary"),
                Column(name="layer"),
                Column(name="index"),
                Column(name="score, least t"),
                *(Column(name=f"t, {kind}") for kind in kinds),
                Column(name="mean before right", unit="activation"),
                Column(name="mean before errors", unit="activation"),
                Column(name="AUROC"),
                Column(name="AUROC, low"),
                Column(name="AUROC, high"),
                Column(name="F1"),
            ),
            rows=tuple(rows),
            plot=Plot(form="bars", x=0, y=5),
            notes=(
                f"{n} of {len(self._asked.questions)} questions; t and means on the training half, AUROC and F1 on the "
                f"test half. Types with {MIN_EACH} right answers and errors of the training half count: "
                f"{', '.join(kinds) or 'none'}.",
                self._where(),
                F1_NOTE,
            ),
        )

    def _roc(self) -> Iterator[Frame | None]:
        scores = yield from self._scores()
        rows: list[tuple[Cell, ...]] = []
        for one in scores:
            error, right = self._sides(one.values, "test")
            if len(error) and len(right):
                truth = np.repeat([1, 0], [len(error), len(right)])
                alarms, hits, _ = roc_curve(truth, np.concatenate([error, right]))
                rows += [
                    (rounded(float(x)), rounded(float(y)), one.name, one.role)
                    for x, y in zip(alarms, hits, strict=True)
                ]
            yield None
        yield Figure(
            seq=0,
            id="roc",
            title="Errors told from right answers, test half",
            columns=(
                Column(name="false alarms", unit="share"),
                Column(name="hits", unit="share"),
                Column(name="score"),
                Column(name="role"),
            ),
            rows=tuple(rows),
            plot=Plot(form="roc", x=0, y=1, series=2, role=3, y_min=0, y_max=1),
            notes=("hits: errors at or above a threshold. false alarms: right answers there. Types pooled.",),
        )

    def _boxes(self) -> Iterator[Frame | None]:
        n = len(self._asked.questions)
        yield from self._ranking(n)
        best = self._ranked[n][:1]
        rows: list[tuple[Cell, ...]] = []
        for one in best:
            cells: dict[tuple[str, str], list[float]] = {}
            for question, trial, value in zip(self._asked.questions, self.trials, self._values(one), strict=True):
                if self._side(trial) is not None and question.taken.split == "test":
                    cells.setdefault((question.taken.entity.type, self._word(trial)), []).append(float(value))
            for cell, values in sorted(cells.items()):
                quantiles = (rounded(float(q)) for q in np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]))
                rows.append((*cell, *quantiles, len(values)))
        yield Figure(
            seq=0,
            id="boxes",
            title=f"Activation before the answer{', ' + best[0].label if best else ''}",
            columns=(
                Column(name="type"),
                Column(name="answer"),
                Column(name="5 %", unit="activation"),
                Column(name="25 %", unit="activation"),
                Column(name="median", unit="activation"),
                Column(name="75 %", unit="activation"),
                Column(name="95 %", unit="activation"),
                Column(name="prompts", unit="prompts"),
            ),
            rows=tuple(rows),
            plot=Plot(form="box", x=0, low=2, q1=3, y=4, q3=5, high=6, series=1, role=1),
            notes=("Test half, the best latent by the training half.", self._where()),
        )

    def _baselines(self) -> Iterator[Frame | None]:
        scores = yield from self._scores()
        rows: list[tuple[Cell, ...]] = []
        for kind in ["all", *self._moments.kinds]:
            for one in scores:
                error, right = self._sides(one.values, "test", kind)
                tested = self._tested(one.values, kind)
                rows.append((one.name, one.role, kind, *tested, len(error), len(right)))
                yield None
        pooled = [row for row in rows if row[2] == "all" and row[3] is not None]
        yield Figure(
            seq=0,
            id="baselines",
            title="The best latent beside what needs no dictionary",
            claim=f"AUROC on the test half: {', '.join(f'{row[0]} {row[3]:.2f}' for row in pooled)}." if pooled else "",
            columns=(
                Column(name="score"),
                Column(name="role"),
                Column(name="type"),
                Column(name="AUROC"),
                Column(name="AUROC, low"),
                Column(name="AUROC, high"),
                Column(name="F1"),
                Column(name="errors", unit="prompts"),
                Column(name="right answers", unit="prompts"),
            ),
            rows=tuple(rows),
            plot=Plot(form="bars", x=0, y=3, low=4, high=5, role=1, panel=2, y_min=0, y_max=1),
            notes=(
                "Intervals: 95 %, bootstrap over errors and over right answers. AUROC 0.5 is chance.",
                "The probe is standardised, L2, both sides weighed alike; its C is the best on the validation tenth.",
                F1_NOTE,
                self._where(),
            ),
        )

    def _scores(self) -> Generator[None, None, list[_Scored]]:
        """Of the best latent first. Without one, of what needs no dictionary; without both sides, no directions."""
        if self._scored:
            return self._scored
        n = len(self._asked.questions)
        yield from self._ranking(n)
        found = [_Scored(f"latent {one.label}", "unknown", self._values(one)) for one in self._ranked[n][:1]]
        for name, told in (("entropy", "first token, entropy"), ("surprise", "first token, −log p")):
            values = np.array([trial.numbers[name][0] for trial in self.trials])
            found.append(_Scored(told, "other", values))
        layer = self._layers[-1]
        if self._ranked[n]:
            layer = self._loaded.layer_of[self._ranked[n][0].dictionary]
        x = torch.stack([own[layer] for own in self._residuals]).cpu().double().numpy()
        error, right = self._sides(x, "train")
        if min(len(error), len(right)) >= MIN_EACH:
            means = x @ (error.mean(0) - right.mean(0))
            found.append(_Scored(f"difference of means, layer {layer}", "other", means))
            yield None
            probe = yield from fitted_probe(error, right, *self._sides(x, "validation"))
            found.append(_Scored(f"logistic probe, layer {layer}", "other", probe(x)))
        self._scored = found
        return found

    def _sides(self, values: np.ndarray, split: Split, kind: str = "all") -> tuple[np.ndarray, np.ndarray]:
        """Of values by question those before errors, and those before right answers."""
        of: dict[AnswerSide, list[int]] = {"error": [], "right": []}
        for number, (question, trial) in enumerate(zip(self._asked.questions, self.trials, strict=True)):
            side = self._side(trial)
            if side is not None and question.taken.split == split and kind in ("all", question.taken.entity.type):
                of[side].append(number)
        return values[of["error"]], values[of["right"]]

    def _tested(self, values: np.ndarray, kind: str = "all") -> tuple[Cell, ...]:
        """AUROC on the test half, its interval, and F1 at the threshold of the validation tenth of all types."""
        error, right = self._sides(values, "test", kind)
        found = auroc(error, right)
        if found is None:
            return (None,) * 4
        low, high = auroc_interval(error, right, self._request.seed)
        fit = self._sides(values, "validation")
        if min(map(len, fit)) < MIN_EACH:
            fit = self._sides(values, "train")
        f1 = rounded(balanced_f1(error, right, best_threshold(*fit))) if min(map(len, fit)) else None
        return rounded(found), rounded(low), rounded(high), f1

    def _word(self, trial: Trial) -> str:
        """What the answer is called: right, wrong or invented. By samples: what greedy says, if it is an error too."""
        if self._side(trial) == "right":
            return "right"
        return "invented" if trial.answers[0].outcome == "invented" else "wrong"

    def _latents_claim(self, rows: Sequence[tuple[Cell, ...]]) -> str:
        if not self._moments.kinds:
            return (
                f"No type has {MIN_EACH} right answers and {MIN_EACH} errors of the training half, so nothing can be "
                "ranked: ask about more names, or about rarer ones."
            )
        if not rows:
            return "No latent is greater before errors in every type."
        best = rows[0]
        tested = "" if best[-4] is None else f"; AUROC {best[-4]:.2f} on the test half"
        return f"Best: {best[0]}, t at least {best[5]:.1f} in every type that counts{tested}."

    def _where(self) -> str:
        prompt = self._asked.questions[0].prompt
        at = before_answer(prompt)
        last = at == len(prompt.tokens) - 1
        return "Read at the prompt's last token." if last else "Read at the template's token “model”, as in the paper."


def before_answer(prompt: PromptTokens) -> int:
    """Position of the template's token `model` behind the question, where it is one token; else of the last token."""
    for at in range(len(prompt.tokens) - 1, prompt.entity.end - 1, -1):
        if prompt.tokens[at].role == "template" and prompt.tokens[at].text == "model":
            return at
    return len(prompt.tokens) - 1
