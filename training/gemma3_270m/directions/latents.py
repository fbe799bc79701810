"""Single latents that fire on known names, or on invented ones: chosen on one half, shown on the other.

A latent's separation is the share of known names that it fires on minus that of invented names (or the reverse), least
of the types. Source: Ferrando et al., arXiv:2411.14257, section 3. Knows nothing about steering.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from training.gemma3_270m.directions.recognition import TwoSides, auroc_of_type
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary


def side_shares(dictionary: TrainedDictionary, sides: TwoSides, types: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Shares of names on which each latent fires: (types, d_sae) of known ones and of invented ones."""
    known, unknown = (
        torch.stack([(dictionary.encode(part.of(t)) > 0).float().mean(0) for t in types])
        for part in (sides.known, sides.unknown)
    )
    return known, unknown


def best(dictionary: TrainedDictionary, fit: TwoSides, test: TwoSides, types: Sequence[str], n: int = 3) -> dict:
    """role → the n latents of the widest least separation on `fit`, each with its shares on `test`; and of every type
    alone the best one."""
    (k, u), (k_test, u_test) = side_shares(dictionary, fit, types), side_shares(dictionary, test, types)
    out: dict[str, dict] = {}
    for role, sign in (("known", 1), ("unknown", -1)):
        apart = sign * (k - u)
        out[role] = {
            "general": [
                _told(dictionary, int(i), sign, test, types, k_test, u_test, float(apart[:, i].amin()))
                for i in apart.amin(0).topk(n).indices
            ],
            "of_type": {
                t: {
                    "latent": int(apart[row].argmax()),
                    "fit": round(float(apart[row].amax()), 3),
                    "test": round(float(sign * (k_test - u_test)[row, apart[row].argmax()]), 3),
                }
                for row, t in enumerate(types)
            },
        }
    return out


def clearest(d: TrainedDictionary, latent: int, role: str, test: TwoSides, types: Sequence[str]) -> dict:
    """Of one latent that was chosen elsewhere: its shares on `test`."""
    k, u = side_shares(d, test, types)
    return _told(d, latent, 1 if role == "known" else -1, test, types, k, u, 0.0)


def _told(d: TrainedDictionary, i: int, sign: int, test: TwoSides, types, k: Tensor, u: Tensor, fit: float) -> dict:
    encoder = sign * d.w_enc[:, i]
    return {
        "latent": i,
        "fit_least": round(fit, 3),
        "test_least": round(float((sign * (k - u))[:, i].amin()), 3),
        "known": {t: round(float(k[row, i]), 3) for row, t in enumerate(types)},
        "unknown": {t: round(float(u[row, i]), 3) for row, t in enumerate(types)},
        "auroc": {t: auroc_of_type(encoder, test, t) for t in types},
    }
