"""Pretraining of the base model.

1. documents → tokens, one document a row: <bos> document <eos>
2. batches of rows of similar length, about `tokens_per_step` tokens with padding
3. Muon for the matrices inside the layers, AdamW for embeddings and norms,
   60 steps of warm-up, then linearly to 0
The loss leaves the final soft-cap out: it is monotone, so the argmax is the same,
and it costs time over the whole vocabulary.

Knows nothing about the world; it is handed documents.
"""

import random
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import Gemma2Config, Gemma2ForCausalLM

from training.tiny_gemma2.language_model.muon import Muon
from training.tiny_gemma2.recipe import Recipe

IGNORED = -100
PAD, EOS, BOS, END_OF_TURN = 0, 1, 2, 5
WARM_UP_STEPS = 60


def new_model(recipe: Recipe, vocab_size: int) -> Gemma2ForCausalLM:
    """Random weights from the recipe's seed, all of Gemma 2's own features on."""
    torch.manual_seed(recipe.seed)
    model = Gemma2ForCausalLM(
        Gemma2Config(
            vocab_size=vocab_size,
            hidden_size=recipe.d_model,
            intermediate_size=recipe.d_ff,
            num_hidden_layers=recipe.n_layers,
            num_attention_heads=recipe.n_heads,
            num_key_value_heads=recipe.n_kv_heads,
            head_dim=recipe.d_head,
            query_pre_attn_scalar=recipe.d_head,
            sliding_window=recipe.sliding_window,
            layer_types=["full_attention" if i % 2 else "sliding_attention" for i in range(recipe.n_layers)],
            attn_logit_softcapping=50.0,
            final_logit_softcapping=30.0,
            max_position_embeddings=512,
            # Gemma scales embeddings by sqrt(d_model): with the usual 0.02 they would be far
            # smaller than what the layers add, which is normed to 1
            initializer_range=recipe.d_model**-0.5,
            tie_word_embeddings=True,
            pad_token_id=PAD,
            eos_token_id=EOS,
            bos_token_id=BOS,
            attn_implementation="eager",
        )
    )
    model.generation_config.eos_token_id = [EOS, END_OF_TURN]
    return model


def encode_documents(tokenizer, documents: list[str]) -> list[list[int]]:
    """One row of token ids a document, <bos> and <eos> included."""
    rows = tokenizer(documents, add_special_tokens=False)["input_ids"]
    return [[BOS, *row, EOS] for row in rows]


def token_batches(rows: list, n_tokens: int, rng: random.Random, length=len) -> Iterator[list]:
    """All rows once, in groups of similar length, at most `n_tokens` tokens with padding.

    Sorting happens in windows of 4,096 rows, so that the order of documents stays random.
    """
    for start in range(0, len(rows), 4096):
        window = sorted(rows[start : start + 4096], key=length)
        groups: list[list] = []
        group: list = []
        for row in window:
            if group and (len(group) + 1) * length(row) > n_tokens:
                groups.append(group)
                group = []
            group.append(row)
        groups.append(group)
        rng.shuffle(groups)
        yield from groups


def padded(rows: list[list[int]], fill: int = PAD) -> Tensor:
    """(batch, pos), padded on the right: under a causal mask padding disturbs nobody."""
    width = max(map(len, rows))
    return torch.tensor([row + [fill] * (width - len(row)) for row in rows])


def next_token_loss(model: Gemma2ForCausalLM, ids: Tensor, targets: Tensor, softcap: bool) -> Tensor:
    """Mean over targets that are not IGNORED; `targets` are already shifted.

    Only positions with a target are projected on the vocabulary.
    """
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state  # (batch, pos, d_model)
    chosen = targets != IGNORED
    logits = hidden[chosen] @ model.lm_head.weight.T  # (n, vocab)
    if softcap:
        cap = model.config.final_logit_softcapping
        logits = torch.tanh(logits / cap) * cap
    return F.cross_entropy(logits, targets[chosen])


def shifted(ids: Tensor) -> Tensor:
    """The next token of every position, IGNORED where that is padding."""
    targets = torch.full_like(ids, IGNORED)
    targets[:, :-1] = torch.where(ids[:, 1:] == PAD, IGNORED, ids[:, 1:])
    return targets


def rate(step: int, n_steps: int) -> float:
    """Share of the full learning rate: warm-up, then linearly to 0."""
    return min((step + 1) / WARM_UP_STEPS, 1.0) * (1 - step / n_steps)


def set_rate(optimisers: list[torch.optim.Optimizer], share: float) -> None:
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group.setdefault("full_lr", group["lr"]) * share


def train_base(
    model: Gemma2ForCausalLM,
    tokenizer,
    documents: list[str],
    seed: int,
    tokens_per_step: int,
    lr_muon: float,
    lr_adam: float,
    say=print,
) -> Gemma2ForCausalLM:
    """`model`, after one pass over the documents."""
    rng = random.Random(seed)
    rows = encode_documents(tokenizer, documents)
    rng.shuffle(rows)
    plan = list(token_batches(rows, tokens_per_step, rng))
    matrices = [p for p in model.model.layers.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if not any(p is m for m in matrices)]
    optimisers = [
        Muon(matrices, lr_muon),
        torch.optim.AdamW(others, lr_adam, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    say(f"base: {len(rows)} documents, {sum(map(len, rows))} tokens, {len(plan)} steps")
    model.train()
    begun = time.monotonic()
    mean_loss = 0.0
    for step, group in enumerate(plan):
        set_rate(optimisers, rate(step, len(plan)))
        ids = padded(group)
        loss = next_token_loss(model, ids, shifted(ids), softcap=False)
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        mean_loss += (loss.item() - mean_loss) / min(step + 1, 50)
        if step % 50 == 49 or step == len(plan) - 1:
            say(f"base: step {step + 1}/{len(plan)} loss {mean_loss:.3f} nats, {time.monotonic() - begun:.0f} s")
    return model.eval()
