"""An arm says what it does in the words that pages and exports have for it."""

from types import SimpleNamespace

import pytest

from model_worker.studies.shared.arms import in_words
from protocol.steering import Held, LatentTarget, RandomTarget

pytestmark = pytest.mark.core

FOUR, FIVE = (LatentTarget(dictionary="d", latent=latent) for latent in (4, 5))
CARD = SimpleNamespace(directions=(SimpleNamespace(target=FOUR, label="Known entity"),), more_directions=())


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (
            Held(target=FOUR, strength=1.25, scope="entity"),
            "Known entity (latent 4 of d) at +1.25 × r\u0304, on the name's tokens",
        ),
        (
            Held(target=FOUR, mode="swap", to=FIVE, strength=0.5, scope="prompt", generated=True),
            "Known entity (latent 4 of d) 50 % swapped into latent 5 of d, on the whole prompt and generated tokens",
        ),
        (
            Held(target=FIVE, mode="clamp", strength=12.0, scope="positions", generated=True),
            "latent 5 of d clamped to 12, on generated tokens",
        ),
        (
            Held(target=RandomTarget(like=FIVE), unit="raw", strength=-2.0, scope="last_entity"),
            "a random direction in the place of latent 5 of d at \u22122 raw, on last token of the name",
        ),
    ],
)
def test_an_arm_is_worded_as_a_push_is_everywhere(held: Held, words: str) -> None:
    assert in_words(SimpleNamespace(card=CARD), [held]) == words
