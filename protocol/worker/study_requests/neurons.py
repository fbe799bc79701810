"""The study of hallucination neurons, as it is asked for (model_worker/studies/neurons)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from protocol.base import Message, Name
from protocol.worker.names import Asked, too_few_samples


class NeuronsDial(Message):
    """Neurons that were chosen on other names, scaled while questions of the test part are answered greedily.

    most: questions of each group: recalled, recognised but not recalled, unknown names, false premises
    n_random: sets of as many neurons, matched in layer and share, at the lowest and at the highest factor
    """

    alphas: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(
        default=(0.0, 0.5, 2.0, 3.0), min_length=2, max_length=8, description="factors; 1 is the untouched model"
    )
    scope: Literal["all", "generated"] = Field(default="all", description="prompt and generated tokens, or these alone")
    n_random: int = Field(default=8, ge=1, le=16)
    most: int = Field(default=20, ge=1, le=200)

    @model_validator(mode="after")
    def _goes_up(self) -> Self:
        if list(self.alphas) != sorted(set(self.alphas)) or 1.0 in self.alphas or self.alphas[-1] <= 1:
            raise ValueError("factors go up, the last above 1, and 1 is there anyhow; leave it out")
        return self


class NeuronsRequest(Message):
    """Which few neurons tell wrong answers from right ones, beside what tells them without any; and what they do.

    Wrong against right, by greedy and `n_samples` samples; CETT of every neuron at the value (V: the token that
    predicts its first token; A: mean over its tokens; P: the prompt's last), an L1 fit, out of fold. Within one
    attribute by default: pooled, a score can be good by telling what was asked. (Gao et al. 2025; we differ: the
    controls, folds by name and by answer, weights that make right and wrong equal inside an attribute.)
    """

    kind: Literal["neurons"] = "neurons"
    model: Name
    asked: Asked = Asked(split="all", most=60, per_name="all")
    n_samples: int = Field(default=10, ge=0, le=32, description="0: right is what greedy says")
    k: int = Field(default=10, ge=0, le=32, description="samples that must agree with greedy's outcome; 0: it decides")
    reading: Literal["V", "A", "P"] = "V"
    cs: tuple[Annotated[float, Field(gt=0, le=1e4)], ...] = Field(
        default=(0.3, 1.0, 3.0, 10.0, 30.0), min_length=1, max_length=8
    )
    n_bootstraps: int = Field(default=8, ge=0, le=32)
    n_random: int = Field(default=8, ge=1, le=16, description="matched sets that read, beside the chosen one")
    dial: NeuronsDial | None = NeuronsDial()
    base: bool = Field(default=True, description="the same texts read by the base model, where the card names one")
    seed: int = Field(default=0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.n_samples and self.k > self.n_samples:
            raise too_few_samples(self.k, self.n_samples)
        if list(self.cs) != sorted(set(self.cs)):
            raise ValueError("the values of C go up; name each once")
        return self
