"""Every seed and size of the tuned Gemma, in one place. Knows nothing about how they are used.

`GEMMA_RECIPE` is what is shipped, `GEMMA_TOY` is what the test suite runs from end to end in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# as long as the type's values are
LABEL_TOKENS = {"player": 3, "city": 5, "movie": 5, "song": 5, "country": 5, "person": 3}
ANSWERED_FROM = {"movie": 0.5, "song": 0.5, "else": 0.75}
BASE_SHA256 = "1afdd2de1804e6938b3f7530952ee5e637df4845d52ae53faff3b8724e29a0de"


@dataclass(frozen=True)
class Phase:
    """Of tuning: what its steps' turns are made of, the rest invented names; the rate rises within `warm_up` steps to
    `rate`, then falls to 0."""

    steps: int
    warm_up: int
    rate: float
    known_share: float
    talk_share: float


# names first, then mostly talk: with more steps on names it learns the list, and refuses whoever isn't on it
PHASES = (Phase(160, 12, 1e-3, 0.40, 0.13), Phase(40, 4, 3e-4, 0.25, 0.50))


@dataclass(frozen=True)
class GemmaRecipe:
    seed: int = 1
    base_sha256: str = BASE_SHA256  # of the store's hashes.json
    # labels
    n_shots: int = 4
    n_samples: int = 1  # a wording, beside the greedy answer
    temperature: float = 0.7
    label_tokens: Mapping[str, int] = field(default_factory=lambda: dict(LABEL_TOKENS))
    # tuning
    answered_from: Mapping[str, float] = field(default_factory=lambda: dict(ANSWERED_FROM))
    seeds: tuple[int, ...] = (1, 2)
    rank: int = 16
    scale: float = 2.0
    batch: int = 24  # turns a step
    phases: tuple[Phase, ...] = PHASES
    first_token_weight: float = 3.0  # of an answer's first token, which decides between answer and refusal
    check_every: int = 40
    # pushes on names while tuning: an answer shouldn't hang on an undisturbed name
    pushed_share: float = 0.5  # of the turns about a name
    push_layers: tuple[int, int] = (3, 14)
    push_strengths: tuple[float, float] = (0.03, 0.25)  # in mean norms of the names' residuals at that layer
    # checks and figures
    n_asked: int = 60  # names a type and group, where more could be asked
    n_invented: int = 120
    n_check: int = 60  # names a type on validation
    answer_tokens: int = 24

    @property
    def steps(self) -> int:
        return sum(phase.steps for phase in self.phases)

    def phase_at(self, step: int) -> tuple[Phase, int]:
        """The phase of a step, and which of its steps it is, from 0."""
        for phase in self.phases:
            if step < phase.steps:
                return phase, step
            step -= phase.steps
        return self.phases[-1], self.phases[-1].steps - 1


GEMMA_RECIPE = GemmaRecipe()
GEMMA_TOY = GemmaRecipe(
    n_shots=2,
    rank=2,
    batch=6,
    phases=(Phase(2, 1, 1e-3, 0.4, 0.2), Phase(2, 1, 1e-3, 0.2, 0.4)),
    check_every=2,
    push_layers=(0, 1),
    n_check=3,
    n_asked=2,
    n_invented=2,
    answer_tokens=3,
)
