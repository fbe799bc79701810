"""The base model asked raw prompts: what comes next, and which neurons lead there.

    effect of a neuron at a token    z · ∂m/∂z, m the logit of the next token against the mean logit
    off                              neurons of the MLP inputs set to 0, at every token of the prompt but BOS
Knows nothing about languages, sums or rhymes.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from benchmarks.circuits.report import KEPT
from model_worker.circuits.gradients import gradients
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.rule import PLAIN
from model_worker.circuits.sequence_pass import SequencePass, Taps, widened
from model_worker.engine import Engine
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded, load
from model_worker.model.pieces import token_text
from model_worker.model.registry import read_registry, row_of
from protocol.worker.circuits import CircuitRequest, TokensTarget

Neurons = Mapping[int, Tensor]
"""By layer: their numbers."""


@dataclass(frozen=True)
class RawModel:
    """The base of a card's model; gemma in fp32."""

    loaded: Loaded
    gemma: Gemma

    @classmethod
    def of(cls, model: str) -> "RawModel":
        row = row_of(read_registry(()), model)
        engine = Engine(load(row), row=row)
        part = engine.base.part()
        return cls(replace(engine.loaded, gemma=part.gemma, sha256=part.used.sha256), widened(part.gemma))

    def read(self, prompt: str, up: str | None = None, against: str | None = None) -> Inquiry:
        """up, against: next tokens; None: the likeliest two."""
        target = TokensTarget(up=up, against=against)
        asked = CircuitRequest(
            model=self.loaded.card.id, prompt=prompt, format="base", target=target, basis="neurons", n_controls=0
        )
        return read_inquiry(self.loaded, self.gemma, asked)

    def says(self, inquiry: Inquiry) -> str:
        return token_text(self.loaded.tokenizer, int(inquiry.a.logits.argmax()))

    def goes_on(self, prompt: str, n_tokens: int, stop: str = "\n") -> str:
        """Greedy, up to n tokens or a stop, which is left out."""
        ids = [*self.loaded.tokenizer(prompt)["input_ids"]]
        n = len(ids)
        with torch.no_grad():
            for _ in range(n_tokens):
                inquiry_ids = torch.tensor([ids])
                x = self._last(inquiry_ids)
                ids.append(int(self.gemma.logits(x).argmax()))
                text: str = self.loaded.tokenizer.decode(ids[n:])
                if stop in text:
                    return text.split(stop)[0]
        return text

    def _last(self, ids: Tensor) -> Tensor:
        whole = SequencePass.of(self.gemma, ids.shape[1])
        return whole.run(self.gemma.embed(ids))[0, -1]


def neuron_effects(inquiry: Inquiry) -> list[Tensor]:
    """By layer (pos, n_neurons), BOS's 0."""
    slopes = gradients(inquiry.a, inquiry.target, PLAIN).neurons
    found = [z * slope for z, slope in zip(inquiry.a.neurons, slopes, strict=True)]
    for one in found:
        one[0] = 0.0
    return found


def strongest(effects: Sequence[Tensor], n: int) -> Tensor:
    """The n neurons (n,) with the largest |effect| at any token, of all layers in a row."""
    flat = torch.cat([one.abs().max(0).values for one in effects])
    return flat.topk(n).indices


def by_layer(neurons: Tensor, width: int) -> dict[int, Tensor]:
    found: dict[int, list[int]] = {}
    for one in neurons.tolist():
        found.setdefault(one // width, []).append(one % width)
    return {layer: torch.tensor(own) for layer, own in found.items()}


@torch.no_grad()
def without(inquiry: Inquiry, neurons: Neurons) -> Tensor:
    """The next token's logits (vocab,) with these off at every token but BOS."""
    side = inquiry.a

    def off(layer: int, z: Tensor) -> Tensor:
        if layer in neurons:
            z = z.clone()
            z[:, 1:, neurons[layer]] = 0.0
        return z

    return inquiry.gemma.logits(side.run(side.embedding, taps=Taps(neurons=off))[0, -1])


def reported(
    name: str,
    about: str | None,
    tell: Callable[[RawModel, argparse.Namespace], Iterable[str]],
    numbers: Mapping[str, int] | None = None,
) -> None:
    """`python -m benchmarks.circuits.NAME`: what is told of a model, printed and kept for docs/circuits.md. numbers:
    others that can be asked for, as they are else."""
    parser = argparse.ArgumentParser(prog=f"benchmarks.circuits.{name}", description=about)
    parser.add_argument("--model", default="gemma-3-270m")
    for option, usual in (numbers or {}).items():
        parser.add_argument(f"--{option}", type=int, default=usual)
    options = parser.parse_args()
    torch.set_num_threads(1)
    lines = list(tell(RawModel.of(options.model), options))
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{options.model}-{name}.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
