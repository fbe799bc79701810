"""The study `knowledge`: its logits, its pushes and its counts are transformers' own."""

import numpy as np
import pytest
import torch

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from protocol.refusal import Refused
from protocol.steering import LatentTarget
from protocol.worker.frames import Frame
from protocol.worker.names import GivenName, GivenNames, WorldNames
from protocol.worker.studies import Asked, KnowledgeRequest, Push
from tests.model_worker.reference import Intervention, teacher_forced
from tests.model_worker.study_runs import (
    TEN_NAMES,
    asked_in_template,
    asking_engine,
    check_resumes_anywhere,
    figure,
    rows_of,
    studied,
    trials_of,
)

TOLERANCE = 2e-4  # logits of magnitude 10 in fp32, and six digits in a frame
N_RANDOM = 3


@pytest.fixture(scope="module")
def request_(embedded: Loaded) -> KnowledgeRequest:
    directions = {one.role: one for one in reversed(embedded.card.directions) if one.target.kind == "latent"}
    pushes = {
        role: Push(target=directions[role].target, strength=strength, n_controls=N_RANDOM)
        for role, strength in (("known", 1.25), ("unknown", 0.375))
    }
    names = WorldNames(types=("player", "song"), most=12)
    return KnowledgeRequest(model=embedded.card.id, asked=Asked(names=names, most=3), **pushes)


@pytest.fixture(scope="module")
def frames(embedded_engine: Engine, request_: KnowledgeRequest) -> list[Frame]:
    return studied(embedded_engine, request_)


def ids_of(loaded: Loaded, prompt: str) -> tuple[list[int], list[int]]:
    """Of a question, its answer begun, and of yes and no: what their first token is there."""
    ids = asked_in_template(loaded, prompt, "Answer:")
    words = [asked_in_template(loaded, prompt, "Answer:" + word)[len(ids)] for word in (" Yes", " No")]
    return ids, words


def test_yes_less_no_is_what_transformers_own_pass_says(embedded: Loaded, frames: list[Frame]) -> None:
    for trial in trials_of(frames):
        ids, (yes, no) = ids_of(embedded, trial.prompt)
        logits = teacher_forced(embedded.model, ids).logits[-1]
        assert trial.numbers["original"][0] == pytest.approx((logits[yes] - logits[no]).item(), abs=TOLERANCE)
        together = logits.softmax(-1)[[yes, no]].sum().item()
        assert trial.numbers["together"][0] == pytest.approx(together, rel=1e-3)


def test_a_push_and_its_random_ones_shift_what_transformers_says_under_the_same_addition(
    embedded: Loaded, frames: list[Frame], request_: KnowledgeRequest
) -> None:
    names = frames[0].names
    for trial in trials_of(frames)[:6]:
        named = names[trial.name]
        push = request_.unknown if named.label == "known" else request_.known
        layer = embedded.layer_of[push.target.dictionary]
        d = embedded.dictionaries[push.target.dictionary].W_dec[push.target.latent]
        size = push.strength * embedded.card.residual_norm[layer]
        ids, (yes, no) = ids_of(embedded, trial.prompt)
        # the name's last token: the last one that the prompt, cut off behind the name, has before its template ends
        upto = trial.prompt[: trial.prompt.index(named.name) + len(named.name)]
        start = embedded.tokenizer("<bos><start_of_turn>user\n" + upto, add_special_tokens=False)["input_ids"]
        assert ids[: len(start)] == start
        drawn = torch.randn(N_RANDOM, len(d), generator=torch.Generator().manual_seed(request_.seed))
        found = []
        for direction in [d, *drawn]:
            added = direction / direction.norm() * size
            one = Intervention(layer, "add", 1.0, added, added, 0.0, None, [len(start) - 1])
            logits = teacher_forced(embedded.model, ids, [one]).logits[-1]
            found.append((logits[yes] - logits[no]).item())
        ours = [*trial.numbers["pushed"], *trial.numbers["random"]]
        assert ours == pytest.approx(found, abs=TOLERANCE)


def test_the_figure_says_what_the_trials_say(frames: list[Frame]) -> None:
    names, trials = frames[0].names, trials_of(frames)
    own = [one for one in trials if names[one.name].type == "player" and names[one.name].label == "unknown"]
    original = np.array([one.numbers["original"][0] for one in own])
    pushed = np.array([one.numbers["pushed"][0] for one in own])
    random = np.array([one.numbers["random"] for one in own])
    rows = {row["arm"]: row for row in rows_of(frames, "shift") if (row["type"], row["group"]) == ("player", "unknown")}
    assert rows["original"]["yes − no"] == pytest.approx(original.mean(), rel=1e-5)
    assert rows["original"]["sd"] == pytest.approx(original.std(ddof=1), rel=1e-5)
    assert rows["pushed"]["shift"] == pytest.approx((pushed - original).mean(), rel=1e-5)
    assert rows["pushed"]["role"] == "known"
    assert rows["pushed"]["flipped"] == pytest.approx(((pushed > 0) != (original > 0)).mean())
    assert rows["random"]["yes − no"] == pytest.approx(random.mean(), rel=1e-5)
    assert random.shape[1] < 20, "so their range"
    assert rows["random"]["low"] == pytest.approx(random.mean(0).min(), rel=1e-5)
    assert rows["pushed"]["shift, low"] < rows["pushed"]["shift"] < rows["pushed"]["shift, high"]


def test_known_names_are_surer_than_unknown_ones_and_each_push_goes_the_other_way(frames: list[Frame]) -> None:
    rows = {(row["group"], row["arm"]): row for row in rows_of(frames, "shift") if row["type"] == "all"}
    assert rows["known", "original"]["yes − no"] > rows["unknown", "original"]["yes − no"]
    assert rows["known", "pushed"]["shift"] < rows["known", "random"]["shift, low"]
    assert rows["unknown", "pushed"]["shift"] > rows["unknown", "random"]["shift, high"]


def test_the_default_request_takes_the_cards_latents_as_they_were_validated(embedded_engine: Engine) -> None:
    asked = Asked(names=WorldNames(types=("city",), most=10), most=1)
    opening = studied(embedded_engine, KnowledgeRequest(model="tiny-gemma2-chat", asked=asked))[0]
    directions = {
        one.role: one for one in reversed(embedded_engine.loaded.card.directions) if one.target.kind == "latent"
    }
    for role in ("known", "unknown"):
        push = getattr(opening.request, role)
        assert push.target == directions[role].target
        assert push.strength == directions[role].validated


def test_a_word_of_two_tokens_is_refused_and_without_one_its_first_token_is_said_to_stand_for_it(
    embedded_engine: Engine, frames: list[Frame], request_: KnowledgeRequest
) -> None:
    with pytest.raises(Refused) as refused:
        studied(embedded_engine, request_.model_copy(update={"yes": " Yes"}))
    assert "2 tokens" in refused.value.refusal.asked
    assert "“ Y” + “es”" in refused.value.refusal.asked
    assert frames[0].request.yes == " Y"
    assert any("“ Y”, stands for it" in warning for warning in frames[0].warnings)
    with pytest.raises(Refused, match="Both are the token"):
        studied(embedded_engine, request_.model_copy(update={"yes": " No"}))


def test_it_goes_on_from_anywhere_with_what_would_have_come(
    embedded_engine: Engine, request_: KnowledgeRequest, frames: list[Frame]
) -> None:
    first_figure = [frame.kind for frame in frames].index("figure")
    check_resumes_anywhere(
        embedded_engine, request_, frames, (1, 2, 3, first_figure, first_figure + 1, len(frames) - 1, len(frames))
    )


def test_a_set_without_labels_is_refused(embedded_engine: Engine, request_: KnowledgeRequest) -> None:
    names = GivenNames(names=tuple(GivenName(name=f"Name {letter}") for letter in "ABCDEFGH"))
    asked = Asked(names=names, split="all")
    with pytest.raises(Refused, match="labelled"):
        studied(embedded_engine, request_.model_copy(update={"asked": asked}))


@pytest.mark.parametrize("family", ["gemma2", "gemma3"])
def test_both_families_run_it_in_bf16_on_names_that_were_given(family: str, tmp_path) -> None:
    engine = asking_engine(tmp_path, family)
    narrow = engine.loaded
    push = {
        role: Push(target=LatentTarget(dictionary="layer_1", latent=latent), strength=1.0, n_controls=2)
        for role, latent in (("known", 3), ("unknown", 5))
    }
    request = KnowledgeRequest(
        model=narrow.card.id, asked=Asked(names=TEN_NAMES, split="all"), yes="Y", no="N", prefill="", **push
    )
    frames = studied(engine, request)
    ids = asked_in_template(narrow, trials_of(frames)[0].prompt)
    logits = teacher_forced(narrow.model, ids).logits[-1]
    yes, no = narrow.tokenizer.convert_tokens_to_ids(["Y", "N"])
    # bf16 has 8 bits: sums in another order differ by some of the last
    assert trials_of(frames)[0].numbers["original"][0] == pytest.approx((logits[yes] - logits[no]).item(), abs=0.15)
    assert len(trials_of(frames)) == 10 and figure(frames, "shift").rows
    check_resumes_anywhere(engine, request, frames, (4,))
