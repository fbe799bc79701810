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

What a trial holds: measure.py.
"""

from collections.abc import Generator, Iterator, Sequence
from functools import partial

from model_worker.draw import draw
from model_worker.model.loading import Loaded
from model_worker.studies.attention import figures
from model_worker.studies.attention.arms import AttentionArms
from model_worker.studies.attention.measure import N_SETS, AttentionReader
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.heads import Head
from model_worker.studies.shared.pushes import AIM, push_of
from model_worker.studies.shared.questions import Question, questions_of
from model_worker.studies.shared.script import Cue, NumberedCue, Script, trial_by_trial
from protocol.refusal import Refused
from protocol.vocabulary import Label
from protocol.worker.frames import Frame
from protocol.worker.studies import AttentionRequest, Push
from protocol.worker.study_frames import Study


def attention(bench: Bench, request: AttentionRequest) -> Generator[None, None, Script]:
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
    pushes: dict[str, Push | None] = {
        role: _push(loaded, role, request) for name, role in AIM.items() if name in labels
    }
    request = request.model_copy(update=pushes)
    arms = AttentionArms(request)
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
    return AttentionScript(bench, request, opening, questions, evaluated, arms)


class AttentionScript(Script):
    def __init__(
        self,
        bench: Bench,
        request: AttentionRequest,
        opening: Study,
        questions: Sequence[Question],
        evaluated: Sequence[int],
        arms: AttentionArms,
    ) -> None:
        """questions: about names with a label. evaluated: numbers of known names' questions, of which the others
        choose the heads."""
        super().__init__(opening)
        gemma, layer_of = bench.part(request.part).gemma, bench.loaded.layer_of
        self._request, self._arms, self._questions, self._evaluated = request, arms, questions, tuple(evaluated)
        self._reader = AttentionReader(bench.loaded, gemma, request, arms)
        self._setup = figures.AttentionSetup(
            request=request,
            labels=tuple(label for one in questions if (label := one.taken.label) is not None),
            n_layers=gemma.n_layers,
            n_heads=gemma.shape.n_heads,
            pushed_after={role: layer_of[push.target.dictionary] for role, push in arms.pushes.items()},
            n_sets=N_SETS,
        )

    def cues(self) -> Iterator[Cue]:
        n, n_steps = len(self._questions), self.opening.n_steps
        looking: list[NumberedCue] = [self._heads, *(partial(self._shift, role) for role in self._arms.pushes)]
        if self._arms.pushes:
            looking.append(self._significance)
        yield from trial_by_trial(n, self._looked, "looking at names", looking, n_steps=n_steps)
        n_cut = len(self._evaluated)
        yield from trial_by_trial(n_cut, self._cut, "cutting edges", (self._knockout,), n_steps=n_steps, n_before=n)

    def _heads(self, n: int) -> Iterator[Frame]:
        yield figures.head_figure(self._setup, self.trials)

    def _shift(self, role: Label, n: int) -> Iterator[Frame]:
        yield figures.shift(self._setup, self.trials, role)

    def _significance(self, n: int) -> Iterator[Frame]:
        yield figures.significance(self._setup, self.trials)

    def _knockout(self, n: int) -> Iterator[Frame]:
        yield figures.knockout(self._setup, self.trials, self._chosen())

    def _looked(self, number: int) -> Iterator[Frame | None]:
        question = self._questions[number]
        return self._reader.looked(question, self._setup.labels[number], number)

    def _cut(self, place: int) -> Iterator[Frame | None]:
        number, n = self._evaluated[place], len(self._questions)
        return self._reader.cut(self._questions[number], self.trials[number], self._chosen(), n + place)

    def _chosen(self) -> dict[str, tuple[Head, ...]]:
        """For the answer's first token and for the value; from what the trials of the choosing half say."""
        held_out = set(self._evaluated)
        choosing = [trial for trial in self.trials[: len(self._questions)] if trial.trial not in held_out]
        n, width = self._request.n_heads, self._setup.n_heads
        return {
            "answer": figures.readers(choosing, "attention", "to_answer", n, width),
            "value": figures.readers(choosing, "value_attention", "to_value", n, width),
        }


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
