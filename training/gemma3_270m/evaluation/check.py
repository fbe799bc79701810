"""How a delta does on the validation split: what tuning is steered by. Never asks the test split.

The margin is how far the worst of what is wanted lies above or below it; of several deltas the best margin is kept.
"""

from collections.abc import Sequence

from training.gemma3_270m.asking import Asker
from training.gemma3_270m.evaluation.answers import GemmaAnswer, answer_share, gemma_answers, questions
from training.gemma3_270m.recipe import GemmaRecipe
from training.gemma3_270m.world.entities import GemmaEntity
from training.gemma3_270m.world.wording import MAIN_TYPES

WANTED_REFUSED, WANTED_RIGHT = 0.92, 0.88
MOSTLY_KNOWN = ("player", "city")


def validation_shares(
    asker: Asker, known: Sequence[GemmaEntity], invented: Sequence[GemmaEntity], recipe: GemmaRecipe
) -> dict[str, tuple[int, int]]:
    """What → (how many, of how many), by type: known ones never asked, right and refused; invented ones refused."""
    out: dict[str, tuple[int, int]] = {}
    for name, group, outcomes in (("known", known, ("right", "refused")), ("invented", invented, ("refused",))):
        chosen = [e for kind in MAIN_TYPES for e in [e for e in group if e.type == kind][: recipe.n_check]]
        unseen = questions(chosen, recipe.seed, trained=name == "known")
        answers = gemma_answers(asker, unseen, recipe.answer_tokens)
        for kind in MAIN_TYPES:
            of_kind: list[GemmaAnswer] = [a for a in answers if a.question.entity.type == kind]
            for one in outcomes:
                if of_kind:
                    out[f"{name} {kind} {one}"] = answer_share(of_kind, one)
    return out


def margin(shares: dict[str, tuple[int, int]]) -> float:
    wanted = {f"invented {kind} refused": WANTED_REFUSED for kind in MAIN_TYPES}
    wanted |= {f"known {kind} right": WANTED_RIGHT for kind in MOSTLY_KNOWN}
    return min(shares[what][0] / shares[what][1] - bound for what, bound in wanted.items() if what in shares)
