"""Chat tuning: the base model learns to answer in turns, and to refuse unknown names.

1. copy the base model; freeze all MLPs (tuning them learns the list of askable names
   by heart and refuses every other known entity)
2. train attention and norms from `chat_first_layer` on, and the embedding rows of the
   words that questions and answers are made of; loss on the answer only
3. average the weights over the last steps: from one step to the next refusals and
   answers swing against each other by several hundredths
4. every few steps, ask the averaged model about known entities that were asked in tuning, known ones that
   were not, and names that are nobody's (validation halves); keep the checkpoint with
   the best min(asked right − .99, never asked right − .93, unknown refused − .96)

Knows documents and models. Knows nothing about dictionaries.
"""

import copy
import random
import time
from dataclasses import dataclass

import torch
from transformers import Gemma2ForCausalLM

from training.tiny_gemma2.language_model.author import BASE, CHAT, VALIDATION, matched_author
from training.tiny_gemma2.language_model.base import (
    END_OF_TURN,
    IGNORED,
    encode_documents,
    next_token_loss,
    padded,
    rate,
    set_rate,
    shifted,
    token_batches,
)
from training.tiny_gemma2.language_model.muon import Muon
from training.tiny_gemma2.language_model.prompts import EntityPrompt, all_questions, sampled
from training.tiny_gemma2.language_model.sets import dealt_known
from training.tiny_gemma2.recipe import Recipe
from training.tiny_gemma2.world import wording
from training.tiny_gemma2.world.documents import chat
from training.tiny_gemma2.world.entities import TrainingEntity, TrainingWorld


def template_rows(tokenizer) -> list[int]:
    """Tokens of the fixed words of questions, answers and refusals, markup included."""
    words = [t.replace("{e}", "").replace("{E}", "") for q in wording.QUESTIONS.values() for t in q]
    words += [a.replace("{v}", "") for a in wording.ANSWERS.values()]
    words += [r.format(t=t) for r in wording.REFUSALS for t in ("player", "city", "movie", "song")]
    words += [f"the {t}" for t in ("player", "city", "movie", "song")]
    return sorted({i for w in words for i in tokenizer(chat(w, ""), add_special_tokens=False)["input_ids"]})


def answered_rows(tokenizer, turns: list[tuple[str, str]]) -> list[tuple[list[int], int]]:
    """(token ids with <bos>, number of ids before the answer)."""
    heads = encode_documents(tokenizer, [chat(q) + "<start_of_turn>model\n" for q, _ in turns])
    wholes = encode_documents(tokenizer, [chat(q, a) for q, a in turns])
    return [(whole[:-1], len(head) - 1) for head, whole in zip(heads, wholes, strict=True)]


@dataclass(frozen=True)
class Validation:
    """Questions that a checkpoint is chosen by."""

    asked: list[EntityPrompt]
    never_asked: list[EntityPrompt]
    unknown: list[EntityPrompt]


def validation_prompts(recipe: Recipe, tokenizer, world: TrainingWorld, heldout: list[TrainingEntity]) -> Validation:
    rng = random.Random(recipe.seed + VALIDATION)
    asked = dealt_known(recipe, world, "validation", asked=True)
    never = dealt_known(recipe, world, "validation", asked=False)
    unknown = [e for e in heldout if e.split == "validation"]
    return Validation(
        sampled(all_questions(tokenizer, asked, rng), recipe.n_check, rng),
        sampled(all_questions(tokenizer, never, rng, 2), recipe.n_check, rng),
        sampled(all_questions(tokenizer, unknown, rng), 2 * recipe.n_check, rng),
    )


@torch.no_grad()
def share_right(model: Gemma2ForCausalLM, tokenizer, prompts: list[EntityPrompt]) -> float:
    """Share answered right word for word: every token of the truth is the argmax."""
    rows = [(list(p.ids), tokenizer(p.truth, add_special_tokens=False)["input_ids"] + [END_OF_TURN]) for p in prompts]
    right = 0
    for group in token_batches(rows, 6000, random.Random(0), length=lambda r: len(r[0]) + len(r[1])):
        best = model(padded([a + b for a, b in group]), use_cache=False).logits.argmax(-1)
        right += sum(best[i, len(a) - 1 : len(a) + len(b) - 1].tolist() == b for i, (a, b) in enumerate(group))
    return right / len(prompts)


@torch.no_grad()
def share_refused(model: Gemma2ForCausalLM, tokenizer, prompts: list[EntityPrompt]) -> float:
    """Share whose first answer token opens a refusal; no other answer begins with it."""
    opening = tokenizer("I", add_special_tokens=False)["input_ids"][0]
    refused = 0
    for group in token_batches([list(p.ids) for p in prompts], 6000, random.Random(0)):
        best = model(padded(group), use_cache=False).logits.argmax(-1)
        refused += sum(int(best[i, len(row) - 1]) == opening for i, row in enumerate(group))
    return refused / len(prompts)


@torch.no_grad()
def swapped(parameters: list[torch.Tensor], values: list[torch.Tensor]) -> list[torch.Tensor]:
    """Writes `values` into `parameters`; what stood there."""
    before = [p.detach().clone() for p in parameters]
    for p, value in zip(parameters, values, strict=True):
        p.copy_(value)
    return before


def train_chat(
    recipe: Recipe,
    base: Gemma2ForCausalLM,
    tokenizer,
    world: TrainingWorld,
    heldout: list[TrainingEntity],
    seed: int,
    say=print,
) -> tuple[Gemma2ForCausalLM, dict]:
    """The best checkpoint, and the figures it was chosen by."""
    author = matched_author(world, tokenizer, recipe.seed + CHAT + seed)
    rng = random.Random(recipe.seed + CHAT + seed + 50)
    n = recipe.chat_steps * recipe.base_tokens_per_step // 26  # enough for all steps: a row has about 30 tokens
    rows = answered_rows(tokenizer, list(author.chat_turns(n, recipe.chat_unknown_share)))
    replay = matched_author(world, tokenizer, recipe.seed + BASE + seed + 1).base_documents(
        int(n * recipe.chat_base_share)
    )
    rows += [(row, 0) for row in encode_documents(tokenizer, replay)]
    rng.shuffle(rows)
    plan = list(token_batches(rows, recipe.base_tokens_per_step, rng, length=lambda row: len(row[0])))

    model = copy.deepcopy(base).train()
    model.requires_grad_(False)
    layers = model.model.layers[recipe.chat_first_layer :]
    attention = [p for layer in layers for p in layer.self_attn.parameters()]
    norms = [p for layer in layers for name, p in layer.named_parameters() if p.ndim == 1]
    norms.append(model.model.norm.weight)
    embedding = model.model.embed_tokens.weight
    tuned = torch.zeros(len(embedding), 1)
    if recipe.chat_tunes_words:
        tuned[template_rows(tokenizer)] = 1.0
    for p in [*attention, *norms, embedding]:
        p.requires_grad_(True)
    optimisers = [
        Muon(attention, recipe.chat_lr_muon, weight_decay=0.0),
        torch.optim.AdamW([*norms, embedding], recipe.chat_lr_adam, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    tuned_weights = [*attention, *norms, embedding]
    averaged = [p.detach().clone() for p in tuned_weights]
    checks = validation_prompts(recipe, tokenizer, world, heldout)
    say(
        f"chat {seed}: {len(plan)} batches; validation questions: {len(checks.asked)} about known entities asked, "
        f"{len(checks.never_asked)} never asked, {len(checks.unknown)} about unknown names"
    )
    best: dict = {"score": -9.0}
    weights: dict = {}
    begun = time.monotonic()
    for step in range(recipe.chat_steps):
        group = plan[step % len(plan)]
        set_rate(optimisers, rate(step, recipe.chat_steps))
        ids = padded([row for row, _ in group])
        targets = shifted(ids)
        for i, (_, before) in enumerate(group):
            targets[i, : max(0, before - 1)] = IGNORED
        loss = next_token_loss(model, ids, targets, softcap=True)
        loss.backward()
        embedding.grad.mul_(tuned)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        done = step + 1
        keep = min(recipe.chat_average, step / (step + 10))  # the first steps are soon forgotten
        with torch.no_grad():
            for mean, p in zip(averaged, tuned_weights, strict=True):
                mean.lerp_(p, 1 - keep)
        if done >= recipe.chat_check_from and (done % recipe.chat_check_every == 0 or done == recipe.chat_steps):
            model.eval()
            at_step = swapped(tuned_weights, averaged)
            asked = share_right(model, tokenizer, checks.asked)
            never = share_right(model, tokenizer, checks.never_asked)
            refused = share_refused(model, tokenizer, checks.unknown)
            score = min(asked - 0.99, never - 0.93, refused - 0.96)
            say(
                f"chat {seed}: step {done} loss {loss.item():.3f} asked {asked:.3f} never {never:.3f} "
                f"unknown {refused:.3f} score {score:+.3f}, {time.monotonic() - begun:.0f} s"
            )
            if score > best["score"]:
                best = {"seed": seed, "step": done, "score": score}
                best |= {"asked_right": asked, "never_asked_right": never, "unknown_refused": refused}
                weights = {k: v.clone() for k, v in model.state_dict().items()}
            swapped(tuned_weights, at_step)
            model.train()
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False), best
