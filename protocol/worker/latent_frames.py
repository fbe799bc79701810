"""Frames that tell of latents by themselves: what one writes, where it fires, and which are found by a word. Knows
nothing about runs."""

from typing import Literal

from protocol.base import Message, Name, Text
from protocol.steering import LatentTarget


class LensToken(Message):
    """`logit` is what one unit of the direction adds to the token's logit, but for the final norm's division."""

    id: int
    text: Text
    logit: float


class Lens(Message):
    """Tokens that a direction (of norm `norm`) promotes most and suppresses most, strongest first."""

    kind: Literal["lens"] = "lens"
    seq: int
    norm: float
    promoted: tuple[LensToken, ...]
    suppressed: tuple[LensToken, ...]


class Snippet(Message):
    """A stretch of the card's corpus sample around the token at `peak`, where the latent fires most in its document."""

    texts: tuple[Text, ...]
    activations: tuple[float, ...]
    peak: int


class NamesRead(Message):
    """A latent's activations at the last token of names of one type, asked about in the chat template: of tier known
    and of tier unknown, evenly drawn from the model's world."""

    entity_type: Name
    known: tuple[float, ...]
    unknown: tuple[float, ...]


class Firing(Message):
    """Where one latent fires. `n_firing` of the `n_tokens` of the corpus sample, BOS left out, the largest with
    `max_activation`; snippets strongest first, one a document. No tokens where the card has no corpus, no names
    where it has no world."""

    kind: Literal["firing"] = "firing"
    seq: int
    n_tokens: int
    n_firing: int
    max_activation: float
    snippets: tuple[Snippet, ...]
    names: tuple[NamesRead, ...]


class WritesFound(Message):
    """A latent that writes a token that was looked for; `rank` among all tokens that it promotes, 1 the strongest."""

    target: LatentTarget
    token: LensToken
    rank: int


class FiresFound(Message):
    """A latent that fires where the sample says what was looked for: at `n_fired` of those places, at most with
    `max_activation`, and at `n_elsewhere` other tokens of the sample. The snippet is its strongest place."""

    target: LatentTarget
    n_fired: int
    n_elsewhere: int
    max_activation: float
    snippet: Snippet


class LatentsFound(Message):
    """`words`: what was looked for, in one spelling. `tokens`: those that say it, or how it begins, as the logit lens
    was asked for them. The corpus sample, `n_tokens` long, says it at `n_places`. Both lists best first.
    Of `n_latents`, over a vocabulary of `n_vocabulary`, chance would give one of the tokens the first place
    len(tokens) * n_latents / n_vocabulary times; 0: not told."""

    kind: Literal["found"] = "found"
    seq: int
    words: Text
    tokens: tuple[Text, ...]
    n_tokens: int
    n_places: int
    writes: tuple[WritesFound, ...]
    fires: tuple[FiresFound, ...]
    n_latents: int = 0
    n_vocabulary: int = 0
