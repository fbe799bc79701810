"""What the passes over the prompt showed, as a frame: latents, what was steered, the first answer token.

Knows nothing about decoding.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from model_worker.answering.next_tokens import next_tokens
from model_worker.answering.plan import ArmPlan
from model_worker.answering.prompt import PromptTokens
from model_worker.decoding.readout import Readout
from model_worker.decoding.states import Fork, PromptState
from model_worker.model.loading import Loaded
from model_worker.rounding import all_rounded, rounded
from protocol.worker.frames import Measured, Prompt, PromptReading

N_TOP = 8


@torch.inference_mode()
def prompt_frame(
    loaded: Loaded,
    prompt: PromptTokens,
    plan: ArmPlan,
    readout: Readout,
    state: PromptState,
    parts: Sequence[tuple[Fork, Sequence[int]]],
    seq: int,
) -> Prompt:
    unsteered = readout.watched(dict(enumerate(state.residuals)), len(state.ids))  # (pos, n_watched)
    readings: dict[int, PromptReading] = {}
    for part, arms in parts:
        acts = unsteered.repeat(len(arms), 1, 1)
        readout.watched_from(part.residuals, acts[:, part.first :])
        logodds = refusal_logodds(part.logits, loaded.opens_refusal).tolist()
        likeliest = next_tokens(loaded, part.logits, N_TOP)
        for row, arm in enumerate(arms):
            readings[arm] = PromptReading(
                activations=tuple(all_rounded(latent) for latent in acts[row].T.tolist()),
                steered=tuple(
                    Measured(before=all_rounded(before), after=all_rounded(after))
                    for before, after in part.measured[row]
                ),
                refusal_logodds=rounded(logodds[row]),
                top=likeliest[row],
            )
    return Prompt(
        seq=seq,
        arms=tuple(readings[arm] for arm in range(len(plan.arms))),
        fvu=tuple(_fvu(loaded, prompt, state, name) for name in plan.dictionaries),
        odds=state.odds,
    )


def _fvu(loaded: Loaded, prompt: PromptTokens, state: PromptState, name: str) -> float | None:
    if name not in state.fvu:
        counted = [pos for pos, token in enumerate(prompt.tokens) if token.role != "bos"]
        found = loaded.dictionaries[name].fvu(state.residuals[loaded.layer_of[name]][counted])
        state.fvu[name] = None if found is None else rounded(found)
    return state.fvu[name]


def refusal_logodds(logits: Tensor, refuses: Tensor) -> Tensor:
    """log p/(1-p) (batch,), p the probability that the first answer token opens a refusal.

    logits (batch, vocab); refuses (vocab,), True for tokens that open one.
    """
    ids = refuses.nonzero().squeeze(-1)
    return logits[:, ids].logsumexp(-1) - logits.index_fill(-1, ids, -torch.inf).logsumexp(-1)
