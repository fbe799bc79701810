"""Tuning: a low-rank delta on the frozen base learns to answer in turns, and to say which names it doesn't know.

1. the base in bf16, all of it frozen; a delta in fp32 on every matrix of attention and MLP
2. a step: turns drawn by seed and number, padded on the right; some names pushed; loss on the answers' tokens only,
   and only their rows go through the head, which is most of this model
3. AdamW, anew for each phase: warm-up, then linearly to 0; all of it is kept every few steps, and goes on from there

Knows nothing about how good it is.
"""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from training.gemma3_270m.recipe import GemmaRecipe
from training.gemma3_270m.tuning.low_rank import put_on, save_delta
from training.gemma3_270m.tuning.pushes import pushed
from training.gemma3_270m.tuning.turns import Turn, Turns


def rate_at(recipe: GemmaRecipe, step: int) -> float:
    """Of the step's number, from 0."""
    phase, at = recipe.phase_at(step)
    warm = (at + 1) / phase.warm_up
    return phase.rate * min(warm, (phase.steps - at) / max(1, phase.steps - phase.warm_up), 1.0)


def new_optimizer(parameters: Sequence[nn.Parameter]) -> torch.optim.AdamW:
    """Of a phase: what the one before had gathered is left behind."""
    return torch.optim.AdamW(parameters, weight_decay=0.0, betas=(0.9, 0.98))


def padded_turns(turns: Sequence[Turn]) -> tuple[Tensor, Tensor]:
    """(ids, attention mask), padded on the right."""
    longest = max(len(turn.ids) for turn in turns)
    ids = torch.zeros(len(turns), longest, dtype=torch.long)
    mask = torch.zeros(len(turns), longest, dtype=torch.long)
    for row, turn in enumerate(turns):
        ids[row, : len(turn.ids)] = torch.tensor(turn.ids)
        mask[row, : len(turn.ids)] = 1
    return ids, mask


def answer_loss(model: PreTrainedModel, turns: Sequence[Turn], recipe: GemmaRecipe, rng: random.Random) -> Tensor:
    ids, mask = padded_turns(turns)
    with pushed(model.model.layers, turns, recipe, rng):
        hidden = model.model(input_ids=ids, attention_mask=mask).last_hidden_state
    rows: list[int] = []
    places: list[int] = []
    weights: list[float] = []
    for row, turn in enumerate(turns):
        n_answer = len(turn.ids) - turn.n_prompt
        rows += [row] * n_answer
        places += range(turn.n_prompt - 1, len(turn.ids) - 1)
        weights += [recipe.first_token_weight] + [1.0] * (n_answer - 1)
    at, place, weight = torch.tensor(rows), torch.tensor(places), torch.tensor(weights)
    logits = model.lm_head(hidden[at, place]).float()
    losses = nn.functional.cross_entropy(logits, ids[at, place + 1], reduction="none")
    return (losses * weight).sum() / weight.sum()


def tune(
    model: PreTrainedModel, turns: Turns, recipe: GemmaRecipe, folder: Path, until: int, say: Callable[[str], None]
) -> int:
    """Goes on to step `until`, or to the end; returns the step it stands at. The folder holds state and deltas."""
    torch.manual_seed(turns.seed)
    parameters = put_on(model, recipe.rank, recipe.scale, turns.seed)
    optimizer = new_optimizer(parameters)
    state, step = folder / "state.pt", 0
    folder.mkdir(parents=True, exist_ok=True)
    if state.exists():
        kept = torch.load(state, weights_only=True)
        step = int(kept["step"])
        optimizer.load_state_dict(kept["optimizer"])
        with torch.no_grad():
            for parameter, value in zip(parameters, kept["parameters"], strict=True):
                parameter.copy_(value)
    model.train()
    began, losses = time.monotonic(), []
    while step < min(until, recipe.steps):
        if recipe.phase_at(step)[1] == 0:
            optimizer = new_optimizer(parameters)
        optimizer.param_groups[0]["lr"] = rate_at(recipe, step)
        loss = answer_loss(model, turns.step(step), recipe, random.Random(f"pushes {turns.seed} {step}"))
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))
        step += 1
        if step % 5 == 0 or step == recipe.steps:
            say(f"step {step}: loss {sum(losses[-5:]) / len(losses[-5:]):.3f}, {time.monotonic() - began:.0f} s")
        if step % recipe.check_every == 0 or step in (until, recipe.steps):
            beside = state.with_suffix(".unfinished")
            values = [parameter.detach() for parameter in parameters]
            torch.save({"step": step, "optimizer": optimizer.state_dict(), "parameters": values}, beside)
            beside.rename(state)
            save_delta(model, folder / f"step-{step}.safetensors", recipe.base_sha256)
    model.eval()
    return step
