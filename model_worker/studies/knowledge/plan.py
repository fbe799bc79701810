"""The study `knowledge`: "Are you sure you know the player Michael Jordan? Answer yes or no."

1. each name that is labelled, in the question, its chat template and the beginning of an answer
2. logit(yes) - logit(no) at the last token; so too with the push, `known` on unknown names and `unknown` on known ones,
   and with random directions of the same norm in its place
3. by type and group: the mean of each, its standard deviation over prompts, and how many answers change sides

Ferrando et al., section 6.1, equation 10, figures 5 and 22. We differ: the random arm is directions drawn uniformly,
theirs is other latents of the layer; where a word isn't one token its first one counts, unless it was named. Knows
nothing about what the names are known for.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence

from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.studies.knowledge import figures
from model_worker.studies.knowledge.measure import Asking, asking_of, yes_less_no
from model_worker.studies.knowledge.words import Words, begun_words, probability_of, untaught, words_of
from model_worker.studies.shared.arms import in_words
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.names import in_question, names_of
from model_worker.studies.shared.pushes import AIM, delta_of, held_of, push_of
from model_worker.studies.shared.questions import part_in_words, wanted
from model_worker.studies.shared.script import Cue, Script, trial_by_trial
from protocol.refusal import Refused
from protocol.vocabulary import Label
from protocol.worker.frames import Frame
from protocol.worker.names import LABELS
from protocol.worker.studies import KnowledgeRequest, Push
from protocol.worker.study_frames import Study, StudyArm, Trial

LOOKED_AT = 8  # prompts, before it begins


def knowledge(bench: Bench, request: KnowledgeRequest) -> Generator[None, None, Script]:
    """Raises Refused (422) for words that aren't one token, or where no labelled name is asked about."""
    loaded = bench.loaded
    words, given = words_of(loaded, request), (request.yes, request.no)
    pushes: dict[Label, Push] = {
        "known": push_of(loaded, "known", request.known),
        "unknown": push_of(loaded, "unknown", request.unknown),
    }
    request = request.model_copy(
        update=pushes
        | {
            "yes": token_text(loaded.tokenizer, words.yes),
            "no": token_text(loaded.tokenizer, words.no),
        }
    )
    names = yield from names_of(loaded, request.asked.names, in_question(loaded, request.question))
    asked: list[Asking] = []
    for number in wanted(names, request.asked):
        if names.taken[number].label is not None:
            asked.append(asking_of(loaded, request, number, names.taken[number]))
        if len(asked) % 32 == 0:
            yield None
    if not asked:
        raise Refused(
            422,
            "nothing_to_ask",
            f"Questions about labelled names of {part_in_words(request.asked)} asked.",
            "None of these names is labelled known or unknown.",
            "Label them, or choose another part.",
        )
    for label in LABELS:
        delta_of(loaded, pushes[label], asked[0].prompt)  # refuses before it begins
    told: list[float] = []
    for one in asked[:LOOKED_AT]:
        told.append(probability_of(bench.prompts.state(one.prompt.ids).logits, words))
        yield None
    opening = bench.opening(
        request,
        dictionaries=dict.fromkeys(push.target.dictionary for push in pushes.values()),
        names=names.taken,
        arms=tuple(_arms(loaded, pushes)),
        n_steps=len(asked),
        warnings=(*names.warnings, *begun_words(loaded, given, words), *untaught(request, told)),
    )
    return KnowledgeScript(bench, opening, request, words, asked, pushes)


class KnowledgeScript(Script):
    def __init__(
        self,
        bench: Bench,
        opening: Study,
        request: KnowledgeRequest,
        words: Words,
        asked: Sequence[Asking],
        pushes: Mapping[Label, Push],
    ) -> None:
        """asked: about names with a label."""
        super().__init__(opening)
        self._bench, self._request, self._words, self._asked, self._pushes = bench, request, words, asked, pushes

    def cues(self) -> Iterator[Cue]:
        doing = "asking whether it is sure"
        return trial_by_trial(len(self._asked), self._trial, doing, (self._shift, self._names))

    def _trial(self, number: int) -> Iterator[Frame | None]:
        one = self._asked[number]
        assert one.taken.label is not None
        push = self._pushes[AIM[one.taken.label]]
        bench, seed = self._bench, self._request.seed
        numbers = yield from yes_less_no(bench.loaded, bench.prompts, one, self._words, push, seed)
        yield Trial(seq=0, trial=number, name=one.name, prompt=one.text, numbers=numbers)

    def _shift(self, n: int) -> Iterator[Frame | None]:
        yield (yield from figures.shift_figure(self._request, self.trials[:n], self._asked))

    def _names(self, n: int) -> Iterator[Frame | None]:
        yield figures.names_figure(self.trials[:n], self._asked)


def _arms(loaded: Loaded, pushes: Mapping[Label, Push]) -> Iterator[StudyArm]:
    yield StudyArm(name="original", role="baseline")
    for role in LABELS:
        yield StudyArm(name=f"+ {role}", role=role, what=in_words(loaded, [held_of(pushes[role])]))
