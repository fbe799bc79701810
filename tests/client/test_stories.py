"""What a story says that it counted and what it says of its one example are the same measurement."""

from types import SimpleNamespace

import pytest

from client.stories import at_the_names_end, random_pushes
from protocol.worker.frames import Control


def test_a_name_is_read_where_the_count_reads_it_at_its_last_token() -> None:
    watched = [SimpleNamespace(label=label, target=None) for label in ("known entity", "unknown entity")]
    arm = SimpleNamespace(activations=[[2417.0, 680.0, 514.0, 0.0], [276.0, 409.0, 0.0, 7.0]])
    run = SimpleNamespace(
        start=SimpleNamespace(watched=watched, entity=SimpleNamespace(start=1, end=3)),
        prompt=SimpleNamespace(arms=[arm]),
    )
    assert at_the_names_end(run) == "known entity 514; unknown entity silent"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("untouched", "told"),
    [
        ("refused", "3 of 4 random pushes of that size open with an answer."),
        ("wrong", "1 of 4 random pushes of that size opens with a refusal."),
    ],
)
def test_a_single_answer_says_what_random_pushes_of_its_size_do(untouched: str, told: str) -> None:
    other = Control(seq=1, sweep=0, strength=0.5, refusal_logodds=(9.0,) * 4)
    own = Control(seq=2, sweep=0, strength=0.75, refusal_logodds=(-3.0, 2.0, -0.1, -8.0))
    run = SimpleNamespace(frames=[other, own], verdict=lambda arm: SimpleNamespace(outcome=untouched))
    assert random_pushes(run, 0.75) == told  # type: ignore[arg-type]
    assert random_pushes(run, 0.25) == "No control was run."  # type: ignore[arg-type]
