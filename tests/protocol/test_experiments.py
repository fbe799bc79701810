"""Experiments: the requests that their drafts make, what a form offers, what isn't allowed in words, what it costs."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from protocol.amounts import signed
from protocol.app.experiments.answers.dose import DoseExperiment
from protocol.app.experiments.answers.misfires import MisfiresExperiment
from protocol.app.experiments.answers.refusals import RefusalsExperiment
from protocol.app.experiments.answers.scopes import ScopesExperiment
from protocol.app.experiments.catalogue import EXPERIMENTS, FEWER, made, offers, read_draft
from protocol.app.experiments.cost import PAIR_RUNS, asked_names, asked_questions, names_counted
from protocol.app.experiments.directions import direction_of
from protocol.app.experiments.experiment import Experiment
from protocol.canonical import canonical_json
from protocol.refusal import Refused, from_validation
from protocol.steering import Held, VectorTarget
from protocol.vocabulary import MAX_CONTROLLED_ARMS
from protocol.worker.models import ModelCard
from protocol.worker.names import GivenName, GivenNames, WorldNames, dealt
from protocol.worker.studies import STUDY, AnswersRequest, Asked
from tests.shipped_documents import world

pytestmark = pytest.mark.core

CARDS = Path(__file__).parents[2] / "model_worker" / "cards"
SHIPPED = [ModelCard.model_validate_json(file.read_bytes()) for file in sorted(CARDS.glob("*/model.json"))]
TINY = next(card for card in SHIPPED if card.closed_world)
BARE = TINY.model_copy(update={"directions": (), "more_directions": ()})
REFUSALS, DOSE, SCOPES, MISFIRES = RefusalsExperiment(), DoseExperiment(), ScopesExperiment(), MisfiresExperiment()
BY_ID = {one.about.id: one for one in EXPERIMENTS}


def problem(experiment: Experiment, card: ModelCard = TINY, **changes: Any) -> str:
    """In words, of a draft as a form would send it."""
    draft = json.loads(canonical_json(experiment.preset(card))) | changes
    try:
        found = made(card, read_draft(json.dumps(draft)), None).problem
    except ValidationError as error:
        found = from_validation(error).refusal
    return f"{found.asked} {found.allowed} {found.change}" if found else ""


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.id)
@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.about.id)
def test_what_a_form_begins_with_is_a_request_of_the_kind_that_its_page_knows_it_by(
    experiment: Experiment, card: ModelCard
) -> None:
    draft = read_draft(canonical_json(experiment.preset(card)))
    assert draft == experiment.preset(card)
    if experiment.about.id == "risk" and card.risk is None:
        assert "no fit" in problem(experiment, card)
        return
    request = made(card, draft, None).request
    assert request is not None and STUDY.validate_json(canonical_json(request)) == request
    assert request.kind == experiment.about.study and request.model == card.id
    of_kind = [one for one in EXPERIMENTS if one.about.study == request.kind]
    assert len(of_kind) == 1 or [one for one in of_kind if one.about.plot == request.plot] == [experiment]


@pytest.mark.parametrize("card", [card for card in SHIPPED if card.vectors], ids=lambda card: card.id)
def test_a_preset_asks_for_latents_only_where_its_pushs_layer_has_a_dictionary(card: ModelCard) -> None:
    assert set(REFUSALS.preset(card).kinds) == {"silent", "matched", "random"}
    vector = next(one for one in card.vectors if one.layer in {own.layer for own in card.dictionaries})
    pushed = (card.directions[0].model_copy(update={"role": "known", "target": VectorTarget(name=vector.name)}),)
    with_it = card.model_copy(update={"directions": pushed})
    assert set(REFUSALS.preset(with_it).kinds) == {"silent", "matched", "random"}
    elsewhere = tuple(one for one in card.dictionaries if one.layer != vector.layer)
    assert REFUSALS.preset(with_it.model_copy(update={"dictionaries": elsewhere})).kinds == ("random",)


def test_every_field_of_every_form_writes_a_place_of_its_draft_and_offers_what_stands_there() -> None:
    for offer in offers(TINY).experiments:
        draft = json.loads(offer.model_dump_json())["draft"]
        for field in (field for part in offer.parts for field in part.fields):
            if field.kind == "words":
                continue
            for path in field.paths if field.kind == "number" else (field.path,):
                value = at(draft, path)
                match field.kind:
                    case "number":
                        assert (field.min is None or field.min <= value) and (field.max is None or value <= field.max)
                    case "choice":
                        assert value in [json.loads(one.model_dump_json())["value"] for one in field.options]
                        for option in field.options:
                            for other in (*option.sets, *option.notes):
                                at(draft, other)
                    case "ticks":
                        assert set(value) <= {option.value for option in field.options}
                    case "push":
                        assert value["target"] and value["strength"] > 0


def at(draft: dict[str, Any], path: str) -> Any:
    """Raises KeyError."""
    found: Any = draft
    for key in path.split("."):
        found = found[key]
    return found


def test_a_choice_of_another_direction_sets_what_was_validated_for_that() -> None:
    target, _, scope, _ = next(one for one in offers(TINY).experiments if one.about.id == "dose").parts[1].fields
    vector = next(one for one in target.options if one.value.kind == "vector")
    direction = next(one for one in TINY.directions if one.target == vector.value)
    assert vector.sets["scope"] == direction.scope and vector.sets["scope"] in {one.value for one in scope.options}
    assert len(vector.sets["strengths"]) == MAX_CONTROLLED_ARMS
    assert {vector.sets["strengths"][0], vector.sets["strengths"][-1]} == {
        min(direction.strengths),
        max(direction.strengths),
    }


def test_arms_push_as_the_card_validated_it() -> None:
    known, unknown = (direction_of(TINY, role) for role in ("known", "unknown"))
    request = REFUSALS.request(TINY, REFUSALS.preset(TINY))
    assert [arm.name for arm in request.arms] == ["+known", "+unknown", "known projected out", "unknown projected out"]
    assert request.arms[0].hold == (
        Held(target=known.target, unit="residual_norm", scope=known.scope, strength=known.validated),
    )
    assert request.arms[3].hold[0].target == unknown.target and request.arms[3].hold[0].scope == "prompt"
    assert [(one.of, one.n, one.kinds) for one in request.controls] == [
        ("+known", 5, ("silent", "matched", "random")),
        ("+unknown", 5, ("silent", "matched", "random")),
        ("known projected out", 3, ("matched", "random")),  # what is silent has nothing to take out
        ("unknown projected out", 3, ("matched", "random")),
    ]
    alone = REFUSALS.request(TINY, REFUSALS.preset(TINY).model_copy(update={"unknown": None, "n_projected": 0}))
    assert [arm.name for arm in alone.arms] == ["+known", "known projected out"]
    assert [one.of for one in alone.controls] == ["+known"]


def test_the_others_arms_are_named_by_their_strength_or_place() -> None:
    slider = direction_of(TINY, "unknown")
    doses = DOSE.request(TINY, DOSE.preset(TINY, slider))
    assert len(doses.arms) == MAX_CONTROLLED_ARMS and doses.arms[0].name == f"unknown {signed(slider.strengths[0])}"
    assert [arm.hold[0].strength for arm in doses.arms] == sorted(arm.hold[0].strength for arm in doses.arms)
    assert {one.of for one in doses.controls} == {arm.name for arm in doses.arms}
    places = SCOPES.request(TINY, SCOPES.preset(TINY, slider))
    assert (
        places.arms[-1].name == "unknown: last token of the name to end of prompt, answer too"
        and places.arms[-1].hold[0].generated
    )
    assert [arm.hold[0].strength for arm in places.arms] == [slider.validated] * 5
    ablated = MISFIRES.request(TINY, MISFIRES.preset(TINY))
    assert (ablated.arms[0].hold[0].mode, ablated.plot, len(ablated.watch)) == ("ablate", "misfires", len(TINY.watch))


def test_what_the_protocol_does_not_allow_is_said_in_words() -> None:
    nine = [n / 10 for n in range(1, 10)]
    assert problem(DOSE, strengths=nine) == (
        "9 strengths with controls are asked. 8 are allowed. Use fewer strengths, or no controls."
    )
    assert problem(DOSE, strengths=nine, n=0) == ""
    assert problem(DOSE, strengths=[n / 10 for n in range(1, 42)], n=0).startswith("41 strengths are asked. 40 are")
    assert problem(DOSE, strengths=[0.5, 0.5]).startswith("One strength stands twice.")
    assert (
        problem(DOSE, strengths=[0.5, 0]) == "A strength of 0 is asked. It changes nothing in mode add. Leave it out."
    )
    assert problem(DOSE, strengths=[]).startswith("Nothing would be pushed.")
    assert problem(REFUSALS, known=None, unknown=None).startswith("Nothing would be pushed.")
    assert problem(REFUSALS, n=15) == (
        "107 arms are asked, the baseline among them. 64 are allowed. Use fewer arms, or fewer controls of each."
    )
    assert problem(REFUSALS, n=33) == "The field n can't be used. Input should be less than or equal to 32. " + (
        "Change n and send it again."
    )
    assert problem(BY_ID["label"], k=11) == (
        "11 of 10 samples are to be right. 10 can be. Lower k, or take more samples."
    )
    assert problem(DOSE, target={"kind": "vector", "name": "made-up"}).startswith("A push along a direction is asked")


def test_a_card_without_directions_has_every_form_and_says_what_it_lacks() -> None:
    assert len(offers(BARE).experiments) == len(EXPERIMENTS)
    asked = {one.about.id: problem(one, BARE) for one in EXPERIMENTS}
    needs = {"dose", "scopes", "misfires", "attention", "knowledge", "transfer", "refusals", "risk"}
    assert {id for id, said in asked.items() if said} == needs
    assert all(
        asked[id].endswith("Find one with Discover, and name it in a request of your own.")
        for id in needs - {"refusals", "risk"}
    )


def test_a_push_that_nobody_names_is_the_cards_as_the_worker_takes_it() -> None:
    for id in ("attention", "knowledge", "transfer"):
        experiment = BY_ID[id]
        preset = experiment.preset(TINY)
        bare = preset.model_copy(update={"known": None, "unknown": None})
        assert made(TINY, bare, None).request == preset


def test_what_is_no_draft_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        read_draft('{"kind":"discover","model":"m"}')
    assert refused.value.refusal.code == "unknown_experiment" and "refusals, dose" in refused.value.refusal.allowed
    for body in ("{", "[]", '{"kind":1}', "{}"):
        with pytest.raises(Refused):
            read_draft(body)


# ---- what it costs


@pytest.mark.parametrize(
    ("n", "sizes"), [(0, (0, 0, 0)), (1, (1, 0, 0)), (3, (2, 0, 1)), (10, (5, 1, 4)), (15, (8, 1, 6))]
)
def test_names_are_dealt_half_a_tenth_and_four_tenths(n: int, sizes: tuple[int, ...]) -> None:
    assert tuple(dealt(n).values()) == sizes


def test_the_worlds_names_are_counted_by_type_and_tier() -> None:
    found = names_counted(Asked(names=WorldNames(types=("city", "player"), most=50)), world("m"))
    assert found == {
        ("city", "known"): 1,
        ("city", "withheld"): 1,
        ("city", "misled"): 1,
        ("city", "unknown"): 50,
        ("player", "known"): 1,
        ("player", "rare"): 1,
        ("player", "unknown"): 1,
    }
    assert names_counted(Asked(), None) is None
    asked = Asked(names=WorldNames(match_lengths=False), split="test", groups=("unknown",), most=10)
    assert asked_names(asked, found) == {("city", "unknown"): 10, ("player", "unknown"): 0}
    assert asked_names(asked.model_copy(update={"most": 25}), found)["city", "unknown"] == 20


def test_left_out_names_never_make_a_cost_too_small() -> None:
    """Of three names none is dealt to the validation tenth, of two of them one."""
    names = GivenNames(names=tuple(GivenName(name=f"N {n}", type="city", label="known") for n in range(3)))
    asked = Asked(names=names, split="validation")
    for match, most in ((False, 0), (True, 1)):
        matched = asked.model_copy(update={"names": names.model_copy(update={"match_lengths": match})})
        assert asked_names(matched, names_counted(matched, None))["city", "known"] == most


def test_a_name_has_a_question_or_one_for_each_attribute_of_its_type() -> None:
    names = names_counted(
        Asked(names=GivenNames(names=(GivenName(name="A", type="player"), GivenName(name="B", type="x")))), None
    )
    of_players = sum(one.entity_type == "player" for one in TINY.attributes)
    assert of_players > 1
    assert asked_questions(Asked(), names, TINY) == {("player", "unlabelled"): 1, ("x", "unlabelled"): 0}
    assert asked_questions(Asked(per_name="all"), names, TINY)["player", "unlabelled"] == of_players
    assert asked_questions(Asked(per_name="all", attributes=("sport",)), names, TINY)["player", "unlabelled"] == 1


def test_a_cost_is_said_in_a_sentence_and_without_a_question_there_is_no_request() -> None:
    draft = REFUSALS.preset(TINY).putting(names=WorldNames(types=("city",), match_lengths=False), split="all", most=2)
    found = made(TINY, draft, world(TINY.id))
    assert found.cost and found.cost.words == "Up to 3 questions × 47 arms = 141 answers."
    assert isinstance(found.request, AnswersRequest) and found.cost.n_each == found.request.n_arms == 47
    none = made(TINY, draft.putting(groups=("obscure",)), world(TINY.id))
    assert none.request is None and none.problem and none.problem.asked == "No question is left."
    assert made(TINY, draft, None).cost is None and made(TINY, draft, None).request


# ---- whether it can say anything


def given(n: int) -> GivenNames:
    return GivenNames(
        names=tuple(
            GivenName(name=f"Ann {label} {k}", type="player", label=label, facts={"sport": "chess"})
            for label in ("known", "unknown")
            for k in range(n)
        )
    )


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.about.id)
def test_a_study_too_small_to_say_anything_says_so_before_it_runs(experiment) -> None:
    draft = experiment.preset(TINY)

    def doubt(n: int) -> str | None:
        asked = draft.asked.model_copy(update={"names": given(n), "split": "all"})
        return made(TINY, draft.model_copy(update={"asked": asked}), None).doubt

    if experiment.about.id == "label":
        assert doubt(3) is None, "it counts, and holds nothing against anything"
        return
    assert "too few to say anything" in (doubt(3) or "")
    assert doubt(12) is None


def test_a_slow_models_presets_take_minutes_and_a_quick_ones_stay_whole() -> None:
    told, slow, quick = world(TINY.id), *(TINY.model_copy(update={"answers_per_s": pace}) for pace in (0.2, 1e6))
    usual = [one.draft.asked.most for one in offers(TINY, told).experiments]
    assert [one.draft.asked.most for one in offers(quick, told).experiments] == usual
    for offer in offers(slow, told).experiments:
        draft = offer.draft.model_copy(
            update={"asked": offer.draft.asked.model_copy(update={"names": WorldNames(most=offer.most_names)})}
        )
        cost = made(slow, draft, told).cost
        if cost.unit == PAIR_RUNS:
            assert cost.seconds is None, "a pair is no answer"
            continue
        assert cost.seconds == pytest.approx(cost.n_questions * cost.n_each / 0.2)
        assert cost.seconds <= 240 or draft.asked.most == 3, offer.about.id
    assert made(TINY, draft, told).cost.seconds is None


def test_a_pair_of_names_takes_as_long_as_a_pair_was_measured_to_take() -> None:
    paced = TINY.model_copy(update={"answers_per_s": 1e6, "pairs_per_s": {"patching": 0.5, "circuits": 0.02}})
    for study, most_s in (("patching", None), ("circuits", 240)):
        offer = next(one for one in offers(paced, world(TINY.id)).experiments if one.about.id == study)
        cost = made(paced, offer.draft, world(TINY.id)).cost
        assert cost.seconds == pytest.approx(cost.n_questions / paced.pairs_per_s[study])
        assert most_s is None or cost.seconds <= most_s or offer.draft.asked.most == FEWER[-1]


def test_a_form_offers_the_groups_that_the_models_names_have() -> None:
    told = world(TINY.id)
    for offer in offers(TINY, told).experiments:
        (groups,) = (field for field in offer.parts[0].fields if getattr(field, "path", "") == "asked.groups")
        assert {one.value for one in groups.options} == {entry.tier for entry in told.entries} | {"unlabelled"}


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.id)
def test_a_label_wants_no_more_attributes_than_a_name_of_that_model_has(card: ModelCard) -> None:
    asked = Counter(one.entity_type for one in card.attributes if one.can_be_put)
    assert BY_ID["label"].preset(card).tau <= min(asked.values(), default=2)


@pytest.mark.core
@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.id)
def test_what_a_card_says_of_its_pushes_has_units_with_doors_and_no_word_of_the_house(card: ModelCard) -> None:
    told = [one.evidence for one in card.directions] + [one.made_by for one in card.vectors]
    assert [text for text in told if re.search(r"\d r\b(?!\u0304)|\bclean\b|[ (]-\d", text)] == []
