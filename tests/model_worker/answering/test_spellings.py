"""A name of the world in any spelling a person may type: found whole, judged right, labelled. Drawn by hypothesis."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model_worker.answering.entity import find_entity, name_places
from model_worker.answering.prompt import read_prompt
from model_worker.answering.prompt_words import EVERYDAY
from model_worker.answering.verdict import judge
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders
from model_worker.model.world import read_world
from model_worker.studies.shared.names import in_question, names_of
from protocol.spelling import fold
from protocol.worker.names import GivenName, GivenNames
from protocol.worker.requests import GenerateRequest, Span
from tests.protocol.spelling_cases import SPELLINGS
from training.tiny_gemma2.world.wording import QUESTIONS

WORLD = read_world(card_folders()[0] / "entities.json")
TRUE = sorted({name[0].name for name in WORLD.entities.values() if name[0].facts})
TYPED = st.tuples(st.sampled_from(TRUE), st.lists(st.sampled_from(sorted(SPELLINGS)), min_size=1, max_size=2)).map(
    lambda drawn: (drawn[0], _typed(*drawn))
)


def _typed(name: str, ways: list[str]) -> str:
    for way in ways:
        name = SPELLINGS[way](name)
    return name


def question_about(loaded: Loaded, name: str, typed: str) -> tuple[str, str]:
    """A question that the model has for its type, and the true answer."""
    entity = WORLD.named(name)[0]
    asked = next(one for one in loaded.card.attributes if one.entity_type == entity.type and one.name in entity.facts)
    return (asked.question or "").replace("{name}", typed), entity.facts[asked.name]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TYPED)
def test_a_question_about_a_name_is_judged_by_its_facts_however_it_is_typed(embedded: Loaded, drawn) -> None:
    name, typed = drawn
    prompt, fact = question_about(embedded, name, typed)
    read = read_prompt(embedded, GenerateRequest(model=embedded.card.id, prompt=prompt))
    assert (read.entity.text, read.entity.found, read.entity.called) == (typed, "world", name)
    verdict = judge(
        f"It is in {fact}.",
        finished=True,
        raw=False,
        prompt=prompt,
        named=read.name is not None,
        entities=embedded.world.named(read.name or ""),
        card=embedded.card,
    )
    assert (verdict.outcome, verdict.phrase) == ("right", fact)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TYPED, st.sampled_from(["chat", "raw"]), st.booleans())
def test_the_steered_tokens_are_the_whole_name_and_nothing_else(embedded: Loaded, drawn, form, marked) -> None:
    """Found by itself, or marked short of an accent."""
    name, typed = drawn
    prompt, _ = question_about(embedded, name, typed)
    start = prompt.index(typed)
    span = Span(start=start, end=start + len(typed.rstrip("\u0301"))) if marked else None
    read = read_prompt(embedded, GenerateRequest(model=embedded.card.id, prompt=prompt, format=form, entity=span))
    ids = [token.id for token in read.tokens if token.role == "entity"]
    assert embedded.tokenizer.decode(ids, clean_up_tokenization_spaces=False).strip(" ") == typed
    assert list(range(read.entity.start, read.entity.end)) == [
        pos for pos, token in enumerate(read.tokens) if token.role == "entity"
    ]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(TYPED)
def test_a_pasted_name_gets_the_facts_of_the_world_however_it_is_typed(embedded: Loaded, drawn) -> None:
    """What Discover, Experiments and a labelling of a reader's own list are judged by."""
    name, typed = drawn
    entity = WORLD.named(name)[0]
    names = GivenNames(names=(GivenName(name=typed, type=entity.type), GivenName(name="Karl Batkin", type="player")))
    script = names_of(embedded, names, in_question(embedded, None))
    while True:
        try:
            next(script)
        except StopIteration as end:
            taken = end.value.everyone[0]
            break
    assert taken.entity.name == typed.strip() and taken.entity.facts == entity.facts


@settings(max_examples=400, deadline=None, derandomize=True)
@given(TYPED, st.randoms(use_true_random=False))
def test_the_name_is_found_in_every_wording_that_the_model_was_taught(embedded: Loaded, drawn, choose) -> None:
    name, typed = drawn
    assume(fold(name) not in EVERYDAY)  # which a prompt in lower case means as a word
    kind = WORLD.named(name)[0].type
    wording = choose.choice([one for key, forms in QUESTIONS.items() if key[0] == kind for one in forms])
    prompt = wording.replace("{e}", typed).replace("{E}", typed)
    mention = find_entity(prompt, WORLD, name_places(embedded.card.attributes))
    assert (prompt[mention.start : mention.end], mention.found) == (typed, "world")


@pytest.mark.core
def test_no_two_names_of_the_world_are_one_when_folded() -> None:
    assert all(len({entity.name for entity in same}) == 1 for same in WORLD.entities.values())
