"""What the first view shows: the examples behave as their stories say, the sample is the author's, the recording is
what the worker answers.

Asked of the worker itself, which judges answers by the card and its world; the chooser judges in its own way.
"""

from pathlib import Path

import pytest

from model_worker.engine import Engine
from model_worker.model.registry import card_folders, read_registry, read_row
from protocol.steering import Sweep
from protocol.vocabulary import STORIES
from protocol.worker.frames import FRAME, Frame
from protocol.worker.models import Example
from protocol.worker.requests import Controls, GenerateRequest
from tests.model_worker.driving import answer, of_kind
from training.tiny_gemma2.card.examples import choose_examples
from training.tiny_gemma2.card.first_circuit import CIRCUIT_FILE, circuit_told, first_circuit
from training.tiny_gemma2.card.first_view import familiar, opening
from training.tiny_gemma2.card.sample import FILE, sample, write_sample
from training.tiny_gemma2.shipped import Shipped, load_shipped

ARTIFACTS = card_folders()[0]
CARD = read_row(ARTIFACTS).card
EXAMPLES = [example for group in CARD.examples for example in group]
RECORDING = Path(__file__).parents[2] / "static" / "first" / "explore.jsonl"
TOLERANCE = 1e-3  # as a check of a finding allows fp32: nats; a thousandth of an activation


def named(example: Example) -> str:
    return example.name


def of_story(story: str) -> list[Example]:
    return [example for example in EXAMPLES if example.story == story]


def asked(engine: Engine, example: Example, slider: int | None = None) -> list[Frame]:
    """Under one of the page's sliders, with its controls, or as it is."""
    pushes = () if slider is None else (CARD.directions[slider],)
    sweeps = tuple(Sweep(target=d.target, unit=d.unit, scope=d.scope, strengths=d.strengths) for d in pushes)
    controls = Controls(n_directions=32 if pushes else 0)
    return answer(engine, GenerateRequest(model=CARD.id, prompt=example.prompt, sweeps=sweeps, controls=controls))


def outcomes(frames: list[Frame]) -> dict[float, str]:
    """By strength, 0 the untouched model."""
    return {frames[0].arms[verdict.arm].strength: verdict.outcome for verdict in of_kind(frames, "verdict")}


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return load_shipped(ARTIFACTS)


def test_every_type_has_its_four_stories_known_then_unknown_first() -> None:
    assert [[example.story for example in group] for group in CARD.examples] == [list(STORIES)] * 4
    assert [{example.entity_type for example in group} for group in CARD.examples] == [
        {"player"}, {"city"}, {"movie"}, {"song"}
    ]  # fmt: skip
    for card in (row.card for row in read_registry().values()):
        for first, second, *_ in card.examples:
            assert (first.role, second.role) == ("known", "unknown")


def test_the_page_opens_on_jordan_and_batkin() -> None:
    assert [example.name for example in CARD.examples[0][:2]] == ["Michael Jordan", "Michael Batkin"]


def test_names_fit_on_a_button_and_stand_in_their_question_which_is_the_cards_own() -> None:
    questions = {attribute.question for attribute in CARD.attributes}
    for card in (row.card for row in read_registry().values()):
        for example in (example for group in card.examples for example in group):
            assert len(example.name) <= 22
            assert example.prompt.count(example.name) == 1
    for example in EXAMPLES:
        assert example.prompt.replace(example.name, "{name}") in questions


@pytest.mark.core
@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_the_worker_answers_each_example_as_its_story_says(embedded_engine: Engine, example: Example) -> None:
    tiers = {"known": {"known"}, "unknown": {"unknown"}, "rare": {"rare", "obscure"}, "unrecalled": {"withheld"}}
    frames = asked(embedded_engine, example)
    assert outcomes(frames) == {0: STORIES[example.story].outcome}, "and the page marks it so"
    assert frames[0].entity.text == example.name
    (entity,) = embedded_engine.loaded.world.named(example.name)
    assert entity.type == example.entity_type
    assert entity.tier in tiers[example.story]


@pytest.mark.parametrize("example", of_story("unrecalled"), ids=named)
def test_what_an_unrecalled_example_asks_stands_in_no_text(shipped: Shipped, example: Example) -> None:
    entity = next(e for e in shipped.subject.world.entities if e.name == example.name)
    ((attribute, _),) = entity.withheld
    question = next(a.question for a in CARD.attributes if a.name == attribute and a.entity_type == example.entity_type)
    assert example.prompt == question.replace("{name}", example.name)


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_the_latent_of_an_examples_role_fires_on_its_name_and_the_other_does_not(
    embedded_engine: Engine, example: Example
) -> None:
    start, prompt, *_ = asked(embedded_engine, example)
    fires = {
        watched.role
        for watched, activations in zip(start.watched, prompt.arms[0].activations, strict=True)
        if activations[start.entity.end - 1] > 0
    }
    assert example.role == (fires.pop() if len(fires) == 1 else "other")


@pytest.mark.parametrize("example", of_story("unknown"), ids=named)
def test_the_first_slider_turns_each_unknown_example_into_an_invention_and_random_directions_do_not(
    embedded_engine: Engine, example: Example
) -> None:
    frames = asked(embedded_engine, example, slider=0)
    got = outcomes(frames)
    turned = {strength for strength, outcome in got.items() if outcome == "invented"}
    assert turned and set(got.values()) == {"refused", "invented"}
    for control in of_kind(frames, "control"):
        assert sum(logodds < 0 for logodds in control.refusal_logodds) <= 2, control.strength


@pytest.mark.parametrize("example", of_story("known"), ids=named)
def test_the_second_slider_makes_each_known_example_a_refusal_where_random_directions_do_not(
    embedded_engine: Engine, example: Example
) -> None:
    assert CARD.directions[1].role == "unknown"
    frames = asked(embedded_engine, example, slider=1)
    gentlest = min(strength for strength, outcome in outcomes(frames).items() if outcome == "refused")
    assert gentlest > 0
    control = next(c for c in of_kind(frames, "control") if c.strength == gentlest)
    assert sum(logodds > 0 for logodds in control.refusal_logodds) <= 2


def test_the_examples_are_those_that_the_shipped_model_makes_the_chooser_choose(shipped: Shipped) -> None:
    latents = (shipped.directions["Known latent"], shipped.directions["Unknown latent"])
    assert choose_examples(shipped.subject, latents, shipped.dictionaries) == CARD.examples


def test_the_corpus_sample_is_made_again_byte_for_byte(shipped: Shipped, tmp_path: Path) -> None:
    subject = shipped.subject
    write_sample(sample(subject.world, subject.tokenizer, subject.recipe.seed), tmp_path)
    made = (tmp_path / FILE).read_bytes()
    assert CARD.corpus == FILE
    assert made == (ARTIFACTS / FILE).read_bytes()
    assert made.count(b"\n") == 1000 and len(made) <= 150_000


def test_the_corpus_sample_names_nobody_who_is_held_out(shipped: Shipped) -> None:
    text = (ARTIFACTS / FILE).read_text(encoding="utf-8")
    assert not [e.name for e in shipped.subject.heldout if " " in e.name and e.name in text]


@pytest.mark.core
def test_the_first_recording_is_what_the_worker_answers_to_the_pages_opening_request(embedded_engine: Engine) -> None:
    """If this fails after weights, examples or frames changed: python -m training.tiny_gemma2.card.first_view"""
    recorded = [FRAME.validate_json(line) for line in RECORDING.read_bytes().splitlines()]
    now = answer(embedded_engine, opening(CARD))
    assert [frame.kind for frame in recorded] == [frame.kind for frame in now]
    assert recorded[0].entity.text == "Michael Batkin"
    for then, frame in zip(recorded[:-1], now[:-1], strict=True):
        agree(then.model_dump(), frame.model_dump(), frame.kind)
    assert recorded[-1].n_tokens == now[-1].n_tokens


@pytest.mark.core
def test_the_recording_beside_it_is_of_a_name_that_the_model_knows(embedded_engine: Engine) -> None:
    recorded = [FRAME.validate_json(line) for line in (RECORDING.parent / "known.jsonl").read_bytes().splitlines()]
    now = answer(embedded_engine, familiar(CARD))
    assert recorded[0].entity.text == "Michael Jordan"
    for then, frame in zip(recorded[:-1], now[:-1], strict=True):
        agree(then.model_dump(), frame.model_dump(), frame.kind)


def test_the_first_circuit_is_what_the_worker_answers(embedded_engine: Engine) -> None:
    """If this fails after weights or a circuit's frames changed: python -m training.tiny_gemma2.card.first_circuit"""
    recorded = [FRAME.validate_json(line) for line in CIRCUIT_FILE.read_bytes().splitlines()]
    now = list(circuit_told(embedded_engine, first_circuit(CARD)))
    assert [frame.kind for frame in recorded] == [frame.kind for frame in now]
    assert {"circuit", "nodes", "checked", "edges", "groups", "arrows", "defaults", "heads"} <= {
        one.kind for one in now
    }
    for then, frame in zip(recorded, now, strict=True):
        agree(then.model_dump(), frame.model_dump(), frame.kind)


def agree(then: object, now: object, where: str) -> None:
    if isinstance(now, dict):
        assert then.keys() == now.keys(), where
        for name in now:
            agree(then[name], now[name], f"{where}.{name}")
    elif isinstance(now, list | tuple):
        assert len(then) == len(now), where
        for place, pair in enumerate(zip(then, now, strict=True)):
            agree(*pair, f"{where}.{place}")
    elif isinstance(now, float):
        assert then == pytest.approx(now, abs=TOLERANCE, rel=TOLERANCE), where
    else:
        assert then == now, where
