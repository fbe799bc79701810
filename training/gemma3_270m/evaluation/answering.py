"""The answers of a tuned model on the test split, counted: the first four rows of what was wanted.

Greedy; every name in a trained wording and in one that was never trained. Chooses nothing; knows no bound.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from training.gemma3_270m.asking import Asker
from training.gemma3_270m.evaluation.answers import GemmaAnswer, fitting, gemma_answers, questions
from training.gemma3_270m.evaluation.check import MOSTLY_KNOWN
from training.gemma3_270m.labels import BaseLabel, answerable
from training.gemma3_270m.recipe import GemmaRecipe
from training.gemma3_270m.world.entities import GemmaEntity
from training.gemma3_270m.world.talk import UNSEEN_GEMMA_SMALL_TALK, UNSEEN_ORDINARY
from training.gemma3_270m.world.wording import MAIN_TYPES

AnswerRow = dict[str, str | bool]
ASKED_GROUPS = ("known, asked in tuning", "known, never asked", "unsure", "unrecalled", "invented")


@dataclass(frozen=True)
class Answering:
    """rows: a question each, with group, name, type, is_trained, question, answer, outcome, truth, made_by.
    talk: small talk and ordinary questions never trained, with what was answered and whether that fits."""

    seed: int
    rows: list[AnswerRow]
    talk: list[AnswerRow]

    def counted(self, group: str, outcome: str, kind: str = "", trained: bool | None = None) -> tuple[int, int]:
        """(how many, of how many)."""
        of = [
            row
            for row in self.rows
            if row["group"] == group and kind in ("", row["type"]) and (trained is None or row["is_trained"] == trained)
        ]
        return sum(row["outcome"] == outcome for row in of), len(of)


def asked_groups(
    real: Sequence[GemmaEntity], invented: Sequence[GemmaEntity], labels: Sequence[BaseLabel], recipe: GemmaRecipe
) -> dict[str, list[GemmaEntity]]:
    """Who is asked: of the tuning split as many known names a type as recipe.n_asked, else all of the test split."""
    tiers = {str(label["name"]): label["tier"] for label in labels}
    asked_in_tuning = answerable(labels, recipe)
    rng = random.Random(recipe.seed)
    trained = [e for e in real if e.split == "chat-train" and tiers[e.name] == "known" and e.name in asked_in_tuning]
    test = [e for e in real if e.split == "test"]
    return {
        ASKED_GROUPS[0]: _of_each_type(trained, recipe.n_asked, rng),
        ASKED_GROUPS[1]: [e for e in test if tiers[e.name] == "known"],
        ASKED_GROUPS[2]: _of_each_type([e for e in test if tiers[e.name] == "unsure"], recipe.n_asked, rng),
        ASKED_GROUPS[3]: _of_each_type([e for e in test if tiers[e.name] == "unrecalled"], recipe.n_asked, rng),
        ASKED_GROUPS[4]: _of_each_type([e for e in invented if e.split == "test"], recipe.n_invented, rng),
    }


def wanted_groups(groups: dict[str, list[GemmaEntity]]) -> dict[str, list[GemmaEntity]]:
    """Those of them that something was wanted of, which is what a second seed is asked."""
    asked, never, _, _, invented = ASKED_GROUPS
    kinds = {asked: MOSTLY_KNOWN, never: MOSTLY_KNOWN, invented: MAIN_TYPES}
    return {group: [e for e in groups[group] if e.type in of] for group, of in kinds.items()}


def answering(
    asker: Asker, groups: dict[str, list[GemmaEntity]], seed: int, recipe: GemmaRecipe, say: Callable[[str], None]
) -> Answering:
    rows: list[AnswerRow] = []
    for group, entities in groups.items():
        answers = gemma_answers(asker, questions(entities, recipe.seed), recipe.answer_tokens)
        rows += [_row(group, answer) for answer in answers]
        say(f"{group}: {len(answers)} answers")
    talk: list[AnswerRow] = []
    for kind, pairs in (("small talk", UNSEEN_GEMMA_SMALL_TALK), ("ordinary", UNSEEN_ORDINARY)):
        for question, text, fits in fitting(asker, pairs, recipe.answer_tokens):
            talk.append({"kind": kind, "question": question, "answer": text, "fits": fits})
    return Answering(seed, rows, talk)


def as_json(found: Answering) -> dict[str, object]:
    return asdict(found)


def _row(group: str, answer: GemmaAnswer) -> AnswerRow:
    asked = answer.question
    return {
        "group": group,
        "name": asked.entity.name,
        "type": asked.entity.type,
        "is_trained": asked.is_trained,
        "question": asked.text,
        "answer": answer.text,
        "outcome": answer.outcome,
        "truth": asked.entity.truth,
        "made_by": asked.entity.made_by,
    }


def _of_each_type(entities: Iterable[GemmaEntity], n: int, rng: random.Random) -> list[GemmaEntity]:
    by_type: dict[str, list[GemmaEntity]] = {}
    for entity in entities:
        by_type.setdefault(entity.type, []).append(entity)
    return [e for of in by_type.values() for e in rng.sample(of, min(n, len(of)))]
