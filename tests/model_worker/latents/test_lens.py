"""What a direction promotes, against the unembedding written out."""

import pytest
import torch

from model_worker.engine import Engine
from protocol.refusal import Refused
from protocol.steering import LatentTarget, VectorTarget
from protocol.worker.requests import LensRequest

KNOWN = LatentTarget(dictionary="layer_1", latent=3)


@pytest.mark.parametrize("target", [KNOWN, VectorTarget(name="mean")])
def test_promoted_and_suppressed_tokens_are_those_of_the_unembedding(random_engine: Engine, target) -> None:
    loaded = random_engine.loaded
    lens, done = random_engine.lens(LensRequest(model=loaded.card.id, target=target, n_tokens=7))
    d = loaded.dictionaries["layer_1"].W_dec[3] if target is KNOWN else loaded.vectors["mean"]
    final = loaded.model.model.norm.weight
    logits = (loaded.model.lm_head.weight @ ((1 + final) * d)).detach()
    order = logits.argsort(descending=True).tolist()
    assert [token.id for token in lens.promoted] == order[:7]
    assert [token.id for token in lens.suppressed] == order[::-1][:7]
    assert lens.promoted[0].logit == pytest.approx(logits.max().item(), rel=1e-4)
    assert lens.norm == pytest.approx(d.norm().item(), rel=1e-5) and done.kind == "done"


def test_a_lens_on_nothing_is_refused(random_engine: Engine) -> None:
    with pytest.raises(Refused):
        next(random_engine.lens(LensRequest(model="m", target=VectorTarget(name="none"))))
    assert torch.is_grad_enabled()
