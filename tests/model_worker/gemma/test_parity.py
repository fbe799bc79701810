"""The engine on the real weights equals plain transformers: fp32 and bf16, base and chat, steered, past the window."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel

from model_worker.decoding.states import read
from model_worker.engine import Engine
from protocol.steering import LatentTarget, Sweep, VectorTarget
from protocol.vocabulary import MODES
from protocol.worker.requests import Controls, GenerateRequest
from tests.model_worker.driving import answer, ids_of, interventions_of, logprobs_of
from tests.model_worker.reference import Intervention, blocks

NATS = {torch.float32: 5e-4, torch.bfloat16: 0.5}
"""Of a log-probability. Logits here are 16 to 32, where bf16 has steps of 1/8: two ways of adding up round apart by a
few of those (.28 was the most that was seen)."""
LATENT, OTHER = LatentTarget(dictionary="random", latent=3), LatentTarget(dictionary="random", latent=40)
STRENGTH = {"residual_norm": 0.25, "activation": 900.0, "factor": -3.0, "share": 1.0}
PROMPT = "Who directed the movie Titanic? I would like to know it."
LONG = "The city of Lyon lies where two rivers meet, and its people have made silk there for centuries. " * 40


def last_logits(model: PreTrainedModel, ids: Sequence[int], n: int, steered: Sequence[Intervention] = ()) -> Tensor:
    """Of the last n positions (n, vocab), in one pass without a cache, with a hook on each block that is steered."""

    def hook_of(layer: int):
        def hook(_module, _inputs, out):
            x = out[0].float()
            changed = x.clone()
            for one in steered:
                if one.layer == layer:
                    changed[list(one.at)] += one.delta(x[list(one.at)])
            return changed.unsqueeze(0).to(out.dtype)

        return hook

    handles = [blocks(model)[layer].register_forward_hook(hook_of(layer)) for layer in {one.layer for one in steered}]
    try:
        with torch.no_grad():
            return model(torch.tensor([ids]), use_cache=False, logits_to_keep=n).logits[0].float()
    finally:
        for handle in handles:
            handle.remove()


def check(engine: Engine, frames: list, arm: int, model: PreTrainedModel) -> Tensor:
    """Log-probabilities of an answer's tokens as transformers has them; fails where ours are others."""
    start, chosen = frames[0], ids_of(frames, arm)
    prompt = [token.id for token in start.tokens]
    steered = interventions_of(engine.loaded, start, arm, len(chosen))
    expected = last_logits(model, prompt + chosen, len(chosen) + 1, steered)[:-1].log_softmax(-1)
    own = expected[range(len(chosen)), chosen]
    tolerance = NATS[engine.loaded.gemma.dtype]
    assert (own - logprobs_of(frames, arm)).abs().max() <= tolerance, (arm, start.request.sweeps)
    best = expected.topk(2).values
    settled = (best[:, 0] - best[:, 1]) > 2 * tolerance
    assert (expected.argmax(-1) == torch.tensor(chosen))[settled].all() and settled.any()
    return own


def asked(engine: Engine, **changes: object) -> GenerateRequest:
    fields = {"prompt": PROMPT, "controls": Controls(n_directions=0), "max_new_tokens": 8}
    return GenerateRequest(model=engine.loaded.card.id, **(fields | changes))


def sweep_of(mode: str, target: object, generated: bool) -> Sweep:
    to = OTHER if MODES[mode].needs_to else None
    strengths = (STRENGTH[MODES[mode].units[0]],)
    return Sweep(target=target, mode=mode, to=to, scope="entity", generated=generated, strengths=strengths)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_equals_transformers_token_for_token(
    engine: Engine, plain: dict[str, PreTrainedModel], mode: str
) -> None:
    sweeps = [sweep_of(mode, LATENT, False), sweep_of(mode, LATENT, True)]
    if not MODES[mode].needs_to:
        sweeps.append(sweep_of(mode, VectorTarget(name="mean"), True))
    frames = answer(engine, asked(engine, sweeps=tuple(sweeps)))
    for arm in range(len(sweeps) + 1):
        check(engine, frames, arm, plain["chat"])


def test_past_the_window_a_prompt_of_600_tokens_equals_transformers(
    engine: Engine, plain: dict[str, PreTrainedModel]
) -> None:
    ids = engine.loaded.tokenizer(LONG, add_special_tokens=False)["input_ids"][:590]
    prompt = engine.loaded.tokenizer.decode(ids) + " The movie Titanic was directed by"
    sweeps = (sweep_of("add", LATENT, False),)
    frames = answer(engine, asked(engine, prompt=prompt, format="raw", sweeps=sweeps))
    assert len(frames[0].tokens) >= 595 > engine.loaded.gemma.window
    for arm in (0, 1):
        check(engine, frames, arm, plain["chat"])


def test_base_and_chat_model_are_each_transformers_own(engine: Engine, plain: dict[str, PreTrainedModel]) -> None:
    loaded, base = engine.loaded, engine.base.part()
    tolerance = NATS[loaded.gemma.dtype]
    texts = ("<bos>The movie Titanic was directed by", "<bos>Lyon is a city in", "<bos>" + LONG)
    chat_differs = []
    for text in texts:
        ids = tuple(loaded.tokenizer(text, add_special_tokens=False)["input_ids"])
        expected = {which: last_logits(model, ids, 1)[-1].log_softmax(-1) for which, model in plain.items()}
        for which, gemma in (("base", base.gemma), ("chat", loaded.gemma)):
            ours = read(gemma, ids).logits.log_softmax(-1)
            likely = expected[which] > -8
            assert (ours - expected[which])[likely].abs().max() <= tolerance, (which, text[:40])
            assert ours.argmax() == expected[which].argmax() or expected[which].topk(2).values.diff().abs() < tolerance
        chat_differs.append((expected["base"] - expected["chat"]).abs().max() > 0.5)
    assert all(chat_differs), "a delta that nothing shows of"


def test_the_base_says_what_it_says_in_transformers(engine: Engine) -> None:
    """The sentence that the whole project began with."""
    ids = tuple(
        engine.loaded.tokenizer("<bos>The movie Titanic was directed by", add_special_tokens=False)["input_ids"]
    )
    gemma, said = engine.base.part().gemma, []
    for _ in range(2):
        said.append(int(read(gemma, ids + tuple(said)).logits.argmax()))
    assert engine.loaded.tokenizer.decode(said) == " Alfred Hitchcock"
