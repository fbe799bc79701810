"""An answer's verdict, and the rule that decided; what counts as a refusal, by the paper's rule and by ours."""

import hashlib

import pytest

from model_worker.answering import refusal_rules
from model_worker.answering.refusal_rules import paper_phrase, refusal_phrase
from model_worker.answering.verdict import judge
from model_worker.model.registry import card_folders
from model_worker.model.world import Entity, World, read_world
from protocol.worker.models import Attribute, ModelCard
from training.tiny_gemma2.world import phrases, wording

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
        ("I'm sorry, I don't know this player.", BATKIN, "refused", "i'm sorry, i don't"),
        ("I’m sorry, I don't know.", JORDAN, "refused", "i'm sorry, i don't"),
        ("He is not a known player.", JORDAN, "refused", "is not a known"),
        ("He played the Unknown Soldier.", BATKIN, "invented", None),
        ("He plays basketball. Please note that this may have changed.", JORDAN, "right", "basketball"),
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


PLACES = World.of(
    Entity(name, "city", tier, {"country": country} if country else {})
    for name, tier, country in (
        ("Mexico City", "known", "Mexico"),
        ("Luxembourg", "known", "Luxembourg"),
        ("Lyon", "known", "France"),
        ("Accra", "known", "Ghana"),
        ("Malabo", "known", "Equatorial Guinea"),
        ("Conakry", "known", "Guinea"),
        ("Halis", "unknown", None),
    )
)
ASKING = CARD.model_copy(
    update={
        "fact_grammar": (),
        "attributes": (Attribute(name="country", entity_type="city", cues=("country", "is in")),),
    }
)


@pytest.mark.parametrize(
    ("name", "text", "outcome", "said"),
    [
        ("Lyon", "Lyon is in France.", "right", "France"),
        ("Lyon", "Lyon is in Ghana.", "wrong", "Ghana"),
        ("Lyon", "Lyon is in Atlantis.", "wrong", None),
        ("Mexico City", "Mexico City is in Mexico.", "right", "Mexico"),
        ("Mexico City", "Mexico City is in Spain.", "wrong", None),
        ("Mexico City", "It is in Mexico City, France.", "wrong", "France"),
        ("Luxembourg", "Luxembourg is in Luxembourg.", "right", "Luxembourg"),
        ("Luxembourg", "It is in Luxembourg.", "right", "Luxembourg"),
        ("Luxembourg", "Luxembourg is in France.", "wrong", "France"),
        ("Luxembourg", "The city of Luxembourg is in France.", "wrong", "France"),
        ("Conakry", "Conakry is in Equatorial Guinea.", "wrong", "Equatorial Guinea"),
        ("Malabo", "Malabo is in Equatorial Guinea.", "right", "Equatorial Guinea"),
        ("Halis", "Halis is in Ghana.", "invented", "Ghana"),
        ("Halis", "Halis is in a land of its own.", "invented", None),
    ],
)
@pytest.mark.parametrize("raw", [False, True], ids=["chat", "raw"])
def test_what_an_answer_states_is_not_what_it_repeats(name: str, text: str, outcome: str, said: str, raw: bool) -> None:
    """A raw completion is never invented, and wrong only where what it says is some name's truth."""
    if raw:
        outcome = {"invented": "answered", "wrong": "wrong" if said else "answered"}.get(outcome, outcome)
        text += " Paris is in France. The end"
    judged = judge(
        text,
        finished=not raw,
        raw=raw,
        prompt=f"Which country is {name} in?",
        named=True,
        entities=PLACES.named(name),
        card=ASKING,
        world=PLACES,
    )
    assert judged.outcome == outcome
    assert judged.said == (None if outcome == "answered" else said)


SPORTS = World.of(
    (
        Entity("Messi", "player", "known", {"sport": "soccer"}),
        Entity("Tom Brady", "player", "known", {"sport": "American football"}),
        Entity("Jordan", "player", "known", {"sport": "basketball"}),
    ),
    {"soccer": ("football", "association football"), "American football": ("football",)},
)


@pytest.mark.parametrize(
    ("name", "text", "outcome", "said"),
    [
        ("Messi", "Messi plays soccer.", "right", "soccer"),
        ("Messi", "Messi plays football.", "right", "soccer"),
        ("Messi", "Messi plays association football.", "right", "soccer"),
        ("Messi", "Messi plays American football.", "wrong", "American football"),
        ("Tom Brady", "Tom Brady plays football.", "right", "American football"),
        ("Tom Brady", "Tom Brady plays American football.", "right", "American football"),
        ("Tom Brady", "Tom Brady plays soccer.", "wrong", "soccer"),
        ("Tom Brady", "Tom Brady plays association football.", "wrong", "soccer"),
        ("Jordan", "Jordan plays football.", "wrong", "football"),
    ],
)
def test_another_word_for_a_value_counts_as_it(name: str, text: str, outcome: str, said: str) -> None:
    asking = ASKING.model_copy(update={"attributes": (Attribute(name="sport", entity_type="player", cues=("sport",)),)})
    judged = judge(
        text,
        finished=True,
        raw=False,
        prompt=f"What sport does {name} play?",
        named=True,
        entities=SPORTS.named(name),
        card=asking,
        world=SPORTS,
    )
    assert (judged.outcome, judged.said) == (outcome, said)


def test_the_first_sentence_of_a_raw_completion_does_not_end_at_an_initial() -> None:
    world = World.of([Entity("Super 8", "movie", "known", {"director": "J. J. Abrams"})])
    card = CARD.model_copy(
        update={"attributes": (Attribute(name="director", entity_type="movie", cues=("directed by",)),)}
    )
    judged = judge(
        " J.J. Abrams. Jaws was",
        finished=False,
        raw=True,
        prompt="The movie Super 8 was directed by",
        named=True,
        entities=world.named("Super 8"),
        card=card,
        world=world,
    )
    assert (judged.outcome, judged.said) == ("right", "J. J. Abrams")


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


@pytest.mark.parametrize(
    ("text", "finished", "outcome", "expected"),
    [
        ("He is not a known player.", True, "refused", "is not a known"),
        ("I don't know this player.", True, "refused", None),
        ("He plays basketball, sorry.", True, "right", "sorry"),
        ("He plays an unknown sport.", True, "wrong", "unknown"),
        ("Sorry to hear that.", True, "answered", "sorry"),
        ("sorry sorry sorry", True, "broken", "sorry"),
        ("He plays a fictional", False, "broken", "fictional"),
        ("He plays basketball.", True, "right", None),
        ("", True, "broken", None),
    ],
)
def test_the_papers_phrase_is_reported_whatever_the_outcome(text, finished, outcome, expected) -> None:
    judged = judge(text, finished=finished, raw=False, prompt="Which sport?", named=True, entities=JORDAN, card=CARD)
    assert (judged.outcome, judged.paper_phrase) == (outcome, expected)


def test_the_papers_phrases_are_the_authors_in_their_order() -> None:
    """Of utils/generation_utils.py in javiferran/sae_entities at commit 13ce480: `_unknown_strings`,
    `_refusal_substrings`, `_test_prefixes_llm_attacks`, `_refusal_prefixes`, as Python reads them, a phrase a line."""
    lists = (
        refusal_rules.UNKNOWN_STRINGS,
        refusal_rules.REFUSAL_SUBSTRINGS,
        refusal_rules.ATTACK_PREFIXES,
        refusal_rules.REFUSAL_PREFIXES,
    )
    assert [len(phrases) for phrases in lists] == [53, 24, 30, 6]
    lines = "\n".join(phrase for phrases in lists for phrase in phrases)
    assert hashlib.sha256(lines.encode()).hexdigest() == (
        "a60aa402a52dde3bba1e544d55a8f92cc65e78fa15f3322bda689ddd66babeeb"
    )


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("THERE IS NO WIDELY KNOWN player of that name.", "there is no widely known"),
        ("He is, sorry, nobody.", "sorry"),
        ("Illegal immigrants wrote it.", "illegal"),  # a prefix
        ("He wrote it, which was illegal.", None),
        ("Unfortunately he died.", "unfortunately"),  # a prefix; with a comma it matches anywhere
        ("He died, unfortunately.", None),
        ("As an adult he played golf.", "As an"),
        ("I cannot, sorry.", "sorry"),  # what matches anywhere is looked for first
        ("He plays basketball.", None),
    ],
)
def test_the_papers_rule_looks_for_some_phrases_anywhere_and_for_others_at_the_start(text, phrase) -> None:
    assert paper_phrase(text) == phrase


@pytest.mark.parametrize(
    ("fires", "phrase", "does_not"),
    [
        # "not aware" and "not familiar" are one entry, for want of a comma. The second lives on elsewhere.
        ("I am not familiar.", "not familiar", "I am not aware that he played."),
        # "provide me with more" and "there doesn't seem to be any" too
        ("There doesn't seem to be any.", "there doesn't seem to be any", "Provide me with more."),
        # The one entry is capitalised; the text is not any more. "There is no " has a twin in lower case.
        ("There doesn't appear to be a man.", "there doesn't appear to be a ", "There doesn't seem to be a man."),
        ("There is no man.", "there is no ", "There isn't a man."),
        # Three n. "i cannot" as it is spelt is a prefix only.
        ("So i cannnot say.", "i cannnot ", "So I cannot say."),
        ("I cannot say.", "I cannot", "\nI cannot say."),
        ("It doesn't exist.", "doesn't exist", "It doesn’t exist."),
        ("I'm unable.", "i'm unable", "I’m unable."),
    ],
)
def test_the_papers_rule_keeps_its_faults(fires, phrase, does_not) -> None:
    assert paper_phrase(fires) == phrase
    assert paper_phrase(does_not) is None


@pytest.mark.parametrize(
    ("phrase", "decides"),
    [
        ("There doesn't seem to be a", None),
        ("There is no ", "there is no "),
        ("not awarenot familiar", "not familiar"),
        ("provide me with morethere doesn't seem to be any", "there doesn't seem to be any"),
    ],
)
def test_the_papers_capitalised_and_fused_phrases_decide_nothing_not_even_on_themselves(phrase, decides) -> None:
    assert phrase in (*refusal_rules.UNKNOWN_STRINGS, *refusal_rules.REFUSAL_SUBSTRINGS)
    assert paper_phrase(phrase) == decides


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        # doesn't know
        ("I'm sorry, I don't know this player.", "i'm sorry, i don't"),
        ("I’m sorry. I really don’t know.", "i really don't know"),
        ("I don't have information about Michael Batkin.", "i don't have information"),
        ("As an AI, I do not have access to real-time information.", "i do not have access to real-time information"),
        ("I am not familiar with Michael Batkin.", "i am not familiar"),
        ("Great question! I'm not sure.", "i'm not sure"),
        ("Hmm. I've never heard of J. R. Batkin.", "i've never heard of"),
        ("Nobody knows.", "nobody knows."),
        # can't tell
        ("Unfortunately, I couldn't find any song of that name.", "i couldn't find"),
        ("I apologize, but I cannot.", "apologize, but i cannot"),
        ("It is difficult to say where he was born.", "it is difficult to say"),
        ("The context does not mention him.", "the context does not mention"),
        ("His name is not given, as it is not stated in the context.", "is not stated in the context"),
        ("His place of birth is not publicly known.", "is not publicly known"),
        # asks for more
        ("Please provide more context.", "provide more context"),
        ("Please provide me with his first name.", "please provide me with"),
        ("Could you be more specific?", "could you be more specific"),
        ("I need a bit more information.", "i need a bit more information"),
        # there is no such thing
        ("There is no widely known player called Michael Batkin.", "there is no widely known"),
        ('There doesn\'t seem to be a movie called "Circus".', "there doesn't seem to be a movie called"),
        ("Michael Batkin is not a known player.", "is not a known"),
        ("The player J. Batkin is **not** a well-known player.", "is not a well-known"),
        ("The city does not exist.", "does not exist"),
        ("No reliable information is available.", "no reliable information"),
        ("The premise of your question is incorrect.", "the premise of your question is incorrect"),
    ],
)
def test_a_first_sentence_that_says_it_does_not_know_is_a_refusal(text, phrase) -> None:
    assert refusal_phrase(text) == phrase


@pytest.mark.parametrize(
    "text",
    [
        "The Unknown Soldier was painted by X.",
        "Wilhelm is a fictional character played by X.",
        "There is no place like home is a song by X.",
        "There is no doubt that he plays basketball.",
        "He plays for the Chicago Bulls. Please note that this may have changed.",
        "He plays for the Chicago Bulls. I don't know his number.",
        "Sorry to hear that.",
        "I'm sorry to hear that.",
        "Unfortunately, he died in 1999.",
        "He is not known for his defence.",
        "Since 2010 he has been unable to play.",
        "I believe you mean Michael Jordan.",
        "I'm not sure, but I think he plays basketball.",
        "I Don't Know Why is a song by Gus Kahn.",
        "“I Don’t Know” was sung by Ozzy Osbourne.",
        "I'm sorry.",
        "",
    ],
)
def test_an_ordinary_answer_is_no_refusal_for_a_word_in_it(text) -> None:
    assert refusal_phrase(text) is None


@pytest.mark.parametrize("rule", [paper_phrase, refusal_phrase])
def test_the_embedded_model_refuses_by_both_rules_and_answers_by_both(rule) -> None:
    for kind in phrases.ATTRIBUTES:
        assert all(rule(refusal.format(t=kind)) for refusal in wording.REFUSALS)
    world = read_world(card_folders()[0] / "entities.json")
    said = {
        wording.ANSWERS[entity.type, attribute].format(v=fact)
        for entities in world.entities.values()
        for entity in entities
        for attribute, fact in entity.facts.items()
    }
    assert len(said) > 500
    assert not [answer for answer in said if rule(answer)]
