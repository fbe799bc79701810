"""When two targets of a push are one: for sliders, pins, sweeps and whatever else is found by its target."""

import pytest

from protocol.steering import LatentTarget, RandomTarget, VectorTarget
from tests.static.modules import evaluated

pytestmark = pytest.mark.core

SAME = 'import { same } from "./static/run/names.js";'
FOUR, FIVE = (LatentTarget(dictionary="layer_3", latent=latent) for latent in (4, 5))
ELSEWHERE = LatentTarget(dictionary="layer_2", latent=4)
VECTOR = VectorTarget(name="known-unknown")
TARGETS = [
    FOUR,
    FIVE,
    ELSEWHERE,
    VECTOR,
    *(
        RandomTarget(like=like, seed=seed, index=index)
        for like in (FOUR, FIVE, VECTOR)
        for seed in (0, 1)
        for index in (0, 1)
    ),
]


def test_targets_are_one_where_the_protocol_says_so_random_ones_by_what_they_stand_for_too() -> None:
    spelled = [target.model_dump(mode="json") for target in TARGETS]
    found = evaluated(SAME, "data.map((a) => data.map((b) => same(a, b)))", spelled)
    assert found == [[a == b for b in TARGETS] for a in TARGETS]


def test_what_a_request_leaves_out_is_what_the_protocol_fills_in() -> None:
    pairs = [
        [{"dictionary": "layer_3", "latent": 4}, FOUR.model_dump(mode="json")],
        [
            {"kind": "random", "like": {"latent": 4, "dictionary": "layer_3"}},
            RandomTarget(like=FOUR).model_dump(mode="json"),
        ],
    ]
    assert evaluated(SAME, "data.map(([a, b]) => same(a, b) && same(b, a))", pairs) == [True, True]


def test_a_random_direction_for_another_latent_has_a_slider_of_its_own() -> None:
    sliders = 'import { addSlider, sliderFor, sameSteering } from "./static/run/steering/sliders.js";'
    random = [RandomTarget(like=like).model_dump(mode="json") for like in (FOUR, FIVE)]
    made = evaluated(
        sliders,
        """(() => {
          const channels = { sliders: [], values: [], active: 0 };
          const state = { get: (name) => channels[name], set: (name, value) => (channels[name] = value) };
          const card = { directions: [], dictionaries: [{ id: "layer_3", layer: 3 }] };
          for (const target of [...data, data[0]]) addSlider(state, sliderFor(target, card));
          const [a, b] = channels.sliders;
          const { sliders, active } = channels;
          const shorts = sliders.map(({ short }) => short);
          return { n: sliders.length, active, same: b && sameSteering(a, b), shorts };
        })()""",
        random,
    )
    assert (made["n"], made["active"], made["same"]) == (2, 0, False)
    assert made["shorts"] == ["random 0, like L3 #4", "random 0, like L3 #5"]
