"""How much of the way from the corrupted run to the clean one a patch brings back.

A trial, one a pair, has as numbers, each for `first` and `value` (the model's own words; left out where there is
nothing to tell apart):
    first/opening    token ids before the place; first/tokens the clean and the corrupted one
    first/ld         LD_clean and LD_corrupted; nearer to each other than MIN_LD logits: nothing more is measured
    first/residual/PART, first/control_residual/PART    by layer
    first/heads, first/control_heads                    by layer, head

Knows nothing about figures.
"""

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence

import torch
from torch import Tensor

from model_worker.answering.prompt import PromptTokens
from model_worker.decoding.states import Ids, PromptState, fork, read
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.rounding import all_rounded
from model_worker.steering.formula import Delta, TargetReader
from model_worker.studies.patching.pairs import Pair
from model_worker.studies.shared.heads import Head, Look, look, with_outputs, written
from model_worker.studies.shared.own_answer import before_value, greedy_answer, prompt_of
from model_worker.studies.shared.questions import truth_of
from model_worker.studies.shared.script import TrialNumbers
from protocol.worker.studies import PatchingRequest
from protocol.worker.study_frames import Trial

MIN_LD = 0.5
PATCHING_ROWS = 16  # of a step
TOP_TOKENS = 6


class Patcher:
    """Patches one pair's runs at a time."""

    def __init__(self, loaded: Loaded, gemma: Gemma, request: PatchingRequest) -> None:
        self._loaded, self._gemma, self._request = loaded, gemma, request

    def patched(self, pair: Pair, number: int) -> Iterator[Trial | None]:
        numbers: TrialNumbers = {}
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

    def _at(self, prompts: Sequence[PromptTokens], opening: Ids, wanted: int) -> Generator[None, None, TrialNumbers]:
        """TrialNumbers of one place in the answer."""
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
        numbers: TrialNumbers = {
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
            by_head: list[float] = []
            for layer in range(gemma.n_layers):
                own = [{(layer, head): _z(seen, layer, head)} for head in range(gemma.shape.n_heads)]
                for first in range(0, len(own), PATCHING_ROWS):
                    by_head += restored(with_outputs(gemma, corrupted, own[first : first + PATCHING_ROWS]))
                yield None
            numbers[name] = tuple(by_head)
        return numbers | {name: tuple(values) for name, values in residual.items()}

    def promoted(self, pair: Pair, opening: Ids, heads: Sequence[Head]) -> Iterator[tuple[Head, str]]:
        """By head, the tokens that it promotes most at the clean run's last token."""
        gemma, prompt = self._gemma, prompt_of(self._loaded, pair.clean, self._request.part)
        out = written(gemma, look(gemma, read(gemma, (*prompt.ids, *opening))).z)[0]
        for layer, head in heads:
            tokens = gemma.head.unembed(out[layer, head]).topk(TOP_TOKENS).indices.tolist()
            yield (layer, head), " ".join(repr(token_text(self._loaded.tokenizer, token)) for token in tokens)


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
