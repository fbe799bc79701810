"""When two targets of a push are one: for sliders, pins, sweeps and whatever else is found by its target."""

from protocol.steering import LatentTarget, NeuronSetTarget, NeuronTarget, RandomTarget, Steered, VectorTarget
from tests.static.javascript import JavaScript

FOUR, FIVE = (LatentTarget(dictionary="layer_3", latent=latent) for latent in (4, 5))
ELSEWHERE = LatentTarget(dictionary="layer_2", latent=4)
VECTOR = VectorTarget(name="known-unknown")
NEURONS = NeuronSetTarget(neurons=((1, 4), (3, 5)))
TARGETS = [
    NeuronTarget(layer=1, index=4),
    NeuronTarget(layer=4, index=1),
    NEURONS,
    NeuronSetTarget(neurons=((1, 4), (3, 6))),
    NeuronSetTarget(neurons=((1, 4), (3, 5)), name="mine"),
    FOUR,
    FIVE,
    ELSEWHERE,
    VECTOR,
    *(
        RandomTarget(like=like, seed=seed, index=i)
        for like in (FOUR, FIVE, VECTOR, NEURONS)
        for seed in (0, 1)
        for i in (0, 1)
    ),
]


def same(javascript: JavaScript, a: Steered | dict, b: Steered | dict) -> bool:
    pair = [one if isinstance(one, dict) else one.model_dump(mode="json") for one in (a, b)]
    return javascript.call("static/run/names.js", "same", *pair)


def test_targets_are_one_where_the_protocol_says_so_random_ones_by_what_they_stand_for_too(
    javascript: JavaScript,
) -> None:
    for a in TARGETS:
        for b in TARGETS:
            assert same(javascript, a, b) == (a == b), (a, b)


def test_what_a_request_leaves_out_is_what_the_protocol_fills_in(javascript: JavaScript) -> None:
    assert same(javascript, {"dictionary": "layer_3", "latent": 4}, FOUR)
    assert same(javascript, {"kind": "random", "like": {"latent": 4, "dictionary": "layer_3"}}, RandomTarget(like=FOUR))


def test_a_random_direction_for_another_latent_has_a_slider_of_its_own(javascript: JavaScript) -> None:
    targets = [RandomTarget(like=like).model_dump(mode="json") for like in (FOUR, FIVE, FOUR)]
    card = {"directions": [], "dictionaries": [{"id": "layer_3", "layer": 3}]}
    found = javascript.call("tests/static/run/pinned.js", "pinned", targets, card)
    assert found["shorts"] == ["random 0, like L3 #4", "random 0, like L3 #5"]
    assert found["active"] == 0 and found["alike"] == [[True, False], [False, True]]
