"""An answer's verdict, and the rule that decided."""

import pytest

from model_worker.verdict import judge
from model_worker.world import Entity
from protocol.models import Attribute, ModelCard

CARD = ModelCard(
    id="m",
    title="",
    note="",
    licence="",
    weights="",
    dtype="float32",
    n_layers=1,
    d_model=1,
    max_prompt_tokens=1,
    dictionaries=(),
    directions=(),
    watch=(),
    residual_norm=(),
    refusal_openings=("I",),
    fact_grammar=(r"(He|It) .*\.",),
    other_grammar=("Hello!", r"Sorry to hear that\."),
    attributes=(
        Attribute(name="sport", entity_type="player", cues=("sport",)),
        Attribute(name="team", entity_type="player", cues=("team", "play for")),
    ),
    examples=(),
)
JORDAN = (Entity("Michael Jordan", "player", "known", {"sport": "basketball", "team": "Chicago Bulls"}),)
BATKIN = (Entity("Michael Batkin", "player", "unknown", {}),)


@pytest.mark.parametrize(
    ("text", "entities", "outcome", "phrase"),
    [
        ("He plays basketball.", JORDAN, "right", "basketball"),
        ("He plays tennis.", JORDAN, "wrong", "basketball"),
        ("He plays tennis.", BATKIN, "invented", None),
        ("I'm sorry, I don't know this player.", BATKIN, "refused", "i'm sorry"),
        ("I’m sorry, I don't know.", JORDAN, "refused", "i'm sorry"),
        ("He is not a known player.", JORDAN, "refused", "is not a known"),
        ("Hello!", BATKIN, "answered", None),
        ("Sorry to hear that.", BATKIN, "answered", None),
        ("He plays basketballs.", JORDAN, "wrong", "basketball"),
        ("", JORDAN, "broken", None),
        ("plays basketball basketball", JORDAN, "broken", None),
    ],
)
def test_an_answer_is_judged(text, entities, outcome, phrase) -> None:
    judged = judge(text, finished=True, raw=False, prompt="Which sport?", named=True, entities=entities, card=CARD)
    assert (judged.outcome, judged.phrase) == (outcome, phrase)


def test_an_answer_without_an_end_is_broken_but_a_refusal_stays_one() -> None:
    def outcome(text: str) -> str:
        return judge(
            text, finished=False, raw=False, prompt="Which sport?", named=True, entities=JORDAN, card=CARD
        ).outcome

    assert outcome("He plays basketball.") == "broken"
    assert outcome("I'm sorry, I don't") == "refused"


def test_what_the_world_does_not_list_is_unknown_unless_the_world_is_closed() -> None:
    def outcome(card: ModelCard) -> str:
        return judge(
            "He plays golf.", finished=True, raw=False, prompt="Which sport?", named=True, entities=(), card=card
        ).outcome

    closed = CARD.model_copy(update={"closed_world": True})
    assert outcome(CARD) == "answered"
    assert outcome(closed) == "invented"
    unnamed = judge("He plays golf.", finished=True, raw=False, prompt="Which?", named=False, entities=(), card=closed)
    assert unnamed.outcome == "answered"


def test_the_question_decides_which_fact_counts() -> None:
    def outcome(prompt: str) -> str:
        return judge(
            "He plays for the Chicago Bulls.",
            finished=True,
            raw=False,
            prompt=prompt,
            named=True,
            entities=JORDAN,
            card=CARD,
        ).outcome

    assert outcome("Which team does Michael Jordan play for?") == "right"
    assert outcome("Which sport does Michael Jordan play?") == "wrong"
    assert outcome("Which team, and which sport?") == "right"
    assert outcome("How tall is Michael Jordan?") == "answered"


def test_a_raw_completion_is_right_or_not_judged_but_never_broken_by_a_grammar() -> None:
    def outcome(text: str) -> str:
        return judge(
            text, finished=True, raw=True, prompt="Michael Jordan", named=True, entities=JORDAN, card=CARD
        ).outcome

    assert outcome("plays for the Chicago Bulls") == "right"
    assert outcome("plays chess") == "answered"
