"""The study `transfer`: what of base dictionaries holds on the chat model, and what taking a direction out does.

1. each labelled name, read at its last token: in the card's statement by the base and by the chat model, in a question
   by the chat model. By dictionary and place: FVU about the mean of these names, the residual's norm, and where the
   card's known and unknown latents are, how well they separate
2. each question, greedy, by the chat model untouched and with a direction taken out (orthogonal.py): the known and the
   unknown latent's, and as many random ones as asked; in the paper's way and exactly. What is left along the direction
   in the stream, |x . d^|, is the mean over the prompt's tokens but BOS

Ferrando et al., sections 5 and 8, equation 9, figure 10 and the "orthogonalised" arm of figures 3 and 11. We differ:
their random arms are pushes, so that theirs has no control; ours are taken out in the same way.
"""

from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from model_worker.decoding.batch import Decoding
from model_worker.decoding.states import PromptState
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.model.memory import refusing
from model_worker.rounding import all_rounded, rounded
from model_worker.steering.random_directions import random_directions
from model_worker.studies.shared.arms import target_in_words
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.completions import ANSWER_TOKENS, Wanted, answered
from model_worker.studies.shared.counts import ANSWERS_FIRST
from model_worker.studies.shared.intervals import pair
from model_worker.studies.shared.pushes import latent_of
from model_worker.studies.shared.questions import QuestionSet, judged, questions_of
from model_worker.studies.shared.script import Cue, Script, is_tenth, trial_by_trial
from model_worker.studies.shared.statistics import mean_interval, wilson
from model_worker.studies.transfer.orthogonal import Orthogonal, Way
from model_worker.studies.transfer.readings import READING_PLACES, Readings, key_of, separation
from protocol.refusal import Refused
from protocol.vocabulary import Role
from protocol.worker.frames import Frame
from protocol.worker.names import LABELS
from protocol.worker.studies import TransferRequest
from protocol.worker.study_frames import Cell, Column, Figure, Plot, Progress, Study, StudyArm, Trial, TrialAnswer

QUESTIONS_AT_ONCE = 32  # of a chunk: each arm answers all of them at a time
POOL_BYTES = 2**30


@dataclass(frozen=True)
class _AblationArm:
    """direction (d_model,): what is taken out. role: of the latent that it is; None: a random one."""

    told: StudyArm
    direction: Tensor | None = None
    way: Way | None = None
    role: Role | None = None


def transfer(bench: Bench, request: TransferRequest) -> Generator[None, None, Script]:
    """Raises Refused (422) where there is no base model, no dictionary of one, or no labelled name."""
    loaded = bench.loaded
    request = request.model_copy(
        update={
            "known": latent_of(loaded, "known", request.known),
            "unknown": latent_of(loaded, "unknown", request.unknown),
        }
    )
    dictionaries = [one.id for one in loaded.card.dictionaries if "base" in one.trained_on]
    if not dictionaries:
        raise Refused(
            422,
            "no_base_dictionary",
            "Dictionaries of the base model asked.",
            f"None of {loaded.card.id} says that it was trained on one.",
            "Choose another model.",
        )
    base = bench.part("base")
    asked = yield from questions_of(loaded, request.asked)
    named = list(dict.fromkeys(one.name for one in asked.questions if one.taken.label is not None))
    if not named:
        raise Refused(
            422,
            "no_labels",
            "Known names held against unknown ones asked.",
            "None of the names that are asked about is labelled.",
            "Label them, or choose another part.",
        )
    arms = list(_arms(loaded, request))
    n_chunks = -(-len(asked.questions) // QUESTIONS_AT_ONCE)
    opening = bench.opening(
        request,
        base=base.used,
        dictionaries=dictionaries,
        names=asked.names.taken,
        arms=tuple(one.told for one in arms),
        n_steps=len(named) + n_chunks * len(arms),
        warnings=asked.names.warnings,
    )
    return _Transfer(loaded, base.gemma, opening, request, dictionaries, asked, named, arms)


class _Transfer(Script):
    def __init__(
        self,
        loaded: Loaded,
        base: Gemma,
        opening: Study,
        request: TransferRequest,
        dictionaries: Sequence[str],
        asked: QuestionSet,
        named: Sequence[int],
        arms: Sequence[_AblationArm],
    ) -> None:
        super().__init__(opening)
        self._loaded, self._request, self._dictionaries = loaded, request, tuple(dictionaries)
        self._asked, self._named, self._arms = asked, tuple(named), tuple(arms)
        self._readings = Readings(loaded, base, request, dictionaries, [asked.names.taken[one] for one in named])
        self._chunk: dict[int, list[tuple[TrialAnswer, dict[str, tuple[float, ...]]]]] = {}  # by arm

    def cues(self) -> Iterator[Cue]:
        n, questions = len(self._named), self._asked.questions
        figures = (self._reading_figure, self._norm_figure)
        yield from trial_by_trial(n, self._reading, "reading names on both models", figures)
        n_done, n_chunks = n, -(-len(questions) // QUESTIONS_AT_ONCE)
        for chunk in range(n_chunks):
            first = chunk * QUESTIONS_AT_ONCE
            last = min(first + QUESTIONS_AT_ONCE, len(questions))
            for arm, one in enumerate(self._arms):
                n_done += 1
                yield partial(self._answers, first, last, arm, n_done, one.told.name)
            for number in range(first, last):
                yield partial(self._answer, first, last, number)
            if is_tenth(chunk + 1, n_chunks):
                yield partial(self._projection_figure, last)
                yield partial(self._answers_figure, last)

    # reading

    def _reading(self, number: int) -> Iterator[Frame | None]:
        yield from self._readings.upto(number)
        numbers = yield from self._readings.next_numbers()
        entity = self._asked.names.taken[self._named[number]].entity
        prompt = self._loaded.card.statement.replace("{type}", entity.type).replace("{name}", entity.name)
        yield Trial(seq=0, trial=number, name=self._named[number], prompt=prompt, numbers=numbers)

    def _reading_figure(self, n: int) -> Iterator[Frame | None]:
        final = n == len(self._named)
        yield from self._readings.upto(n)
        labels = [self._asked.names.taken[one].label for one in self._named[:n]]
        rows: list[tuple[Cell, ...]] = []
        worst: dict[str, float] = {}
        for name in self._dictionaries:
            roles = [role for role in LABELS if getattr(self._request, role).dictionary == name]
            for place, where in enumerate(READING_PLACES):
                fvu = self._readings.fvu(
                    name, place, [trial.numbers[key_of(place, "missed")] for trial in self.trials[:n]]
                )
                for role in roles or [None]:
                    separates: tuple[Cell, ...] = (None,) * 8
                    if role is not None:
                        values = [trial.numbers[key_of(place, role)][0] for trial in self.trials[:n]]
                        separates = separation(values, labels, role, self._request.seed if final else None)
                        worst[where] = min(worst.get(where, np.inf), separates[5] or 0.0)
                    layer = self._loaded.layer_of[name]
                    told = f"{name}, {role} latent" if role else name
                    rows.append((told, layer, where, role or "other", *separates, fvu))
                    yield None
        against = "; ".join(f"{where} {value:.2f}" for where, value in worst.items())
        yield Figure(
            seq=0,
            id="reading",
            title="The base model's dictionaries, read on both models",
            claim=f"AUROC of the weaker of the known and the unknown latent: {against}. 0.5 is chance.",
            columns=(
                Column(name="dictionary"),
                Column(name="layer"),
                Column(name="place"),
                Column(name="role"),
                Column(name="f known", unit="share"),
                Column(name="f unknown", unit="share"),
                Column(name="separation", unit="share"),
                Column(name="separation, low", unit="share"),
                Column(name="separation, high", unit="share"),
                Column(name="AUROC"),
                Column(name="AUROC, low"),
                Column(name="AUROC, high"),
                Column(name="FVU", unit="share"),
            ),
            rows=tuple(rows),
            plot=Plot(form="bars", x=0, y=12, series=2, y_min=0),
            notes=(
                f"{n} of {len(self._named)} labelled names, at their last token, types pooled.",
                "separation: of the known latent f known − f unknown, of the unknown one the reverse. Intervals: 95 %, "
                "bootstrap over known and over unknown names.",
                "FVU: share of the residuals' variance about the mean of these names that the dictionary misses; "
                "above 1 it is worse than that mean.",
            ),
        )

    def _norm_figure(self, n: int) -> Iterator[Frame | None]:
        final = n == len(self._named)
        rows: list[tuple[Cell, ...]] = []
        for place, where in enumerate(READING_PLACES):
            norms = np.array([trial.numbers[key_of(place, "norm")] for trial in self.trials[:n]])
            for layer in range(norms.shape[1]):
                own = norms[:, layer]
                low, high = pair(mean_interval(own, self._request.seed) if final else None)
                rows.append((layer, rounded(float(own.mean())), low, high, where))
                yield None
        yield Figure(
            seq=0,
            id="norms",
            title="Norm of the residual stream at the name's last token",
            columns=(
                Column(name="layer"),
                Column(name="mean |resid_post|"),
                Column(name="low"),
                Column(name="high"),
                Column(name="place"),
            ),
            rows=tuple(rows),
            plot=Plot(form="line", x=0, y=1, low=2, high=3, series=4, y_min=0),
            notes=("Intervals: 95 %, bootstrap over names.",),
        )

    # what taking a direction out does

    def _answers(self, first: int, last: int, arm: int, n_done: int, name: str) -> Iterator[Frame | None]:
        if arm == 0:
            self._chunk = {}
        yield from self._answered(first, last, arm)
        yield Progress(seq=0, n_done=n_done, doing=f"answering: {name}")

    def _answer(self, first: int, last: int, number: int) -> Iterator[Frame | None]:
        for arm in range(len(self._arms)):
            yield from self._answered(first, last, arm)
        question = self._asked.questions[number]
        found = [self._chunk[arm][number - first] for arm in range(len(self._arms))]
        numbers: dict[str, tuple[float, ...]] = {}
        for _, own in found:
            numbers |= own
        yield Trial(
            seq=0,
            trial=len(self._named) + number,
            name=question.name,
            attribute=question.attribute.name,
            prompt=question.text,
            answers=tuple(answer for answer, _ in found),
            numbers=numbers,
        )

    def _answered(self, first: int, last: int, arm: int) -> Iterator[None]:
        """What an arm answers to a chunk of questions, unless it has."""
        if arm in self._chunk:
            return
        one = self._arms[arm]
        gemma = self._loaded.gemma
        if one.direction is not None:
            gemma = Orthogonal(gemma, one.direction, one.way)
        loaded = replace(self._loaded, gemma=gemma)
        decoding = Decoding(gemma, POOL_BYTES)  # its own: nobody else has these weights
        questions = self._asked.questions[first:last]
        wanted = [Wanted(question.prompt.ids) for question in questions]
        found = []
        for answer in answered(loaded, decoding, wanted, ANSWER_TOKENS, QUESTIONS_AT_ONCE):
            if answer is None:
                with refusing(len(questions)):
                    decoding.advance()
                yield None
                continue
            said = answer.said[0, 0]
            question = questions[len(found)]
            verdict = judged(loaded, question, said.text, finished=said.ended)
            told = TrialAnswer(
                arm=arm,
                text=said.text,
                outcome=verdict.outcome,
                rule=verdict.rule,
                phrase=verdict.phrase,
                paper_phrase=verdict.paper_phrase,
                refusal_logodds=rounded(answer.refusal_logodds[0]),
                n_tokens=len(said.ids),
            )
            found.append((told, self._left(gemma, answer.state, one)))
        self._chunk[arm] = found

    @torch.inference_mode()
    def _left(self, gemma: Gemma, state: PromptState, arm: _AblationArm) -> dict[str, tuple[float, ...]]:
        """Mean |x . d^| of the prompt's tokens but BOS: behind the embedding, then by layer. The untouched model is
        read along every direction that some arm takes out; random ones together."""
        stream = torch.stack([gemma.embed(torch.tensor([state.ids], device=gemma.device))[0], *state.residuals])
        stream = stream[:, 1:].float()

        def along(direction: Tensor) -> Tensor:
            return (stream @ (direction.float() / direction.float().norm())).abs().mean(-1)

        if arm.direction is not None:
            return {f"left/{arm.role}/{arm.way}": all_rounded(along(arm.direction).tolist())} if arm.role else {}
        exact = [one for one in self._arms if one.way == "exact"]
        found = {f"left/{one.role}/untouched": all_rounded(along(one.direction).tolist()) for one in exact if one.role}
        random = torch.stack([along(one.direction) for one in exact if one.role is None]).mean(0)
        return found | {"left/random/untouched": all_rounded(random.tolist())}

    def _projection_figure(self, n: int) -> Iterator[Frame | None]:
        trials = self.trials[len(self._named) : len(self._named) + n]
        rows: list[tuple[Cell, ...]] = []
        most: dict[str, float] = {}
        for key in [
            *(f"{role}/{way}" for role in LABELS for way in ("untouched", "paper", "exact")),
            "random/untouched",
        ]:
            role, way = key.split("/")
            left = np.array([trial.numbers[f"left/{key}"] for trial in trials]).mean(0)
            most[key] = left[1:].max()
            for place, value in enumerate(left.tolist()):
                told = "random directions, untouched" if role == "random" else _WAYS[way]
                hue = "control" if role == "random" else role
                panels = LABELS if role == "random" else (role,)
                rows += [(place - 1, rounded(value), told, hue, f"{panel} direction") for panel in panels]
            yield None
        yield Figure(
            seq=0,
            id="projection",
            title="What is left of a direction that was taken out",
            claim="; ".join(
                f"{role} direction: up to {most[f'{role}/untouched']:.3g} untouched, {most[f'{role}/paper']:.3g} after "
                f"the paper's edit, {most[f'{role}/exact']:.1g} exactly"
                for role in LABELS
            )
            + ".",
            columns=(
                Column(name="layer"),
                Column(name="mean |x · d̂|"),
                Column(name="weights"),
                Column(name="role"),
                Column(name="direction"),
            ),
            rows=tuple(rows),
            plot=Plot(form="line", x=0, y=1, series=2, role=3, panel=4, y_min=0),
            notes=(
                f"{n} of {len(self._asked.questions)} prompts, all tokens but BOS. Layer −1 is the embedding.",
                "The paper's edit of W_E, W_O and W_out stands before Gemma's norms, whose gains bring some of the "
                "direction back; exact projection stands behind them.",
            ),
        )

    def _answers_figure(self, n: int) -> Iterator[Frame | None]:
        trials = self.trials[len(self._named) : len(self._named) + n]
        groups: dict[str, list[Trial]] = defaultdict(list)
        for trial in trials:
            groups[self._asked.names.taken[trial.name].group].append(trial)
        rows: list[tuple[Cell, ...]] = []
        refused: dict[tuple[str, str], float] = {}
        for group, own in sorted(groups.items()):
            counts = [Counter(trial.answers[arm].outcome for trial in own) for arm in range(len(self._arms))]
            for outcome in ANSWERS_FIRST:
                for arm, one in enumerate(self._arms):
                    if one.direction is None or one.role is not None:
                        hits = counts[arm][outcome]
                        told = (one.told.name, one.told.role, group, outcome, hits, len(own))
                        rows.append((*told, rounded(hits / len(own)), *pair(wilson(hits, len(own)))))
                        if outcome == "refused":
                            refused[group, one.told.name] = hits / len(own)
                for way in ("paper", "exact"):
                    shares = [
                        counts[arm][outcome] / len(own)
                        for arm, one in enumerate(self._arms)
                        if one.way == way and one.role is None
                    ]
                    told = (f"− random, {_WAYS[way]}", "control", group, outcome, None, len(own))
                    rows.append((*told, *all_rounded((float(np.mean(shares)), min(shares), max(shares)))))
            yield None
        yield Figure(
            seq=0,
            id="answers",
            title="Answers of the chat model without a direction",
            claim=_answers_claim(rows),
            columns=(
                Column(name="arm"),
                Column(name="role"),
                Column(name="group"),
                Column(name="outcome"),
                Column(name="answers"),
                Column(name="prompts", unit="prompts"),
                Column(name="share", unit="share"),
                Column(name="low", unit="share"),
                Column(name="high", unit="share"),
            ),
            rows=tuple(rows),
            plot=Plot(form="bars", x=0, y=6, low=7, high=8, series=3, role=3, panel=2, y_min=0, y_max=1),
            notes=(
                f"Greedy, {n} of {len(self._asked.questions)} questions. Intervals: 95 %, Wilson.",
                f"random: {self._request.n_controls} directions; their mean, and the least and the greatest of them.",
            ),
        )


_WAYS = {"untouched": "untouched", "paper": "paper's edit", "exact": "exact"}


def _arms(loaded: Loaded, request: TransferRequest) -> Iterator[_AblationArm]:
    yield _AblationArm(StudyArm(name="untouched", role="baseline"))
    ways: tuple[Way, ...] = ("paper", "exact")
    for role in LABELS:
        target = getattr(request, role)
        direction = loaded.dictionaries[target.dictionary].W_dec[target.latent]
        if direction.norm() == 0:
            raise Refused(
                422,
                "no_direction",
                f"The direction of latent {target.latent} of {target.dictionary} asked, which has norm 0.",
                "It writes nothing.",
                "Choose another latent.",
            )
        for way in ways:
            what = f"{target_in_words(loaded, target)} taken out, {_WAYS[way]}"
            yield _AblationArm(StudyArm(name=f"− {role}, {_WAYS[way]}", role=role, what=what), direction, way, role)
    like = loaded.dictionaries[request.known.dictionary].W_dec[request.known.latent]
    drawn = random_directions(like, request.n_controls, request.seed)
    for place, way in enumerate(ways, 1):
        for index, direction in enumerate(drawn):
            told = StudyArm(
                name=f"− random {index + 1}, {_WAYS[way]}",
                role="other",
                control_of=place,
                control_kind="random",
                what=f"a random direction taken out, {_WAYS[way]}; it stands in for the unknown latent's too",
            )
            yield _AblationArm(told, direction, way)


def _answers_claim(rows: Sequence[tuple[Cell, ...]]) -> str:
    """Refusals of unknown names: the paper's comparison."""
    share = {row[0]: row for row in rows if row[2] == "unknown" and row[3] == "refused"}
    if "untouched" not in share:
        return ""
    told = [f"{share['untouched'][6]:.0%} untouched"]
    for way in ("paper", "exact"):
        own, control = share[f"− unknown, {_WAYS[way]}"], share[f"− random, {_WAYS[way]}"]
        told.append(
            f"{own[6]:.0%} without the unknown direction, {_WAYS[way]} (random: {control[7]:.0%}–{control[8]:.0%})"
        )
    return f"Unknown names refused: {', '.join(told)}."
