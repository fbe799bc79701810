"""What the load asks: sliders at values between the marks, long background runs, and anything at all.

Made from a model's card alone. Knows nothing about HTTP.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

FIRST = "Michael Anna Peter Maria Serena Roger Tiger Lionel Usain Tom Carl John LeBron Wayne Rafael Karl".split()
LAST = "Batkin Jordan Velkova Williams Harrow Federer Castelo Messi Woods Bolt Brady Ostrander Nadal Lund".split()
QUESTIONS = ("What sport does {} play?", "Where was {} born?", "In which team does {} play?", "Who is {}?")
N_VALUES = 30


@dataclass(frozen=True)
class Slider:
    """A steering of one prompt, and the numbers that its strength moves between; how it steers is `sweep`."""

    model: str
    prompt: str
    sweep: dict
    low: float
    high: float

    def values(self, rng: random.Random) -> Iterator[bytes]:
        """Requests of one drag: it wanders from anywhere to anywhere, never on a mark."""
        begin, end = rng.uniform(self.low, self.high), rng.uniform(self.low, self.high)
        for step in range(N_VALUES):
            strength = begin + (end - begin) * step / N_VALUES + rng.uniform(0.0001, 0.0009)
            yield self.at(round(strength, 6))

    def at(self, strength: float) -> bytes:
        return _body(self.model, self.prompt, [self.sweep | {"strengths": [strength]}])


def slider(card: dict, user: int, rng: random.Random) -> Slider:
    """Of eight users four add, one adds on generated tokens too, and one each clamps, scales and projects out."""
    directions = card["directions"]
    latents = [one for one in directions if one["target"]["kind"] == "latent"]
    direction = directions[user % len(directions)]
    strengths = direction["strengths"]
    steering = {"target": direction["target"], "scope": direction["scope"]}
    low, high = min(strengths), max(strengths)
    match user % 8:
        case 4:
            steering |= {"generated": True}
        case 5:
            steering |= {"target": latents[0]["target"], "mode": "clamp", "generated": True}
            low, high = 0.0, 12.0
        case 6:
            steering |= {"target": latents[-1]["target"], "mode": "scale"}
            low, high = 1.01, 4.0
        case 7:
            steering |= {"mode": "project_out", "generated": True}
            low, high = 0.01, 0.99
    return Slider(card["id"], prompt(rng), steering, low, high)


def background(card: dict, rng: random.Random) -> bytes:
    """Two sweeps of a direction, 105 answers of up to 128 tokens, and what 128 random directions do at 20 strengths."""
    swept = []
    for direction in card["directions"][:2]:
        strengths = [round(strength + rng.uniform(0.01, 0.02), 4) for strength in direction["strengths"]][-10:]
        swept.append({"target": direction["target"], "scope": direction["scope"], "strengths": strengths})
    return _body(
        card["id"],
        prompt(rng),
        swept,
        max_new_tokens=128,
        controls={"n_directions": 128, "seed": rng.randrange(99)},
        sampling={"temperature": 1.5, "n_samples": 5, "seed": rng.randrange(99)},
    )


def anything(card: dict, rng: random.Random) -> bytes:
    """Any number of arms and samples, sometimes with all active latents or random directions. One of eight says more
    than a worker keeps for a slow reader (256 frames), so that nobody who isn't read comes to an end by himself."""
    chosen = slider(card, rng.randrange(8), rng)
    huge = rng.random() < 1 / 8
    strengths = {round(rng.uniform(chosen.low, chosen.high), 6) for _ in range(8 if huge else rng.randrange(1, 9))}
    changes: dict = {"max_new_tokens": 128 if huge else rng.choice((1, 8, 32, 128))}
    if huge or rng.random() < 0.5:
        n_samples = 8 if huge else rng.randrange(1, 5)
        changes["sampling"] = {"temperature": 1.5, "n_samples": n_samples, "seed": rng.randrange(99)}
    if huge or rng.random() < 0.3:
        changes["read"] = [{"dictionary": one["id"]} for one in rng.sample(card["dictionaries"], 2)]
    if rng.random() < 0.3:
        changes["controls"] = {"n_directions": 128, "seed": 0}
    return _body(chosen.model, chosen.prompt, [chosen.sweep | {"strengths": sorted(strengths)}], **changes)


def prompt(rng: random.Random) -> str:
    return rng.choice(QUESTIONS).format(f"{rng.choice(FIRST)} {rng.choice(LAST)}")


def _body(model: str, prompt: str, sweeps: list[dict], **changes: object) -> bytes:
    asked = {"model": model, "prompt": prompt, "sweeps": sweeps, "controls": {"n_directions": 0, "seed": 0}}
    return json.dumps(asked | changes).encode()
