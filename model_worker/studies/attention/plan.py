"""Who looks at the name, what a push changes about that, and what becomes of the answer where nobody may look.

1. every labelled name's question: attention of every head from the last token to the name's last token; then with
   the push, `known` on unknown names and `unknown` on known ones, and with random directions of the same norm
2. of known names the model's own answer, as far as the true value: the same attention from the token before the value
3. heads that are knocked out, chosen on one half of the known prompts (dealt by a hash): among those that on average
   write towards the right token, the ones that look at the name most. For the first token of the answer and for the
   value each their own
4. on the other half the edge from the last token to the name's last token is cut in them, and in as many other heads
   drawn at random, many times over

    (Ferrando et al., section 6, figures 4c-f and 15-21, app. M.) We differ: the model's questions instead of bare
    statements; significance by prompt instead of by head x prompt; step 3 finds the heads that the paper names by
    hand; steps 2 and 4 are ours.

A trial of the first kind, one a question, has as numbers, flat, arms first, then layers, then heads:
    arms              numbers of the arms: the baseline, its push, the push's controls
    attention         by arm, layer, head; refusal_logodds by arm (chat)
    to_answer         by layer and head: what the head adds directly to the logit of the answer's first token less
                      that of the likeliest refusal (known names, chat, answered)
    opening           token ids that the model says before the value; value: the value's first token, and the
                      likeliest other one there
    value_attention, to_value    as attention and to_answer, at the last token of the opening
A trial of the second kind, one for every known name of the other half:
    cut_answer        refusal_logodds, cut_value the log-probability of the value's first token, each: untouched; then
                      by share: the chosen heads cut, each random set cut
"""

import random
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from model_worker.answering.first_pass import refusal_logodds
from model_worker.answering.prompt import PromptTokens
from model_worker.decoding.states import Ids, PromptState, fork, read
from model_worker.model.loading import Loaded
from model_worker.rounding import all_rounded
from model_worker.steering.formula import Delta
from model_worker.steering.random_directions import random_controls
from model_worker.studies.attention import figures
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.heads import Cut, Head, Look, look, told_apart, with_cuts
from model_worker.studies.shared.names import draw
from model_worker.studies.shared.own_answer import before_value, greedy_answer, prompt_of
from model_worker.studies.shared.pushes import delta_of, push_of
from model_worker.studies.shared.questions import Question, questions_of, truth_of
from model_worker.studies.shared.script import Cue, Script, trial_by_trial
from protocol.refusal import Refused
from protocol.vocabulary import Label
from protocol.worker.frames import Frame
from protocol.worker.studies import AttentionRequest, Push
from protocol.worker.study_frames import Study, StudyArm, Trial

PUSHED: dict[Label, Label] = {"known": "unknown", "unknown": "known"}
"""What a name of each label is pushed towards."""

N_SETS = 20  # of random heads
ATTENTION_ROWS = 16  # of a step


def attention(bench: Bench, request: AttentionRequest) -> Iterator[None]:
    loaded = bench.loaded
    part = bench.part(request.part)
    asked = yield from questions_of(loaded, request.asked)
    questions = tuple(one for one in asked.questions if one.taken.label is not None)
    if not questions:
        raise Refused(
            422,
            "no_labels",
            "Attention to known names held against unknown ones asked.",
            "No name of this set is labelled known or unknown.",
            "Label some, or take the model's world.",
        )
    labels = {one.taken.label for one in questions}
    pushes = {role: _push(loaded, role, request) for name, role in PUSHED.items() if name in labels}
    request = request.model_copy(update=pushes)
    arms = Arms(request)
    dictionaries = dict.fromkeys(push.target.dictionary for push in arms.pushes.values())
    known = [number for number, one in enumerate(questions) if one.taken.label == "known"]
    evaluated = _other_half(questions, known, request.seed) if request.knockout else []
    opening = bench.opening(
        request,
        base=part.used if request.part == "base" else None,
        dictionaries=dictionaries,
        names=asked.names.taken,
        arms=arms.told,
        n_steps=len(questions) + len(evaluated),
        warnings=(
            *asked.names.warnings,
            *(
                f"The card names no {role} latent and none was asked: nothing is pushed towards {role}."
                for role, push in pushes.items()
                if push is None
            ),
        ),
    )
    return AttentionPlan(bench, request, opening, questions, evaluated, arms)


class Arms:
    """The baseline, then each push with its controls behind it."""

    def __init__(self, request: AttentionRequest) -> None:
        self.pushes: dict[Label, Push] = {
            role: push for role in ("known", "unknown") if (push := getattr(request, role)) is not None
        }
        self.told: tuple[StudyArm, ...] = (StudyArm(name="original", role="baseline"),)
        self._of: dict[Label, tuple[int, ...]] = {}
        for role, push in self.pushes.items():
            first = len(self.told)
            what = f"latent {push.target.latent} of {push.target.dictionary}"
            controls = (
                StudyArm(name=f"random {n}", role=role, control_of=first, control_kind="random")
                for n in range(1, push.n_controls + 1)
            )
            self.told += (StudyArm(name=f"towards {role}", role=role, what=what), *controls)
            self._of[role] = (0, *range(first, len(self.told)))

    def of(self, label: Label) -> tuple[int, ...]:
        """Those that a name of this label has."""
        return self._of.get(PUSHED[label], (0,))


class AttentionPlan(Script):
    def __init__(
        self,
        bench: Bench,
        request: AttentionRequest,
        opening: Study,
        questions: Sequence[Question],
        evaluated: Sequence[int],
        arms: Arms,
    ) -> None:
        """evaluated: numbers of known names' questions, of which the others choose the heads."""
        super().__init__(opening)
        self._loaded, self._request, self._arms = bench.loaded, request, arms
        self._gemma = bench.part(request.part).gemma
        self._questions, self._evaluated = questions, tuple(evaluated)

    def cues(self) -> Iterator[Cue]:
        n, n_steps = len(self._questions), self.opening.n_steps
        looking = [self._heads, *(partial(self._shift, role) for role in self._arms.pushes)]
        if self._arms.pushes:
            looking.append(self._significance)
        yield from trial_by_trial(n, self._looked, "looking at names", looking, n_steps=n_steps)
        n_cut = len(self._evaluated)
        yield from trial_by_trial(n_cut, self._cut, "cutting edges", (self._knockout,), n_steps=n_steps, n_before=n)

    def _heads(self, n: int) -> Iterator[Frame]:
        yield figures.head_figure(self._study, self.trials)

    def _shift(self, role: Label, n: int) -> Iterator[Frame]:
        yield figures.shift(self._study, self.trials, role)

    def _significance(self, n: int) -> Iterator[Frame]:
        yield figures.significance(self._study, self.trials)

    def _knockout(self, n: int) -> Iterator[Frame]:
        yield figures.knockout(self._study, self.trials, self._chosen())

    @property
    def _study(self) -> figures.AttentionSetup:
        gemma = self._gemma
        layers = {role: self._loaded.layer_of[push.target.dictionary] for role, push in self._arms.pushes.items()}
        return figures.AttentionSetup(
            request=self._request,
            labels=tuple(one.taken.label for one in self._questions),
            n_layers=gemma.n_layers,
            n_heads=gemma.shape.n_heads,
            pushed_after=layers,
            n_sets=N_SETS,
        )

    def _looked(self, number: int) -> Iterator[Frame | None]:
        question, gemma = self._questions[number], self._gemma
        label = question.taken.label
        prompt = prompt_of(self._loaded, question, self._request.part)
        key = prompt.entity.end - 1
        state = read(gemma, prompt.ids)
        seen = look(gemma, state)
        yield None
        found, logits = [self._to(seen, key)], [state.logits.unsqueeze(0)]
        pushed = self._pushes(label, prompt)
        for first in range(0, len(pushed), ATTENTION_ROWS):
            deltas = pushed[first : first + ATTENTION_ROWS]
            part = fork(gemma, state, [(delta,) for delta in deltas], range(deltas[0].layer, gemma.n_layers - 1))
            found.append(self._to(look(gemma, state, part), key))
            logits.append(part.logits)
            yield None
        numbers = {
            "arms": tuple(map(float, self._arms.of(label))),
            "attention": _flat(torch.cat(found)),
        }
        if self._request.part == "chat":
            odds = refusal_logodds(torch.cat(logits), self._loaded.opens_refusal)
            numbers["refusal_logodds"] = all_rounded(odds.tolist())
        if label == "known":
            numbers |= yield from self._own_answer(question, state, seen, key)
        yield Trial(
            seq=0,
            trial=number,
            name=question.name,
            attribute=question.attribute.name,
            prompt=question.text,
            numbers=numbers,
        )

    def _own_answer(self, question: Question, state: PromptState, seen: Look, key: int) -> Iterator[None]:
        """Of a known name: who writes towards the answer, and towards the value."""
        gemma, loaded = self._gemma, self._loaded
        numbers: dict[str, tuple[float, ...]] = {}
        if self._request.part == "chat":
            first = int(state.logits.argmax())
            refusal = int(state.logits.masked_fill(~loaded.opens_refusal, -torch.inf).argmax())
            if first != refusal:
                numbers["to_answer"] = _flat(told_apart(gemma, state, seen, first, refusal))
        ids = yield from greedy_answer(gemma, state, loaded.stop_ids)
        truth = truth_of(question)
        n_before = None if truth is None else before_value(loaded.tokenizer, ids, truth)
        if n_before is None:
            return numbers
        state = read(gemma, (*state.ids, *ids[:n_before]))
        seen = look(gemma, state)
        value = ids[n_before]
        other = int(state.logits.index_fill(0, torch.tensor([value], device=gemma.device), -torch.inf).argmax())
        return numbers | {
            "opening": tuple(map(float, ids[:n_before])),
            "value": (float(value), float(other)),
            "value_attention": _flat(self._to(seen, key)),
            "to_value": _flat(told_apart(gemma, state, seen, value, other)),
        }

    def _pushes(self, label: Label, prompt: PromptTokens) -> list[Delta]:
        push = self._arms.pushes.get(PUSHED[label])
        if push is None:
            return []
        delta = delta_of(self._loaded, push, prompt)
        return [delta, *random_controls(delta, push.n_controls, self._request.seed)]

    def _to(self, seen: Look, key: int) -> Tensor:
        """(rows, n_layers, n_heads) from the last token to `key`."""
        weights = seen.pattern[..., key].float()
        return weights * seen.sizes[..., key] if self._request.value_weighted else weights

    def _cut(self, place: int) -> Iterator[Frame | None]:
        number = self._evaluated[place]
        question, looked = self._questions[number], self.trials[number]
        prompt = prompt_of(self._loaded, question, self._request.part)
        key, numbers = prompt.entity.end - 1, {}
        chosen = self._chosen()
        if chosen["answer"]:
            logits = yield from self._with_cuts(prompt.ids, key, chosen["answer"])
            numbers["cut_answer"] = all_rounded(refusal_logodds(logits, self._loaded.opens_refusal).tolist())
        if chosen["value"] and "value" in looked.numbers:
            opening = tuple(map(int, looked.numbers["opening"]))
            logits = yield from self._with_cuts((*prompt.ids, *opening), key, chosen["value"])
            value = int(looked.numbers["value"][0])
            numbers["cut_value"] = all_rounded(logits.log_softmax(-1)[:, value].tolist())
        yield Trial(
            seq=0,
            trial=len(self._questions) + place,
            name=question.name,
            attribute=question.attribute.name,
            prompt=question.text,
            numbers=numbers,
        )

    def _with_cuts(self, ids: Ids, key: int, heads: tuple[Head, ...]) -> Iterator[None]:
        """Logits (1 + shares * (1 + N_SETS), vocab) after the last token. key: the name's last token."""
        state = read(self._gemma, ids)
        yield None
        sets = [heads, *self._random_sets(heads)]
        rows = [Cut(some, key, share) for share in self._request.knockout for some in sets]
        found = [state.logits.unsqueeze(0)]
        for first in range(0, len(rows), ATTENTION_ROWS):
            found.append(with_cuts(self._gemma, state, rows[first : first + ATTENTION_ROWS]))
            yield None
        return torch.cat(found)

    def _chosen(self) -> dict[str, tuple[Head, ...]]:
        """For the answer's first token and for the value; from what the trials of the choosing half say."""
        held_out = set(self._evaluated)
        choosing = [trial for trial in self.trials[: len(self._questions)] if trial.trial not in held_out]
        n, width = self._request.n_heads, self._gemma.shape.n_heads
        return {
            "answer": figures.readers(choosing, "attention", "to_answer", n, width),
            "value": figures.readers(choosing, "value_attention", "to_value", n, width),
        }

    def _random_sets(self, heads: tuple[Head, ...]) -> list[tuple[Head, ...]]:
        gemma = self._gemma
        others = [
            head
            for layer in range(gemma.n_layers)
            for n in range(gemma.shape.n_heads)
            if (head := (layer, n)) not in heads
        ]
        drawing = random.Random(f"{self._request.seed} {heads}")
        return [tuple(drawing.sample(others, min(len(heads), len(others)))) for _ in range(N_SETS)]


def _push(loaded: Loaded, role: Label, request: AttentionRequest) -> Push | None:
    """The asked one, else the card's, if it has one: what isn't pushed can still be looked at."""
    asked = request.known if role == "known" else request.unknown
    if asked is not None:
        return push_of(loaded, role, asked)
    try:
        return push_of(loaded, role, None)
    except Refused:
        return None


def _other_half(questions: Sequence[Question], known: Sequence[int], seed: int) -> list[int]:
    """Those on which heads that the others choose are knocked out, in the order in which they are asked. By names:
    none is in both halves."""

    def order(number: int) -> tuple[float, str]:
        entity = questions[number].taken.entity
        return draw(seed, "choose", entity.type, entity.name), entity.name

    names = sorted({questions[number].name: number for number in known}.values(), key=order)
    evaluated = {questions[number].name for number in names[len(names) // 2 :]}
    return [number for number in known if questions[number].name in evaluated] if len(names) > 1 else []


def _flat(values: Tensor) -> tuple[float, ...]:
    return all_rounded(values.flatten().tolist())
