"""Steers the tuned model: place and strength chosen on validation names, effects and stories told on test names.

    python -m training.gemma3_270m.steering.stage CARD READINGS OUT [--parts effects story] [--quick]

CARD loads by itself: weights in the store, delta, dictionaries. What was measured is in OUT after each part, and not
measured again. How much is asked stands in `Sizes`, so that a later run can ask for more.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import normalize

from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import read_row
from training.gemma3_270m.dictionaries.figures import massive_dimensions
from training.gemma3_270m.dictionaries.stored import read_half
from training.gemma3_270m.directions.readings import RECALLED, NameReadings
from training.gemma3_270m.directions.stage import vectors
from training.gemma3_270m.steering.controls import isotropic, on_the_data, other_latents
from training.gemma3_270m.steering.counted import counted_story
from training.gemma3_270m.steering.effects import Candidate, best_strength, control_shares, told_effect
from training.gemma3_270m.steering.pushed import NamePush, NameQuestion
from training.gemma3_270m.steering.subjects import MAIN, carded_names, norms_at_names, questions_about
from training.gemma3_270m.world.wording import GEMMA_QUESTIONS, UNSEEN_GEMMA_QUESTIONS

WORDINGS = {kind: GEMMA_QUESTIONS[kind] + UNSEEN_GEMMA_QUESTIONS[kind] for kind in GEMMA_QUESTIONS}
WORTH_TELLING = 0.3  # of validation names
PUSHED_STRENGTHS = {"known": (0.5, 0.75, 1.0), "unknown": (0.5, 0.75, 1.0)}
STEERED_LAYERS, LATENT_LAYERS = (3, 4), (8,)  # where validation names were won on an earlier delta


@dataclass(frozen=True)
class Sizes:
    """Names a type, directions a kind of control."""

    chosen_on: int = 3
    told_on: int = 10
    controlled_on: int = 1
    n_controls: int = 100
    story: int = 20
    story_controls: int = 1
    disturbed: int = 8


QUICK = Sizes(2, 3, 1, 4, 3, 1, 4)


class SteeringSubject:
    def __init__(self, engine: Engine, card: Path, readings: NameReadings, sizes: Sizes, say: Callable[[str], None]):
        self.engine, self.card, self.readings, self.sizes, self.say = engine, card, readings, sizes, say
        self.names = carded_names(card)
        self.norms: tuple[float, ...] = ()
        self.dictionaries = {
            int(folder.name[6:]): read_half(folder) for folder in (card / "dictionaries/resid_post").glob("layer_*")
        }

    def asked(self, role: str, split: str, n: int, seed: int = 1) -> list[NameQuestion]:
        """Whom a push towards `role` should win over."""
        tiers, types = (("unknown",), MAIN) if role == "known" else (("known",), RECALLED)
        return questions_about(self.engine, self.names, WORDINGS, n, seed, tiers=tiers, splits=(split,), types=types)

    def told_norms(self) -> dict:
        """r of the chat model, by both rulers, on validation names."""
        questions = self.asked("known", "validation", 4) + self.asked("unknown", "validation", 4)
        massive = {layer: massive_dimensions(x) for layer, x in self.readings.by_layer.items()}
        norms, without = norms_at_names(self.engine, questions, massive)
        return {"residual_norm": norms, "without_massive": without, "massive": massive, "n": len(questions)}

    def candidates(self) -> list[Candidate]:
        out = []
        for name, (layer, unit, _) in vectors(self.readings, STEERED_LAYERS).items():
            out += [Candidate(name, "known", layer, unit), Candidate(f"-{name}", "unknown", layer, -unit)]
        for layer, dictionary in sorted(self.dictionaries.items()):
            if layer not in LATENT_LAYERS:
                continue
            config = json.loads((self.card / f"dictionaries/resid_post/layer_{layer}/cfg.json").read_text())
            for role, (latent, _) in config["metadata"].get("clearest", {}).items():
                unit = normalize(dictionary.w_dec[int(latent)], dim=-1)
                out.append(Candidate(f"resid_post/layer_{layer}#{latent}", role, layer, unit))
        return out

    def told_choice(self) -> dict:
        """Every candidate's shares on validation names, by strength, and those of some controls on the data's scale."""
        out = []
        asked = {role: self.asked(role, "validation", self.sizes.chosen_on) for role in PUSHED_STRENGTHS}
        for one in self.candidates():
            chosen, shares = best_strength(self.engine, one, asked[one.role], self.norms, PUSHED_STRENGTHS[one.role])
            units = self.controls(one, 6)["data"]
            control = float(control_shares(self.engine, chosen, asked[one.role][::2], self.norms, units).mean())
            self.say(f"{one.role} {one.name} {chosen.strength}: {shares}, data {control:.3f}")
            out.append({
                "name": one.name, "role": one.role, "layer": one.layer, "strength": chosen.strength,
                "shares": {str(k): round(v, 4) for k, v in shares.items()}, "data_control": round(control, 4),
            })  # fmt: skip
        return {"n": {role: len(questions) for role, questions in asked.items()}, "tried": out}

    def controls(self, one: Candidate, n: int) -> dict[str, Tensor]:
        x = self.readings.by_layer[one.layer]
        found = {"isotropic": isotropic(n, x.shape[1], 3), "data": on_the_data(x, n, 4)}
        if one.layer in self.dictionaries:
            dictionary = self.dictionaries[one.layer]
            fires = (dictionary.encode(x) > 0).float().mean(0)
            along = normalize(dictionary.w_dec, dim=-1) @ one.unit
            same = {int(i) for i in (along.abs() > 0.5).nonzero()}  # those that are the push itself
            rate = float(fires[int(along.argmax())])
            found["latents"] = other_latents(dictionary, x, same, rate, n, 5)
        return found

    def best(self, choice: dict, role: str, kind: str = "") -> Candidate:
        """kind: "known-unknown" for vectors, "resid_post" for latents."""
        tried = [row for row in choice["tried"] if row["role"] == role and kind in row["name"]]
        row = max(tried, key=lambda t: t["shares"][str(t["strength"])] - 2 * t["data_control"] - 0.05 * t["strength"])
        one = next(c for c in self.candidates() if (c.name, c.role) == (row["name"], role))
        return Candidate(one.name, role, one.layer, one.unit, row["strength"])

    def told_effects(self, choice: dict) -> dict:
        out = {}
        for kind in ("known-unknown", "resid_post"):
            for role in ("known", "unknown"):
                one = self.best(choice, role, kind)
                won = next(t for t in choice["tried"] if (t["name"], t["role"]) == (one.name, role))["shares"]
                if kind == "resid_post" and won[str(one.strength)] < WORTH_TELLING:
                    self.say(f"{role} {one.name}: won {won} of validation names, not told")
                    continue
                n = self.sizes.n_controls if kind == "known-unknown" else self.sizes.n_controls // 4
                out[f"{role} {kind}"] = told_effect(
                    self.engine,
                    one,
                    self.asked(role, "test", self.sizes.told_on, 7),
                    self.asked(role, "test", self.sizes.controlled_on, 11),
                    self.norms,
                    self.controls(one, n),
                    massive_dimensions(self.readings.by_layer[one.layer]),
                    self.say,
                )
        return out

    def told_story(self, choice: dict) -> dict:
        """Recognition is not recall: all that the base is never or only sometimes right about."""
        questions = questions_about(
            self.engine, self.names, WORDINGS, self.sizes.story, 13, tiers=("unrecalled", "unsure"),
            splits=("validation", "test"), types=MAIN,
        )  # fmt: skip
        pushes: dict[str, NamePush] = {}
        controls: dict[str, list[NamePush]] = {}
        for kind in ("known-unknown", "resid_post"):
            one = self.best(choice, "known", kind)
            pushes[one.name] = one.push(self.norms)
            if not controls:
                for of, units in self.controls(one, self.sizes.story_controls).items():
                    if of != "latents":
                        controls[f"random, {of}"] = [one.along(unit, self.norms) for unit in units]
        return counted_story(self.engine, questions, pushes, controls) | {
            "n": len(questions),
            "pushes": {name: [p.layer, round(float(p.vector.norm()), 1)] for name, p in pushes.items()},
        }

    def told_disturbed(self) -> dict:
        """Any push, by kind and size: share of known names that it makes refuse, and of invented ones that it makes
        answer."""
        out: dict = {}
        layer = 8 if 8 in self.readings.by_layer else max(self.readings.by_layer)
        for role in ("unknown", "known"):
            questions = self.asked(role, "test", max(1, self.sizes.controlled_on), 17)
            for strength in (0.0625, 0.125, 0.25, 0.5, 1.0):
                one = Candidate("disturbed", role, layer, self.readings.by_layer[layer][0], strength)
                for kind, units in self.controls(one, self.sizes.disturbed).items():
                    share = float(control_shares(self.engine, one, questions, self.norms, units).mean())
                    out.setdefault(role, {}).setdefault(kind, {})[str(strength)] = round(share, 4)
            out[role]["n_names"], out[role]["n_directions"] = len(questions), self.sizes.disturbed
        return out | {"layer": layer}


STEERING_PARTS = ("norms", "choice", "effects", "story", "disturbed")


def measured(steering: SteeringSubject, out: Path, parts: Sequence[str] = STEERING_PARTS) -> dict:
    """What OUT lacks of `parts`; each is written as it is there."""
    told = json.loads(out.read_text()) if out.exists() else {}
    measures: dict[str, Callable[[], dict]] = {
        "norms": steering.told_norms,
        "choice": steering.told_choice,
        "effects": lambda: steering.told_effects(told["choice"]),
        "story": lambda: steering.told_story(told["choice"]),
        "disturbed": steering.told_disturbed,
    }
    for part, measure in measures.items():
        if part not in told and part in parts:
            began = time.monotonic()
            told[part] = measure()
            told.setdefault("seconds", {})[part] = round(time.monotonic() - began)
            out.write_text(json.dumps(told, indent=1, ensure_ascii=False))
        steering.norms = tuple(told["norms"]["residual_norm"])
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("card", "readings", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--parts", nargs="+", choices=STEERING_PARTS, default=STEERING_PARTS)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with torch.inference_mode():
        subject = SteeringSubject(
            Engine(load(read_row(given.card))),
            given.card,
            NameReadings.load(given.readings),
            QUICK if given.quick else Sizes(),
            lambda line: print(line, flush=True),
        )
        measured(subject, given.out, given.parts)
