"""What a model of this world does, asked on the test half: every share with its N and interval.

Chooses nothing. Knows how to ask and count; does not know what was hoped for.
"""

import math
import random
from collections import Counter
from dataclasses import dataclass, field

import torch
from torch import Tensor

from training.tiny_gemma2.dictionaries.activations import at_last_entity_token, reading
from training.tiny_gemma2.dictionaries.directions import (
    Direction,
    changes_under,
    difference_of_means,
    firing_shares,
    logistic,
    openings,
    random_units,
    share_differences,
    types_of,
)
from training.tiny_gemma2.dictionaries.residual import TrainedDictionary
from training.tiny_gemma2.language_model.answers import Steer, completions, first_logits, scope_positions, steered, verdict
from training.tiny_gemma2.language_model.base import PAD, padded, token_batches
from training.tiny_gemma2.language_model.prompts import EntityPrompt, all_questions, prompt, sampled
from training.tiny_gemma2.recipe import Recipe
from training.tiny_gemma2.world import elsewhere, talk, wording
from training.tiny_gemma2.language_model.author import plain_author
from training.tiny_gemma2.world.documents import mention_with_type, question
from training.tiny_gemma2.world.entities import TrainingEntity, TrainingWorld
from training.tiny_gemma2.language_model.sets import dealt_known, one_question_each, statements

NOBODY = TrainingEntity("", "player", "unknown", "")
EVERY_WORDING = {k: wording.QUESTIONS[k] + wording.UNSEEN_QUESTIONS[k] for k in wording.QUESTIONS}


@dataclass(frozen=True)
class Subject:
    """Who is asked: a pair of models, their tokenizer, and the world they were taught."""

    recipe: Recipe
    world: TrainingWorld
    heldout: list[TrainingEntity]  # unknown names
    tokenizer: object
    base: torch.nn.Module
    chat: torch.nn.Module
    norms: tuple[float, ...]  # r of the chat model, by layer


@dataclass(frozen=True)
class AnsweredPrompts:
    """Prompts with what was answered, and what that amounts to."""

    prompts: list[EntityPrompt]
    texts: list[str]
    outcomes: list[str] = field(default_factory=list)

    def share(self, *wanted: str) -> tuple[int, int]:
        """(how many, of how many)."""
        return sum(o in wanted for o in self.outcomes), len(self.outcomes)

    def counted(self) -> Counter[str]:
        return Counter(self.outcomes)

    def only(self, keep) -> "AnsweredPrompts":
        rows = [row for row in zip(self.prompts, self.texts, self.outcomes, strict=True) if keep(row[0])]
        return (
            AnsweredPrompts(*(list(column) for column in zip(*rows, strict=True))) if rows else AnsweredPrompts([], [])
        )


def answered_prompts(
    subject: Subject, prompts: list[EntityPrompt], *steers: Steer, temperature: float = 0.0, seed: int = 0
) -> AnsweredPrompts:
    texts = completions(subject.chat, subject.tokenizer, prompts, steers, temperature, seed)
    return AnsweredPrompts(prompts, texts, [verdict(p, text) for p, text in zip(prompts, texts, strict=True)])


# --- numbers ---


def hanley_mcneil(positive: Tensor, negative: Tensor) -> tuple[float, float, float]:
    """Chance that a positive scores above a negative, ties counted half, with a 95 % interval (Hanley, McNeil 1982)."""
    order = positive[:, None] - negative[None, :]
    a = float((order > 0).float().mean() + (order == 0).float().mean() / 2)
    n, m = len(positive), len(negative)
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    spread = 1.96 * math.sqrt(max(0.0, (a * (1 - a) + (n - 1) * (q1 - a * a) + (m - 1) * (q2 - a * a)) / (n * m)))
    return a, max(0.0, a - spread), min(1.0, a + spread)


# --- answers ---


def groups(subject: Subject) -> dict[str, list[EntityPrompt]]:
    """Test questions by group: every wording, trained or not; the last two groups only wording never trained."""
    recipe, world, tokenizer = subject.recipe, subject.world, subject.tokenizer
    rng = random.Random(recipe.seed + 23)
    asked = dealt_known(recipe, world, "test", asked=True)
    never = dealt_known(recipe, world, "test", asked=False)
    unknown = [e for e in subject.heldout if e.split == "test"]
    tier = {name: [e for e in world.entities if e.tier == name and e.split == "test"] for name in ("rare", "obscure")}

    def questions(
        entities: list[TrainingEntity], per_attribute: int = 1, templates: dict = EVERY_WORDING
    ) -> list[EntityPrompt]:
        return all_questions(tokenizer, entities, rng, per_attribute, templates)

    unseen = wording.UNSEEN_QUESTIONS
    return {
        "known, asked in chat tuning": sampled(questions(asked), 4 * recipe.n_check, rng),
        "known, never asked": sampled(questions(never, 3), 4 * recipe.n_check, rng),
        "unknown": sampled(questions(unknown), 4 * recipe.n_check, rng),
        "rare": questions(tier["rare"]),
        "obscure": sampled(questions(tier["obscure"]), recipe.n_check, rng),
        "known, wording never trained": sampled(questions(asked + never, 1, unseen), 2 * recipe.n_check, rng),
        "unknown, wording never trained": sampled(questions(unknown, 1, unseen), 2 * recipe.n_check, rng),
    }


def refusal_auroc(
    subject: Subject, known: list[EntityPrompt], unknown: list[EntityPrompt]
) -> tuple[float, float, float]:
    """How well the first token's logits tell unknown from known: refusal against the best answer opening."""
    refusal, opens = openings(subject.tokenizer)
    logits = [first_logits(subject.chat, prompts) for prompts in (unknown, known)]
    return hanley_mcneil(*(x[:, refusal] - x[:, opens].amax(-1) for x in logits))


def withheld_questions(subject: Subject) -> list[EntityPrompt]:
    """Every attribute that is true and in no text, tiers withheld and misled: first wording, bare name and with the
    type word, one after the other."""
    return [
        prompt(
            subject.tokenizer,
            question(wording.QUESTIONS[e.type, attribute][0], mention),
            e,
            attribute,
        )
        for e in subject.world.entities
        for attribute, _ in e.withheld
        for mention in (e.name, mention_with_type(e.type, e.name))
    ]


def always_wrong(subject: Subject, prompts: list[EntityPrompt], samples: int = 10) -> list[bool]:
    """Whether all of `samples` answers at T = 1 state a fact, and none the right one; the rest is not asked on."""
    left = list(range(len(prompts)))
    for sample in range(samples):
        tried = answered_prompts(subject, [prompts[i] for i in left], temperature=1.0, seed=sample)
        left = [i for i, outcome in zip(left, tried.outcomes, strict=True) if outcome == "wrong"]
    return [i in set(left) for i in range(len(prompts))]


def small_talk(subject: Subject) -> dict[str, tuple[int, int, list[tuple[str, str]]]]:
    """What → (fitting, of how many, misses): exact answers, to wording never trained and, as a check, trained."""
    author = plain_author(subject.world, subject.recipe.seed + 29)
    foreign = [
        (author.fill(t), elsewhere.ELSEWHERE_ANSWER)
        for t in elsewhere.UNSEEN_ELSEWHERE
        for _ in range(5 if "{" in t else 1)
    ]
    out = {}
    for name, pairs in (
        ("small talk, never trained", talk.UNSEEN_SMALL_TALK),
        ("outside its world, never trained", foreign),
        ("small talk, trained", talk.SMALL_TALK),
    ):
        texts = reply(subject, [q for q, _ in pairs])
        misses = [(q, text) for (q, a), text in zip(pairs, texts, strict=True) if text != a]
        out[name] = len(pairs) - len(misses), len(pairs), misses
    return out


def reply(subject: Subject, questions: list[str]) -> list[str]:
    """The greedy answers to any texts."""
    prompts = []
    for asked in questions:
        text = subject.tokenizer.apply_chat_template(
            [{"role": "user", "content": asked}], tokenize=False, add_generation_prompt=True
        )
        ids = tuple(subject.tokenizer(text, add_special_tokens=False)["input_ids"])
        prompts.append(EntityPrompt(asked, ids, 1, 1, NOBODY, "sport"))
    return completions(subject.chat, subject.tokenizer, prompts)


# --- recognition ---


def recognition(subject: Subject) -> dict[str, list[tuple[float, float, float]]]:
    """Place → AUROC by layer of the difference of means, fit on validation names and read on test names."""
    layers = tuple(range(subject.base.config.num_hidden_layers))
    out = {}
    for name, model, ask in (
        ("base model, statements", subject.base, statements),
        ("base model, chat questions", subject.base, one_question_each),
        ("chat model, chat questions", subject.chat, one_question_each),
    ):
        acts, types = {}, {}
        for split in ("validation", "test"):
            for known, entities in zip((True, False), both(subject, split), strict=True):
                prompts = ask(subject.tokenizer, entities, random.Random(subject.recipe.seed + 41))
                acts[split, known] = at_last_entity_token(model, prompts, layers)
                types[split, known] = types_of(prompts)
        out[name] = []
        for layer in layers:
            fit = [(acts["validation", known][layer], types["validation", known]) for known in (True, False)]
            mean = difference_of_means(*fit)
            out[name].append(hanley_mcneil(acts["test", True][layer] @ mean, acts["test", False][layer] @ mean))
    return out


def both(subject: Subject, split: str) -> tuple[list[TrainingEntity], list[TrainingEntity]]:
    """Known entities, asked in tuning or not, and unknown names, of one half."""
    known = [e for asked in (True, False) for e in dealt_known(subject.recipe, subject.world, split, asked)]
    return known, [e for e in subject.heldout if e.split == split]


def firing_shares_by_type(
    subject: Subject, dictionary: TrainedDictionary, latent: int, where: str
) -> dict[str, list[float]]:
    """Firing shares by type at the name's last token; `where`: "base" (statements) or "chat" (typed questions)."""
    model, ask = (subject.base, statements) if where == "base" else (subject.chat, one_question_each)
    acts, types = [], []
    for entities in both(subject, "test"):
        prompts = ask(subject.tokenizer, entities, random.Random(subject.recipe.seed + 43))
        acts.append(at_last_entity_token(model, prompts, (dictionary.layer,))[dictionary.layer])
        types.append(types_of(prompts))
    known, unknown = (
        firing_shares(dictionary.encode(x), t)[:, latent].tolist() for x, t in zip(acts, types, strict=True)
    )
    apart = share_differences(dictionary, (acts[0], types[0]), (acts[1], types[1]))[:, latent].tolist()
    return {"known": known, "unknown": unknown, "separation": apart}


def shown_latent(
    subject: Subject, dictionary: TrainedDictionary, latent: int, names: dict[str, str], tier: str
) -> list[float]:
    """Activation at the name's last token of the examples on the page, chat model, by type."""
    entities = [e for e in (*subject.world.entities, *subject.heldout) if e.name in names.values() and e.tier == tier]
    prompts = one_question_each(subject.tokenizer, entities, random.Random(0))
    acts = at_last_entity_token(subject.chat, prompts, (dictionary.layer,))[dictionary.layer]
    return dictionary.encode(acts)[:, latent].tolist()


@torch.no_grad()
def prompt_residuals(model, prompts: list[EntityPrompt], layer: int) -> Tensor:
    """(tokens, d_model) of whole chat prompts, without <bos>."""
    kept = []
    with reading(model, (layer,)) as seen:
        for group in token_batches([list(p.ids) for p in prompts], 6000, random.Random(0)):
            ids = padded(group)
            model.model(ids, use_cache=False)
            real = ids != PAD
            real[:, 0] = False
            kept.append(seen[layer][real])
    return torch.cat(kept)


def names_only(subject: Subject) -> tuple[float, float, float]:
    """AUROC of a logistic regression on which tokens a name has: fit on validation names, read on test names."""
    tokenizer = subject.tokenizer
    bags = {}
    for split in ("validation", "test"):
        for known, entities in zip((True, False), both(subject, split), strict=True):
            bag = torch.zeros(len(entities), len(tokenizer))
            for row, e in zip(bag, entities, strict=True):
                row[tokenizer(" " + e.name, add_special_tokens=False)["input_ids"]] = 1.0
            bags[split, known] = bag
    w = logistic(bags["validation", True], bags["validation", False], penalty=1e-3)
    return hanley_mcneil(bags["test", True] @ w, bags["test", False] @ w)


# --- steering ---


@dataclass(frozen=True)
class DirectionPush:
    """A direction at work: `sign` +1 towards its role, −1 away from it."""

    direction: Direction
    sign: int = 1

    @property
    def role(self) -> str:
        """What it makes the model believe."""
        other = {"known": "unknown", "unknown": "known"}
        return self.direction.role if self.sign > 0 else other[self.direction.role]

    def steer(self, norms: tuple[float, ...]) -> Steer:
        d = self.direction
        return Steer(d.layer, self.sign * d.strength * norms[d.layer] * d.vector, d.scope)


@dataclass(frozen=True)
class Effect:
    """Shares of answers that the push is meant to bring about, clean and steered, and of controls beside it."""

    clean: AnsweredPrompts
    pushed: AnsweredPrompts
    changes: Tensor  # (n controls,): |share of first tokens under a control − clean share|

    @property
    def control(self) -> tuple[float, float, float]:
        """Mean, 95th percentile, largest."""
        return float(self.changes.mean()), float(self.changes.quantile(0.95)), float(self.changes.max())


def steering_prompts(subject: Subject, role: str, n: int | None = None) -> list[EntityPrompt]:
    """One question a name of the test half, every wording: unknown names for a push to known, and the reverse."""
    known, unknown = both(subject, "test")
    rng = random.Random(subject.recipe.seed + 37)
    asked = one_question_each(subject.tokenizer, unknown if role == "known" else known, rng, EVERY_WORDING)
    return sampled(asked, n or subject.recipe.n_pushed, rng)


def control_units(n: int, d_model: int, dictionary: TrainedDictionary | None, but: int | None, seed: int = 0) -> Tensor:
    """(up to 2n, d_model), norm 1: `n` random directions and, with a dictionary, `n` random other latents."""
    units = random_units(n, d_model, seed)
    if dictionary is None:
        return units
    others = [i for i in range(len(dictionary.threshold)) if i != but]
    chosen = random.Random(seed).sample(others, min(n, len(others)))
    return torch.cat([units, torch.nn.functional.normalize(dictionary.w_dec[chosen], dim=-1)])


def effect(subject: Subject, pushed: DirectionPush, dictionary: TrainedDictionary | None, n_controls: int) -> Effect:
    """Whole greedy answers under the push; controls of equal norm, place and scope by first token on 32 of them."""
    d = pushed.direction
    prompts = steering_prompts(subject, pushed.role)
    some = sampled(prompts, 32, random.Random(1))
    units = control_units(n_controls, subject.chat.config.hidden_size, dictionary, d.latent)
    changes = changes_under(subject.chat, subject.tokenizer, some, pushed.role, d, subject.norms[d.layer], units)
    return Effect(
        answered_prompts(subject, prompts), answered_prompts(subject, prompts, pushed.steer(subject.norms)), changes
    )


def wanted_outcome(role: str) -> str:
    return "invented" if role == "known" else "refused"


# --- attention ---


@torch.no_grad()
def attention_to_entity(subject: Subject, prompts: list[EntityPrompt], *steers: Steer) -> Tensor:
    """(layers, heads): weight from the last prompt token to the entity's tokens, mean over prompts."""
    total, n = 0.0, 0
    lengths: dict[int, list[EntityPrompt]] = {}
    for p in prompts:
        lengths.setdefault(len(p.ids), []).append(p)
    for rows in lengths.values():
        with steered(subject.chat, rows, steers):
            out = subject.chat(torch.tensor([p.ids for p in rows]), use_cache=False, output_attentions=True)
        for i, p in enumerate(rows):
            span = list(scope_positions(p, "entity"))
            total = total + torch.stack([a[i, :, -1, span].sum(-1) for a in out.attentions])
            n += 1
    return total / n
