"""The counted stories: what a push does to questions by what the untouched model makes of them.

    refused → answered, right or wrong · wrong → right (repaired) · right → wrong or refused (broken) · any → refused

Each under the push and under controls of its length. Knows nothing about which push it is.
"""

from collections import Counter
from collections.abc import Sequence

from model_worker.engine import Engine
from training.gemma3_270m.steering.pushed import NamePush, NameQuestion, PushedAnswer, pushed_answers

ANSWERING = ("right", "wrong", "invented", "answered")


def moves(before: Sequence[PushedAnswer], after: Sequence[PushedAnswer]) -> Counter:
    """(outcome untouched, outcome pushed) → how many."""
    return Counter((a.outcome, b.outcome) for a, b in zip(before, after, strict=True))


def told_moves(counted: Counter) -> dict:
    """Each as "k of n"; n is how many the untouched model left in that state."""

    def of(states: Sequence[str], became: Sequence[str]) -> list[int]:
        n = sum(k for (a, _), k in counted.items() if a in states)
        return [sum(k for (a, b), k in counted.items() if a in states and b in became), n]

    return {
        "refused_to_answered": of(("refused",), ANSWERING),
        "refused_to_right": of(("refused",), ("right",)),
        "wrong_to_right": of(("wrong", "answered"), ("right",)),
        "right_to_wrong": of(("right",), ("wrong", "answered", "invented")),
        "right_to_refused": of(("right",), ("refused",)),
        "any_to_refused": of(ANSWERING, ("refused",)),
        "to_broken": of((*ANSWERING, "refused"), ("broken",)),
    }


def counted_story(
    engine: Engine, questions: Sequence[NameQuestion], pushes: dict[str, NamePush], controls: dict[str, list[NamePush]]
) -> dict:
    """By type, and "all": how many were right, wrong and refused untouched, and moves under each push and each kind of
    control, those of a kind added up."""
    untouched = pushed_answers(engine, [(q, None) for q in questions])
    asked = {name: [one] for name, one in pushes.items()} | controls
    after = {name: [pushed_answers(engine, [(q, p) for q in questions]) for p in kind] for name, kind in asked.items()}
    kinds = list(dict.fromkeys(q.named.type for q in questions))
    out: dict[str, dict] = {}
    for kind in (*kinds, "all"):
        at = [i for i, q in enumerate(questions) if kind in ("all", q.named.type)]
        before = [untouched[i] for i in at]
        out[kind] = {"untouched": dict(Counter(a.outcome for a in before))} | {
            name: told_moves(sum((moves(before, [found[i] for i in at]) for found in each), Counter()))
            for name, each in after.items()
        }
    out["answers"] = {
        q.text: [untouched[i].text, *(each[0][i].text for name, each in after.items() if name in pushes)]
        for i, q in enumerate(questions)
    }
    return out
