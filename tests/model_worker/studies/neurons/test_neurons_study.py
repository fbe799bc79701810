"""The study `neurons`: what is read are transformers' own tensors, folds keep names and answers apart, and it goes on
from anywhere."""

from collections.abc import Generator
from functools import partial
from typing import TypeVar

import numpy as np
import pytest
import torch

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.neurons.matched import matched_sets
from model_worker.neurons.scaled import NeuronDelta
from model_worker.studies.neurons.analysis import analysed
from model_worker.studies.neurons.dial import FALSE_PREMISE, Dial, DialArm, dial_arms, dial_questions, group_of
from model_worker.studies.neurons.elsewhere import same_neurons
from model_worker.studies.neurons.measure import IDS, AnswerReadings, read_answer, said_by
from model_worker.studies.neurons.readers import KEPT_OUT, WITHIN
from model_worker.studies.neurons.sides import VALUE, answer_rows
from model_worker.studies.shared.questions import Question, questions_of
from protocol.spelling import fold
from protocol.worker.frames import Frame
from protocol.worker.names import Asked, WorldNames
from protocol.worker.study_requests.neurons import NeuronsDial, NeuronsRequest
from tests.model_worker.reference import blocks, teacher_forced
from tests.model_worker.study_runs import asked_in_template, check_resumes_anywhere, figure, rows_of, studied, trials_of

T = TypeVar("T")
REQUEST = NeuronsRequest(
    model="tiny-gemma2-chat",
    asked=Asked(
        names=WorldNames(types=("city",), most=16, match_lengths=False),
        split="all",
        most=16,
        groups=("known", "withheld", "misled", "unknown"),
        per_name="all",
    ),
    n_samples=0,
    cs=(3.0,),
    n_bootstraps=1,
    n_random=1,
    dial=NeuronsDial(alphas=(0.0, 3.0), n_random=1, most=1),
    base=False,
)


@pytest.fixture(scope="module")
def frames(embedded_engine: Engine) -> list[Frame]:
    return studied(embedded_engine, REQUEST)


@pytest.fixture(scope="module")
def questions(embedded: Loaded) -> tuple[Question, ...]:
    return ended(questions_of(embedded, REQUEST.asked)).questions


def ended(steps: Generator[None, None, T]) -> T:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as found:
            return found.value


def by_hooks(loaded: Loaded, ids: list[int]):
    """transformers' logits, and by layer what down_proj reads and writes, (pos, ...)."""
    seen: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def keep(layer: int):
        return lambda _module, inputs, out: seen.update({layer: (inputs[0][0], out[0])})

    own = enumerate(blocks(loaded.model))
    handles = [block.mlp.down_proj.register_forward_hook(keep(layer)) for layer, block in own]
    try:
        return teacher_forced(loaded.model, ids).logits, seen
    finally:
        for handle in handles:
            handle.remove()


def test_what_is_read_is_transformers_own(embedded: Loaded, questions, frames: list[Frame]) -> None:
    """CETT at V and A, Σ z w = h, and the value's place, of answers right and wrong."""
    told = [(q, t) for q, t in zip(questions, trials_of(frames), strict=False) if VALUE in t.numbers]
    for question, trial in [told[0], *[one for one in told if one[1].answers[0].outcome == "wrong"][:2]]:
        first, end = (int(one) for one in trial.numbers[VALUE])
        said = embedded.tokenizer.decode([int(one) for one in trial.numbers[IDS][first:end]])
        assert fold(said) in fold(trial.answers[0].text) and len(fold(said)) > 1
        prompt = asked_in_template(embedded, question.text)
        ids = prompt + [int(one) for one in trial.numbers[IDS][:end]]
        logits, seen = by_hooks(embedded, ids)
        read = read_answer(embedded.gemma, question, trial)
        at, shares = len(prompt) + first - 1, []
        for layer, (z, h) in seen.items():
            down = blocks(embedded.model)[layer].mlp.down_proj.weight
            assert (z @ down.T - h).abs().max() < 1e-4
            shares.append(z.abs() * down.norm(dim=0) / (h.norm(dim=-1, keepdim=True) + 1e-8))
        every = torch.cat(shares, dim=-1)
        assert np.abs(read.shares["V"] - every[at].numpy()).max() < 2e-3
        assert np.abs(read.shares["A"] - every[len(prompt) + first : len(prompt) + end].mean(0).numpy()).max() < 2e-3
        assert np.abs(read.shares["P"] - every[len(prompt) - 1].numpy()).max() < 2e-3
        logprobs = logits[at].log_softmax(-1)
        assert trial.numbers["entropy"][0] == pytest.approx(-(logprobs.exp() * logprobs).sum().item(), abs=1e-3)


def test_what_comes_after_the_value_has_no_say(embedded: Loaded, questions, frames: list[Frame]) -> None:
    question, trial = next((q, t) for q, t in zip(questions, trials_of(frames), strict=False) if VALUE in t.numbers)
    end = int(trial.numbers[VALUE][1])
    other = trial.model_copy(update={"numbers": trial.numbers | {IDS: (*trial.numbers[IDS][:end], 5.0, 6.0, 7.0)}})
    mine, theirs = (read_answer(embedded.gemma, question, one) for one in (trial, other))
    assert all(np.array_equal(mine.shares[place], theirs.shares[place]) for place in mine.shares)


def test_its_figures_stand_beside_their_controls(frames: list[Frame]) -> None:
    readers = rows_of(frames, "readers")
    names = {row["read"] for row in readers}
    assert {"entropy at the value", "attribute alone", "answer's words alone", "name's length, tokens"} <= names
    assert any("random sets" in name for name in names) and any("shuffled" in name for name in names)
    assert any("3 against 1" in name for name in names) and any("residual probe" in name for name in names)
    views = list(dict.fromkeys(row["view"] for row in readers))
    assert views[:2] == [KEPT_OUT, WITHIN] and "mixed" in views[-1], "the default view is the first"
    within = {row["read"]: row["AUROC"] for row in readers if row["view"] == "same attribute"}
    assert within["attribute alone"] == 0.5, "inside an attribute it says nothing"
    assert within["entropy at the value"] > 0.7
    kept_out = {row["read"]: row["AUROC"] for row in readers if row["view"] == KEPT_OUT}
    assert kept_out["answer's words alone"] == 0.5, "of an answer that no fit saw its words say nothing"
    assert "what was asked" in figure(frames, "readers").claim
    claims = {row["claim"] for row in rows_of(frames, "verdicts")}
    assert claims == {"reads", "adds", "steers", "carries"}
    assert {"H-neurons", "refusing neurons"} == {row["set"] for row in rows_of(frames, "slopes")}
    assert all(row["random, low"] is not None for row in rows_of(frames, "slopes"))


def test_whatever_is_fitted_is_fitted_once_more_without_the_answer_it_scores(
    embedded: Loaded, questions, frames: list[Frame]
) -> None:
    """The chosen neurons, and all that stands beside them: else a control has seen what they have not."""
    readings, own = AnswerReadings(embedded.gemma, questions), trials_of(frames)[: len(questions)]
    ended(readings.upto(len(questions), own))
    rows = answer_rows(questions, own, partial(said_by, embedded), REQUEST.k, REQUEST.seed)
    found = ended(analysed(embedded, REQUEST, questions, own, readings, rows))
    fitted = [one for one in found.readers if one.name.startswith(("CETT", "labels", "residual", "entropy and"))]
    assert len(fitted) >= 8 and found.both in fitted
    for one in (*fitted, *found.random):
        assert not np.array_equal(one.by_unit, one.by_value), one.name


def test_neither_shares_nor_neurons_activations_travel(frames: list[Frame]) -> None:
    assert max(len(frame.model_dump_json()) for frame in frames if frame.kind == "trial") < 6_000


def test_it_goes_on_from_anywhere(embedded_engine: Engine, frames: list[Frame]) -> None:
    n_labelled = max(place for place, frame in enumerate(frames) if frame.kind == "trial" and frame.numbers)
    check_resumes_anywhere(embedded_engine, REQUEST, frames, (n_labelled + 6,))


def test_the_dial_turns_nobodys_name_that_chose_it(embedded: Loaded, questions) -> None:
    asked = dial_questions(embedded, questions, NeuronsDial(most=2), 0)
    assert {one.taken.split for one in asked} == {"test"} and len({group_of(one) for one in asked}) == 4
    premise = next(one for one in asked if group_of(one) == FALSE_PREMISE)
    assert premise.attribute.entity_type != premise.taken.entity.type and premise.taken.entity.name in premise.text
    dial, arms = NeuronsDial(alphas=(0.0, 2.0), n_random=1, scope="generated"), (DialArm("H-neurons", 2.0),)
    sets = {"H-neurons": ((4, 3), (5, 9)), "refusing neurons": ()}
    (turned,) = Dial(embedded, dial, arms, sets, 0).wanted(asked[0]).arms[1]
    assert turned == NeuronDelta(sets["H-neurons"], (), True, 2.0)
    assert len(dial_arms(dial)) == 2 * (2 + 2)


def test_random_sets_are_drawn_beside_the_chosen_one(embedded: Loaded) -> None:
    chosen = ((4, 3), (4, 7), (5, 9))
    for drawn in matched_sets(embedded, chosen, 0, range(8)):
        assert [layer for layer, _ in drawn] == [4, 4, 5] and not set(drawn) & set(chosen)


def test_neurons_that_were_not_tuned_are_said_to_be_the_bases(embedded: Loaded) -> None:
    n_same, n = same_neurons(embedded.gemma, embedded.gemma)
    assert n_same == n == sum(block.down.shape[0] for block in embedded.gemma.blocks)
