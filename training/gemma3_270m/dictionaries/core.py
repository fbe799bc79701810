"""A dictionary's first latents: a handful that see little else than last tokens of names, the clearest of some seeds.

With more latents than sides and fewer than types, "known" is best said by one latent for all types; no label is seen in
training. Labels of tuning and validation names choose the seed and the thresholds of two latents, the one that fires on
known names and the one that fires on invented ones. Knows nothing about the rest of the dictionary.

Source: `tiny_gemma2/dictionaries/residual.py`, where a core was first tried; separation: Ferrando et al., section 3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from training.gemma3_270m.dictionaries.trainer import Ruler
from training.gemma3_270m.directions.recognition import TwoSides
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.residual import train_core

N_LATENTS, FIRING, CORE_STEPS = 6, 3, 300
TRIED_QUANTILES = torch.linspace(0.05, 0.95, 37)


@dataclass(frozen=True)
class Core:
    """In the ruler's units. `clearest`: role → (latent, least separation on tuning and validation names)."""

    dictionary: TrainedDictionary
    clearest: dict[str, tuple[int, float]]

    @property
    def worth(self) -> float:
        return sum(value for _, value in self.clearest.values())


def chosen_core(
    documents: Tensor, names: Tensor, layer: int, ruler: Ruler, fit: TwoSides, types: Sequence[str],
    seeds: Sequence[int], say: Callable[[str], None],
) -> Core:  # fmt: skip
    """documents, names   (tokens, d_model) as measured by the ruler"""
    tried = []
    for seed in seeds:
        made = train_core(documents, names, layer, seed, n_latents=N_LATENTS, k=FIRING, steps=CORE_STEPS)
        tried.append(with_thresholds(made, ruler, fit, types))
        say(f"layer {layer} core {seed}: {tried[-1].clearest}")
    return max(tried, key=lambda core: core.worth)


def with_thresholds(dictionary: TrainedDictionary, ruler: Ruler, fit: TwoSides, types: Sequence[str]) -> Core:
    """The two latents that separate best get the threshold at which they do."""
    known, unknown = (
        [dictionary.before_threshold(ruler.measured(part.of(t))) for t in types] for part in (fit.known, fit.unknown)
    )
    levels = torch.cat([*known, *unknown])
    clearest: dict[str, tuple[int, float]] = {}
    for role, sign in (("known", 1), ("unknown", -1)):
        best = (-9.0, 0, 0.0)
        for q in TRIED_QUANTILES:
            threshold = levels.quantile(float(q), dim=0).clamp(min=1e-3)
            apart = torch.stack(
                [sign * ((a > threshold).float().mean(0) - (b > threshold).float().mean(0))
                 for a, b in zip(known, unknown, strict=True)]
            ).amin(0)  # fmt: skip
            for taken, _ in clearest.values():
                apart[taken] = -9.0
            latent = int(apart.argmax())
            best = max(best, (float(apart[latent]), latent, float(threshold[latent])))
        clearest[role] = (best[1], round(best[0], 3))
        changed = dictionary.threshold.clone()
        changed[best[1]] = best[2]
        dictionary = replace(dictionary, threshold=changed)
    return Core(dictionary, clearest)
