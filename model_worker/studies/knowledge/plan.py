"""The study `knowledge`: "Are you sure you know the player Michael Jordan? Answer yes or no."

1. each name that is labelled, in the question, its chat template and the beginning of an answer
2. logit(yes) - logit(no) at the last token; so too with the push, `known` on unknown names and `unknown` on known ones,
   and with random directions of the same norm in its place
3. by type and group: the mean of each, its standard deviation over prompts, and how many answers change sides

Ferrando et al., section 6.1, equation 10, figures 5 and 22. We differ: the random arm is directions drawn uniformly,
theirs is other latents of the layer; where a word isn't one token its first one counts, unless it was named. Knows
nothing about what the names are known for.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from model_worker.answering.prompt import PromptTokens, read_prompt
from model_worker.decoding.states import Prompts, fork
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.rounding import all_rounded, rounded
from model_worker.steering.formula import Delta
from model_worker.steering.random_directions import random_controls
from model_worker.studies.knowledge.shifts import COLUMNS, Shifted
from model_worker.studies.shared.arms import in_words
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.names import Taken, in_question, names_of
from model_worker.studies.shared.pushes import delta_of, held_of, push_of
from model_worker.studies.shared.questions import wanted
from model_worker.studies.shared.script import Cue, Script, trial_by_trial
from protocol.refusal import Refused
from protocol.vocabulary import Label
from protocol.worker.frames import Frame, Token
from protocol.worker.names import LABELS
from protocol.worker.requests import GenerateRequest, Span
from protocol.worker.studies import KnowledgeRequest, Push
from protocol.worker.study_frames import Cell, Column, Figure, Plot, Study, StudyArm, Trial

YES, NO = " Yes", " No"
KNOWLEDGE_ROWS = 16  # rows of a step, so that it stays short
LOOKED_AT = 8  # prompts, before it begins
UNTAUGHT = 0.1  # of the two words together; less is said


@dataclass(frozen=True)
class Asking:
    """name: its number among the set's. text: as it would be typed; prompt: with the answer begun."""

    name: int
    taken: Taken
    text: str
    prompt: PromptTokens


@dataclass(frozen=True)
class Words:
    """Token ids that are held against each other."""

    yes: int
    no: int


def knowledge(bench: Bench, request: KnowledgeRequest) -> Generator[None, None, Script]:
    """Raises Refused (422) for words that aren't one token, or where no labelled name is asked about."""
    loaded = bench.loaded
    words, given = words_of(loaded, request), (request.yes, request.no)
    request = request.model_copy(
        update={
            "known": push_of(loaded, "known", request.known),
            "unknown": push_of(loaded, "unknown", request.unknown),
            "yes": token_text(loaded.tokenizer, words.yes),
            "no": token_text(loaded.tokenizer, words.no),
        }
    )
    names = yield from names_of(loaded, request.asked.names, in_question(loaded, request.question))
    asked: list[Asking] = []
    for number in wanted(names, request.asked):
        if names.taken[number].label is not None:
            asked.append(_asking(loaded, request, number, names.taken[number]))
        if len(asked) % 32 == 0:
            yield None
    if not asked:
        raise Refused(
            422,
            "nothing_to_ask",
            f"Questions about labelled names of the part {request.asked.split} asked.",
            "None of these names is labelled known or unknown.",
            "Label them, or choose another part.",
        )
    for label in LABELS:
        delta_of(loaded, _push(request, label), asked[0].prompt)  # refuses before it begins
    told: list[float] = []
    for one in asked[:LOOKED_AT]:
        told.append(_together(bench.prompts.state(one.prompt.ids).logits, words))
        yield None
    opening = bench.opening(
        request,
        dictionaries=_dictionaries(request),
        names=names.taken,
        arms=tuple(_arms(loaded, request)),
        n_steps=len(asked),
        warnings=(*names.warnings, *_begun_words(loaded, given, words), *_untaught(request, told)),
    )
    return _Knowledge(loaded, bench.prompts, opening, request, words, asked)


def words_of(loaded: Loaded, request: KnowledgeRequest) -> Words:
    """The tokens that yes and no become behind the prefill. Raises Refused (422) where a named one isn't one token."""

    def token(asked: str | None, default: str) -> int:
        word = default if asked is None else asked
        begin, whole = _ids(loaded, request.prefill), _ids(loaded, request.prefill + word)
        own = whole[len(begin) :] if whole[: len(begin)] == begin else _ids(loaded, word)
        if len(own) == 1 or (own and asked is None):
            return own[0]
        pieces = " + ".join(f"“{token_text(loaded.tokenizer, one)}”" for one in own)
        raise Refused(
            422,
            "not_one_token",
            f"The word “{word}” asked, which is {len(own)} tokens here: {pieces or 'none'}.",
            "A logit belongs to one token.",
            "Name a word that is one, or leave it out: then its first token counts.",
        )

    words = Words(token(request.yes, YES), token(request.no, NO))
    if words.yes == words.no:
        raise Refused(
            422,
            "one_word",
            "Yes and no asked.",
            f"Both are the token “{token_text(loaded.tokenizer, words.yes)}” here.",
            "Name two words that begin otherwise.",
        )
    return words


class _Knowledge(Script):
    def __init__(
        self,
        loaded: Loaded,
        prompts: Prompts,
        opening: Study,
        request: KnowledgeRequest,
        words: Words,
        asked: Sequence[Asking],
    ) -> None:
        super().__init__(opening)
        self._loaded, self._prompts, self._request = loaded, prompts, request
        self._words, self._asked = words, asked

    def cues(self) -> Iterator[Cue]:
        return trial_by_trial(len(self._asked), self._trial, "asking whether it is sure", (self._shift, self._points))

    def _trial(self, number: int) -> Iterator[Frame | None]:
        one = self._asked[number]
        gemma, prompt, words = self._loaded.gemma, one.prompt, self._words
        state = self._prompts.state(prompt.ids)
        yield None
        push = _push(self._request, one.taken.label)
        delta = delta_of(self._loaded, push, prompt)
        rows: list[Delta] = [delta, *random_controls(delta, push.n_controls, self._request.seed)]
        at_once = min(KNOWLEDGE_ROWS, gemma.rows_at_once(len(prompt.ids), len(prompt.ids)))
        found: list[float] = []
        together = [_together(state.logits, words)]
        for first in range(0, len(rows), at_once):
            logits = fork(gemma, state, [(row,) for row in rows[first : first + at_once]]).logits
            found += (logits[:, words.yes] - logits[:, words.no]).tolist()
            if first == 0:
                together.append(_together(logits[0], words))
            yield None
        original = (state.logits[words.yes] - state.logits[words.no]).item()
        yield Trial(
            seq=0,
            trial=number,
            name=one.name,
            prompt=one.text,
            numbers={
                "original": (rounded(original),),
                "pushed": (rounded(found[0]),),
                "random": all_rounded(found[1:]),
                "together": all_rounded(together),
            },
        )

    def _shift(self, n: int) -> Iterator[Frame | None]:
        final = n == len(self._asked)
        rows: list[tuple[Cell, ...]] = []
        beyond: list[bool] = []
        flips = 0
        kinds = sorted({one.taken.entity.type for one in self._asked})
        for kind in [*kinds, "all"]:
            for label in LABELS:
                trials = [
                    trial
                    for trial, one in zip(self.trials[:n], self._asked, strict=False)
                    if one.taken.label == label and kind in ("all", one.taken.entity.type)
                ]
                if not trials:
                    continue
                cell = Shifted(trials, "unknown" if label == "known" else "known", self._request.seed)
                for row in cell.rows(intervals=final):
                    rows.append((kind, label, *row))
                    yield None
                if kind != "all":
                    beyond += [] if cell.beyond is None else [cell.beyond]
                    flips += cell.n_flips
        together = np.mean([trial.numbers["together"][0] for trial in self.trials[:n]])
        yield Figure(
            seq=0,
            id="shift",
            title="“Are you sure you know …?”: yes against no",
            claim=_claim(beyond, flips, n),
            columns=COLUMNS,
            rows=tuple(rows),
            plot=Plot(form="bars", x=0, y=4, low=5, high=6, series=2, role=3, panel=1),
            notes=(
                f"logit(“{self._request.yes}”) − logit(“{self._request.no}”) after “{self._request.prefill}”, "
                f"{n} of {len(self._asked)} prompts.",
                f"The two words together have a probability of {together:.2g} in the mean of the untouched model.",
                "Known names are pushed by the unknown latent, unknown names by the known one.",
                "Intervals: original, pushed: 95 %, bootstrap over prompts. random: the middle 95 % of the directions, "
                "each by its mean over prompts. sd: over prompts, as in the paper's figure.",
            ),
        )

    def _points(self, n: int) -> Iterator[Frame | None]:
        rows = []
        for trial, one in zip(self.trials[:n], self._asked, strict=False):
            numbers = trial.numbers
            chance = rounded(float(np.mean(numbers["random"]))) if numbers["random"] else None
            named = (one.taken.entity.name, one.taken.entity.type, one.taken.label)
            rows.append((*named, numbers["original"][0], numbers["pushed"][0], chance, numbers["together"][0]))
        yield Figure(
            seq=0,
            id="prompts",
            title="Each name, before and after the push",
            columns=(
                Column(name="name"),
                Column(name="type"),
                Column(name="group"),
                Column(name="original", unit="logits"),
                Column(name="pushed", unit="logits"),
                Column(name="random, mean", unit="logits"),
                Column(name="yes and no together", unit="share"),
            ),
            rows=tuple(rows),
            plot=Plot(form="points", x=3, y=4, series=2, role=2, panel=1),
        )


def _claim(beyond: Sequence[bool], flips: int, n: int) -> str:
    against = (
        f"In {sum(beyond)} of {len(beyond)} cells of type and group the push moves it further than every random "
        "direction of its norm"
        if beyond
        else "No random direction was run, so nobody knows what any push of this norm would do"
    )
    return f"{against}; {flips} of {n} answers change sides."


def _begun_words(loaded: Loaded, given: Sequence[str | None], words: Words) -> Iterator[str]:
    for asked, default, token in zip(given, (YES, NO), (words.yes, words.no), strict=True):
        begins = token_text(loaded.tokenizer, token)
        if asked is None and begins != default:
            yield f"“{default}” is more than one token here: its first one, “{begins}”, stands for it."


def _untaught(request: KnowledgeRequest, together: Sequence[float]) -> Iterator[str]:
    mean = sum(together) / len(together)
    if mean < UNTAUGHT:
        yield (
            f"“{request.yes}” and “{request.no}” together have a probability of {mean:.2g} in the mean of "
            f"{len(together)} prompts: this model would say neither. Their difference is what is left of other words."
        )


def _arms(loaded: Loaded, request: KnowledgeRequest) -> Iterator[StudyArm]:
    yield StudyArm(name="original", role="baseline")
    for role in LABELS:
        push = request.known if role == "known" else request.unknown
        yield StudyArm(name=f"+ {role}", role=role, what=in_words(loaded, [held_of(push)]))


def _push(request: KnowledgeRequest, label: Label | None) -> Push:
    """On a name with this label: towards the other side."""
    return request.unknown if label == "known" else request.known


def _dictionaries(request: KnowledgeRequest) -> list[str]:
    return list(dict.fromkeys(push.target.dictionary for push in (request.known, request.unknown)))


def _asking(loaded: Loaded, request: KnowledgeRequest, number: int, taken: Taken) -> Asking:
    entity = taken.entity
    before, after = request.question.replace("{type}", entity.type).split("{name}", 1)
    text = before + entity.name + after
    span = Span(start=len(before), end=len(before) + len(entity.name))
    prompt = read_prompt(loaded, GenerateRequest(model=loaded.card.id, prompt=text, entity=span))
    begun = tuple(
        Token(id=token, text=token_text(loaded.tokenizer, token), role="template")
        for token in _ids(loaded, request.prefill)
    )
    ids = (*prompt.ids, *(token.id for token in begun))
    return Asking(number, taken, text, replace(prompt, ids=ids, tokens=(*prompt.tokens, *begun)))


def _ids(loaded: Loaded, text: str) -> list[int]:
    return loaded.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] if text else []


def _together(logits: torch.Tensor, words: Words) -> float:
    """Probability of both words, from logits (vocab,)."""
    return logits.softmax(-1)[[words.yes, words.no]].sum().item()
