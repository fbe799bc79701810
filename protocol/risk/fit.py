"""The risk strip: how likely an answer ends wrong or invented, given the prompt and its tokens so far.

Two small logistic heads of what every token is drawn from anyway; features in nats, but for the latents' activations.

    first token   refusal log-odds, entropy, the latents that the card watches, at the name's last token
    under way     entropy; −log p of the likeliest token; −log p of the token drawn; the largest entropy and −log p of
                  the tokens drawn, from the answer's second token to this one

Nothing later is read, nothing of which answer it is. Behind a token that opened a refusal there is no number. How it is
computed: model_worker/answering/risk.py; how it was fitted: training/risk.
"""

from math import exp
from typing import Literal

from protocol.base import Message, Name, Text

RiskFeatureName = Literal[
    "refusal_logodds", "entropy", "known", "unknown", "peak", "surprise", "entropy_max", "surprise_max"
]
RiskDecoding = Literal["greedy", "sampled"]
RiskPlace = Literal["first", "before", "value", "behind", "under_way"]
"""Of an answer's tokens: the first; then those before its value, the value's first, the one behind that, and all."""


class RiskFeature(Message):
    """mean: of the feature over the tokens of the fit, against which a token's own is held."""

    name: RiskFeatureName
    weight: float
    mean: float


class RiskHead(Message):
    """p = 1 / (1 + exp(-(bias + sum of weight · feature)))."""

    bias: float
    features: tuple[RiskFeature, ...]

    def risk(self, values: dict[RiskFeatureName, float]) -> float:
        log_odds = self.bias + sum(one.weight * values[one.name] for one in self.features)
        return 1 / (1 + exp(-log_odds)) if log_odds > -700 else 0.0

    def moved(self, values: dict[RiskFeatureName, float]) -> tuple[float, ...]:
        """By feature what its distance from the mean adds to the log-odds."""
        return tuple(one.weight * (values[one.name] - one.mean) for one in self.features)


class ReliabilityBin(Message):
    """Of n tokens of the test half whose risk was about alike: its mean, and the share whose answer ended wrong."""

    risk: float
    wrong: float
    n: int


class RiskTested(Message):
    """At one place of the test half's answers, about names that are in no fit. within: among pairs about one attribute.
    The entropy of the same tokens beside it. Intervals: whole names drawn again."""

    place: RiskPlace
    n: int
    base_rate: float
    auroc: float | None
    auroc_interval: tuple[float, float] | None
    within: float | None
    within_interval: tuple[float, float] | None
    entropy_auroc: float | None
    entropy_within: float | None
    auprc: float | None
    brier: float
    ece: float
    curve: tuple[ReliabilityBin, ...]


class RiskRecall(Message):
    """Of n answers of one kind that end wrong: the share with a risk of .5 or more at the value's first token."""

    kind: Text
    n: int
    recall: float


class RiskFit(Message):
    """Heads for one way of decoding. n: answers of the fit, n_wrong of them wrong or invented; n_units: names or
    families of names."""

    decoding: RiskDecoding
    temperature: float
    n: int
    n_wrong: int
    n_units: int
    first: RiskHead
    under_way: RiskHead
    tested: tuple[RiskTested, ...]
    recalls: tuple[RiskRecall, ...]

    def at(self, place: RiskPlace) -> RiskTested | None:
        return next((one for one in self.tested if one.place == place), None)


class RiskFile(Message):
    """What stands in a card's risk.json."""

    id: Name
    fits: tuple[RiskFit, ...]

    def nearest(self, temperature: float) -> RiskFit:
        """The fit whose temperature is nearest; of equals the first."""
        return min(self.fits, key=lambda fit: abs(fit.temperature - temperature))


class RiskUsed(RiskFit):
    """The fit that a run's tokens have their risk from. sha256: of the file."""

    id: Name
    sha256: str
