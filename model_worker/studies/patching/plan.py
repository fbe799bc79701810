"""Where the answer comes from: a known name's activations, put into the run of an unknown name.

1. pairs: a known name (clean) and an unknown one (corrupted), asked the same, with as many tokens each; and another
   unknown name, asked the same with as many tokens, as the control
2. two places in the answer. `first`: the first token at which the two untouched answers differ; `value`: the first
   token of the true value in the clean answer. What the clean answer says before it is given in all three runs
3. LD, the logit of the clean answer's token there less that of the corrupted one's: the token that the model itself
   would say in its place about the unknown name
4. (LD_patched - LD_corrupted) / (LD_clean - LD_corrupted) with the clean run's activation in the corrupted run; and,
   as the control, with that of the other unknown name, which is a change of content too but knows no answer

Sites: resid_post by layer and part of the prompt (all its tokens at once), and heads' z at the last token. Before the
name all prompts are the same, so nothing there can matter. (Ferrando et al., section 6, figures 4a, b and 12-14, app.
H.) We differ: resid_post instead of resid_pre; the model's own answers instead of the data set's; the control is ours.

A trial, one a pair, has as numbers, each for `first` and `value` (the model's own words; left out where there is
nothing to tell apart):
    first/opening    token ids before the place; first/tokens the clean and the corrupted one
    first/ld         LD_clean and LD_corrupted; nearer to each other than MIN_LD logits: nothing more is measured
    first/residual/PART, first/control_residual/PART    by layer
    first/heads, first/control_heads                    by layer, head
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

import torch
from torch import Tensor

from model_worker.answering.prompt import PromptTokens
from model_worker.decoding.states import Ids, PromptState, fork, read
from model_worker.model.pieces import token_text
from model_worker.rounding import all_rounded
from model_worker.steering.formula import Delta, TargetReader
from model_worker.studies.patching import figures
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.heads import Look, look, with_outputs, written
from model_worker.studies.shared.names import draw
from model_worker.studies.shared.own_answer import before_value, greedy_answer, prompt_of
from model_worker.studies.shared.questions import Question, questions_of, truth_of
from model_worker.studies.shared.script import Cue, Script, progress, trial_by_trial
from protocol.refusal import Refused
from protocol.worker.frames import Frame
from protocol.worker.studies import PatchingRequest
from protocol.worker.study_frames import Study, Trial

MIN_LD = 0.5
PATCHING_ROWS = 16  # of a step
TOP_HEADS, SHOWN_PAIRS, TOP_TOKENS = 3, 4, 6

Positions = Mapping[str, range]


@dataclass(frozen=True)
class Pair:
    """Three questions with the same words around the name."""

    clean: Question
    corrupted: Question
    control: Question


def patching(bench: Bench, request: PatchingRequest) -> Iterator[None]:
    loaded = bench.loaded
    part = bench.part(request.part)
    asked = yield from questions_of(loaded, request.asked)
    pairs = _pairs(asked.questions, request)
    if not pairs:
        raise Refused(
            422,
            "no_pairs",
            f"Pairs of known and unknown names of the part {request.asked.split} asked.",
            "A pair needs a known and two unknown names that are asked the same with as many tokens; there is none.",
            "Take more names, or the model's world.",
        )
    few = (f"{len(pairs)} pairs instead of {request.n_pairs}: no more names fit each other.",)
    opening = bench.opening(
        request,
        base=part.used if request.part == "base" else None,
        names=asked.names.taken,
        n_steps=len(pairs) + 1,
        warnings=(*asked.names.warnings, *(few if len(pairs) < request.n_pairs else ())),
    )
    return PatchingPlan(bench, request, opening, pairs)


class PatchingPlan(Script):
    def __init__(self, bench: Bench, request: PatchingRequest, opening: Study, pairs: Sequence[Pair]) -> None:
        super().__init__(opening)
        self._loaded, self._request, self._pairs = bench.loaded, request, pairs
        self._gemma = bench.part(request.part).gemma
        self._shape = (self._gemma.n_layers, self._gemma.shape.n_heads)

    def cues(self) -> Iterator[Cue]:
        n = len(self._pairs)
        yield from trial_by_trial(
            n, self._patched, "patching", (self._residual, self._heads), n_steps=self.opening.n_steps
        )
        yield self._direct
        yield from progress(n + 1, self.opening.n_steps, "reading heads")

    def _residual(self, n: int) -> Iterator[Frame]:
        yield figures.residual(self._request, self.trials)

    def _heads(self, n: int) -> Iterator[Frame]:
        yield figures.patched_heads(self._request, self.trials, self._shape)

    def _patched(self, number: int) -> Iterator[Frame | None]:
        pair, numbers = self._pairs[number], {}
        prompts = [
            prompt_of(self._loaded, one, self._request.part) for one in (pair.clean, pair.corrupted, pair.control)
        ]
        states = []
        for prompt in prompts:
            states.append(read(self._gemma, prompt.ids))
            yield None
        clean = yield from greedy_answer(self._gemma, states[0], self._loaded.stop_ids)
        corrupted = yield from greedy_answer(self._gemma, states[1], self._loaded.stop_ids)
        differ = next((n for n, (a, b) in enumerate(zip(clean, corrupted, strict=False)) if a != b), None)
        truth = truth_of(pair.clean)
        value = None if truth is None else before_value(self._loaded.tokenizer, clean, truth)
        for place, n_before in (("first", differ), ("value", value)):
            if n_before is not None:
                found = yield from self._at(prompts, clean[:n_before], clean[n_before])
                numbers |= {f"{place}/{name}": values for name, values in found.items()}
        yield Trial(
            seq=0,
            trial=number,
            name=pair.clean.name,
            attribute=pair.clean.attribute.name,
            prompt=f"{pair.clean.text} | {pair.corrupted.text} | {pair.control.text}",
            numbers=numbers,
        )

    def _at(self, prompts: Sequence[PromptTokens], opening: Ids, wanted: int) -> Iterator[None]:
        """Numbers of one place in the answer."""
        gemma = self._gemma
        states = []
        for prompt in prompts:
            states.append(read(gemma, (*prompt.ids, *opening)))
            yield None
        clean, corrupted, control = states
        tokens = (wanted, int(corrupted.logits.argmax()))
        if tokens[0] == tokens[1]:
            return {}
        low, high = difference(corrupted.logits, tokens).item(), difference(clean.logits, tokens).item()
        numbers = {
            "opening": tuple(map(float, opening)),
            "tokens": tuple(map(float, tokens)),
            "ld": all_rounded((high, low)),
        }
        if abs(high - low) < MIN_LD:
            return numbers

        def restored(logits: Tensor) -> tuple[float, ...]:
            return all_rounded(((difference(logits, tokens) - low) / (high - low)).tolist())

        parts = parts_of(prompts[1], len(opening))
        residual: dict[str, list[float]] = defaultdict(list)
        for layer in range(gemma.n_layers):
            for name, source in (("residual", clean), ("control_residual", control)):
                rows = [patch(source, corrupted, layer, positions) for positions in parts.values()]
                found = restored(fork(gemma, corrupted, rows).logits)
                for part, value in zip(parts, found, strict=True):
                    residual[f"{name}/{part}"].append(value)
                yield None
        for name, source in (("heads", clean), ("control_heads", control)):
            seen = look(gemma, source)
            found = []
            for layer in range(gemma.n_layers):
                rows = [{(layer, head): _z(seen, layer, head)} for head in range(gemma.shape.n_heads)]
                for first in range(0, len(rows), PATCHING_ROWS):
                    found += restored(with_outputs(gemma, corrupted, rows[first : first + PATCHING_ROWS]))
                yield None
            numbers[name] = tuple(found)
        return numbers | {name: tuple(values) for name, values in residual.items()}

    def _direct(self) -> Iterator[Frame | None]:
        """What the heads that bring back most write at the clean run's last token, as tokens."""
        gemma = self._gemma
        place, top = figures.strongest(self.trials, (gemma.n_layers, gemma.shape.n_heads), TOP_HEADS)
        rows = []
        for trial in [trial for trial in self.trials if f"{place}/heads" in trial.numbers][:SHOWN_PAIRS]:
            clean = self._pairs[trial.trial].clean
            prompt = prompt_of(self._loaded, clean, self._request.part)
            opening = tuple(map(int, trial.numbers[f"{place}/opening"]))
            out = written(gemma, look(gemma, read(gemma, (*prompt.ids, *opening))).z)[0]
            for layer, head in top:
                tokens = gemma.unembed(out[layer, head]).topk(TOP_TOKENS).indices.tolist()
                said_tokens = [token_text(self._loaded.tokenizer, token) for token in tokens]
                rows.append((layer, head, clean.text, truth_of(clean), " ".join(repr(one) for one in said_tokens)))
            yield None
        yield figures.direct(place, sorted(rows, key=lambda row: top.index(row[:2])))


def difference(logits: Tensor, tokens: tuple[int, int]) -> Tensor:
    """LD (...) of logits (..., vocab)."""
    return logits[..., tokens[0]] - logits[..., tokens[1]]


def patch(source: PromptState, into: PromptState, layer: int, positions: range) -> list[Delta]:
    """What makes resid_post of `into` that of `source` at these positions: their difference, added."""
    wanted, own = source.residuals[layer].float(), into.residuals[layer].float()
    nothing = TargetReader(torch.zeros_like(own[0]), 0.0, torch.inf)
    return [Delta(layer, (pos,), False, nothing, 1.0, 0.0, wanted[pos] - own[pos]) for pos in positions]


def parts_of(prompt: PromptTokens, n_opening: int) -> dict[str, range]:
    """Parts of the prompt from the name on, and of what was said since, by their names in figures.PARTS; only those
    that have tokens."""
    start, end, last = prompt.entity.start, prompt.entity.end, len(prompt.ids) + n_opening - 1
    template = next(
        (pos for pos in range(end, len(prompt.ids)) if prompt.tokens[pos].role == "template"), len(prompt.ids)
    )
    parts = {
        "name_first": range(start, min(start + 1, end - 1)),
        "name_middle": range(start + 1, end - 1),
        "name_last": range(end - 1, end),
        "question": range(end, min(template, last)),
        "template": range(template, min(len(prompt.ids), last)),
        "opening": range(len(prompt.ids), last),
        "last": range(last, last + 1),
    }
    return {name: positions for name, positions in parts.items() if len(positions)}


def _z(seen: Look, layer: int, head: int) -> Tensor:
    return seen.z[0, layer, head]


def _pairs(questions: Sequence[Question], request: PatchingRequest) -> tuple[Pair, ...]:
    """Kinds of question take turns. Each name is in one pair, but for the control."""
    cells: dict[tuple, dict[str, list[Question]]] = defaultdict(lambda: {"known": [], "unknown": []})
    for one in questions:
        if one.taken.label is not None:
            around = (one.taken.entity.type, one.attribute.name)
            lengths = (one.prompt.entity.start, one.prompt.entity.end, len(one.prompt.ids))
            cells[*around, *lengths][one.taken.label].append(one)

    def order(one: Question) -> float:
        return draw(request.seed, "pair", one.taken.entity.type, one.taken.entity.name)

    found: list[list[Pair]] = []
    for _, cell in sorted(cells.items()):
        known, unknown = (sorted(cell[label], key=order) for label in ("known", "unknown"))
        if len(unknown) > 1:
            controls = [*unknown[1:], unknown[0]]
            found.append([Pair(*three) for three in zip(known, unknown, controls, strict=False)])
    turns = chain(*zip_longest(*found))
    return tuple(pair for pair in turns if pair is not None)[: request.n_pairs]
