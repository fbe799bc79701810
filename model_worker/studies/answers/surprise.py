"""What answers cost the untouched model: their tokens' mean -log p behind the prompt, in nats.

All answers to one prompt go through the model together, behind the keys and values that the prompt left, so that it
takes one short pass instead of decoding them again. Knows nothing about who gave them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from model_worker.decoding.states import Ids, PromptState
from model_worker.model.gemma import Gemma, KeysValues
from model_worker.model.walk import behind, sight, walk


@torch.inference_mode()
def surprises(gemma: Gemma, state: PromptState, answers: Sequence[Ids]) -> list[float]:
    """Of each answer, one token at least; the token that ends it counts too."""
    first = state.logits.log_softmax(-1)
    costs = [[-first[ids[0]].item()] for ids in answers]
    longer = [place for place, ids in enumerate(answers) if len(ids) > 1]
    if longer:
        last = _behind(gemma, state, [answers[place][:-1] for place in longer])
        for place, x in zip(longer, last, strict=True):
            wanted = torch.tensor(answers[place][1:], device=gemma.device)
            # row by row: logits of a large vocabulary are the largest thing here
            logprobs = gemma.logits(x[: len(wanted)]).log_softmax(-1)
            costs[place] += (-logprobs.gather(-1, wanted.unsqueeze(-1)).squeeze(-1)).tolist()
    return [sum(own) / len(own) for own in costs]


def _behind(gemma: Gemma, state: PromptState, rows: Sequence[Ids]) -> Tensor:
    """resid_post of the last block (rows, pos, d_model); behind the end of a shorter row it means nothing."""
    n_prompt, n_pos = len(state.ids), max(map(len, rows))
    at = torch.arange(n_prompt + n_pos, device=gemma.device)

    def remember(layer: int, keys: Tensor, values: Tensor) -> KeysValues:
        return behind(state.kept(layer), keys, values)

    x = gemma.embed(torch.tensor([[*row, *[0] * (n_pos - len(row))] for row in rows], device=gemma.device))
    return walk(gemma.shape, gemma.blocks, x, sight(gemma, at[n_prompt:].unsqueeze(0), at), remember)
