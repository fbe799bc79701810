"""The study `transfer`: what it reads is plain transformers' and sae-lens', and it leaves nothing behind."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from model_worker.decoding.states import read
from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders, read_row
from model_worker.studies.transfer.readings import READING_PLACES
from protocol.refusal import Refused
from protocol.steering import LatentTarget
from protocol.worker.frames import Frame
from protocol.worker.names import WorldNames
from protocol.worker.requests import Controls, GenerateRequest
from protocol.worker.studies import Asked, TransferRequest
from tests.model_worker.driving import answer, of_kind
from tests.model_worker.reference import teacher_forced
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

REQUEST = TransferRequest(
    model="tiny-gemma2-chat",
    asked=Asked(names=WorldNames(types=("player", "city"), most=20), most=4, groups=("known", "unknown")),
    n_controls=2,
)


@pytest.fixture(scope="module")
def engine(embedded: Loaded) -> Engine:
    return Engine(embedded, row=read_row(card_folders()[0]))


@pytest.fixture(scope="module")
def frames(engine: Engine) -> list[Frame]:
    return studied(engine, REQUEST)


@pytest.fixture(scope="module")
def residuals(embedded: Loaded, frames: list[Frame]) -> dict[str, torch.Tensor]:
    """By place (names, n_layers, d_model), by transformers, in the order of the readings."""
    base = AutoModelForCausalLM.from_pretrained(
        card_folders()[0] / "base", dtype=torch.float32, attn_implementation="eager"
    )
    found: dict[str, list[torch.Tensor]] = {place: [] for place in READING_PLACES}
    for trial in trials_of(frames):
        if trial.answers:
            continue
        named = frames[0].names[trial.name]
        statement = embedded.tokenizer("<bos>The " + named.type + " " + named.name, add_special_tokens=False)[
            "input_ids"
        ]
        attribute = next(one for one in embedded.card.attributes if one.entity_type == named.type)
        before = attribute.question.split("{name}")[0] + named.name
        question = embedded.tokenizer("<bos><start_of_turn>user\n" + before, add_special_tokens=False)["input_ids"]
        whole = asked_in_template(embedded, attribute.question.replace("{name}", named.name))
        assert whole[: len(question)] == question
        rows = ((base, statement), (embedded.model, statement), (embedded.model, question))
        for place, (model, ids) in zip(READING_PLACES, rows, strict=True):
            found[place].append(teacher_forced(model, ids).residuals[:, -1])
    return {place: torch.stack(own) for place, own in found.items()}


def test_fvu_is_sae_lens_own_reconstruction_of_transformers_residuals(
    embedded: Loaded, frames: list[Frame], residuals: dict[str, torch.Tensor]
) -> None:
    from sae_lens import SAE  # 10-30 s

    told = {(row["id"], row["place"]): row["FVU"] for row in rows_of(frames, "reading")}
    read_here = [one for one in embedded.card.dictionaries if one.trained_on == "base"]
    assert len(told) == len(read_here) * len(READING_PLACES)
    for one in read_here:
        sae = SAE.load_from_disk(card_folders()[0] / Path(one.source))
        for place in READING_PLACES:
            x = residuals[place][:, one.layer]
            with torch.no_grad():
                missed = (x - sae.decode(sae.encode(x))).square().sum()
            fvu = (missed / (x - x.mean(0)).square().sum()).item()
            assert told[one.id, place] == pytest.approx(fvu, rel=1e-3)


def test_separation_and_auroc_are_those_of_the_activations(
    embedded: Loaded, frames: list[Frame], residuals: dict[str, torch.Tensor]
) -> None:
    from sklearn.metrics import roc_auc_score  # takes a second

    readings = [trial for trial in trials_of(frames) if not trial.answers]
    known = np.array([frames[0].names[trial.name].label == "known" for trial in readings])
    for role in ("known", "unknown"):
        target = getattr(frames[0].request, role)
        dictionary, layer = embedded.dictionaries[target.dictionary], embedded.layer_of[target.dictionary]
        for place in READING_PLACES:
            pre = residuals[place][:, layer] @ dictionary.W_enc[:, target.latent] + dictionary.b_enc[target.latent]
            a = torch.where(pre > dictionary.threshold[target.latent], pre, 0.0).numpy()
            row = next(row for row in rows_of(frames, "reading") if (row["role"], row["place"]) == (role, place))
            side = known if role == "known" else ~known
            assert row["separation"] == pytest.approx((a[side] > 0).mean() - (a[~side] > 0).mean(), abs=1e-5)
            assert row["AUROC"] == pytest.approx(roc_auc_score(side, a), abs=1e-5)
            assert row["AUROC, low"] <= row["AUROC"] <= row["AUROC, high"]


def test_the_norms_are_transformers_residuals_own(frames: list[Frame], residuals: dict[str, torch.Tensor]) -> None:
    for row in rows_of(frames, "norms"):
        own = residuals[row["place"]][:, row["layer"]].norm(dim=-1).mean().item()
        assert row["mean |x|"] == pytest.approx(own, rel=1e-4)


def test_what_is_left_untouched_is_what_transformers_stream_has(embedded: Loaded, frames: list[Frame]) -> None:
    trial = next(trial for trial in trials_of(frames) if trial.answers)
    seen = teacher_forced(embedded.model, asked_in_template(embedded, trial.prompt))
    for role in ("known", "unknown"):
        target = getattr(frames[0].request, role)
        d = embedded.dictionaries[target.dictionary].W_dec[target.latent]
        own = (seen.residuals[:, 1:] @ (d / d.norm())).abs().mean(-1).tolist()
        assert trial.numbers[f"left/{role}/untouched"][1:] == pytest.approx(own, rel=1e-3)
        assert max(trial.numbers[f"left/{role}/exact"]) < 1e-4
        assert max(trial.numbers[f"left/{role}/paper"]) > 0.01


def test_the_untouched_arm_says_what_generate_says(engine: Engine, frames: list[Frame]) -> None:
    for trial in [trial for trial in trials_of(frames) if trial.answers][:4]:
        request = GenerateRequest(
            model=REQUEST.model, prompt=trial.prompt, controls=Controls(n_directions=0), max_new_tokens=32
        )
        verdict = of_kind(answer(engine, request), "verdict")[0]
        assert (trial.answers[0].text, trial.answers[0].outcome) == (verdict.text, verdict.outcome)


def test_shares_are_counts_of_the_trials_and_random_directions_are_counted_apart(frames: list[Frame]) -> None:
    opening, answered = frames[0], [trial for trial in trials_of(frames) if trial.answers]
    assert len(opening.arms) == 1 + 2 * 2 + 2 * REQUEST.n_controls
    for row in rows_of(frames, "answers"):
        own = [trial for trial in answered if opening.names[trial.name].group == row["group"]]
        shares = [
            np.mean([trial.answers[arm].outcome == row["outcome"] for trial in own])
            for arm, one in enumerate(opening.arms)
            if one.name == row["arm"]
            or (row["arm"].startswith("− random") and one.control_of and one.name.endswith(row["arm"].split(", ")[1]))
        ]
        assert len(shares) == (REQUEST.n_controls if row["role"] == "control" else 1)
        assert row["share"] == pytest.approx(np.mean(shares), abs=1e-5)
        assert row["prompts"] == len(own)


def test_without_the_unknown_direction_the_model_answers_what_it_refused(frames: list[Frame]) -> None:
    share = {
        row["arm"]: row["share"]
        for row in rows_of(frames, "answers")
        if (row["group"], row["outcome"]) == ("unknown", "refused")
    }
    assert share["untouched"] > 0.8
    assert share["− unknown, exact"] < 0.5 < share["− random, exact"]


def test_it_goes_on_from_anywhere_with_what_would_have_come(engine: Engine, frames: list[Frame]) -> None:
    kinds = [frame.kind for frame in frames]
    first_answer = next(n for n, frame in enumerate(frames) if frame.kind == "trial" and frame.answers)
    stops = (kinds.index("figure") + 1, first_answer + 5, len(frames) - 1)
    check_resumes_anywhere(engine, REQUEST, frames, stops)


def test_nothing_stays_behind_when_it_is_done_or_closed_half_way(engine: Engine, frames: list[Frame]) -> None:
    loaded = engine.loaded
    ids = tuple(asked_in_template(loaded, "What sport does Michael Jordan play?"))
    before = read(loaded.gemma, ids).logits.clone()
    theirs = teacher_forced(loaded.model, ids).logits.clone()
    half = engine.study(REQUEST, frames[: len(frames) // 2])
    for _ in range(60):
        next(half)
    half.close()
    assert torch.equal(read(loaded.gemma, ids).logits, before)
    assert torch.equal(teacher_forced(loaded.model, ids).logits, theirs)
    assert engine.stats()["rows"] == engine.stats()["queued"] == 0


def test_a_model_without_a_base_is_refused(random_model: Loaded) -> None:
    with pytest.raises(Refused):
        studied(Engine(random_model), REQUEST.model_copy(update={"model": random_model.card.id}))


def test_the_figures_draw_columns_that_they_have(frames: list[Frame]) -> None:
    for name in ("reading", "norms", "projection", "answers"):
        last = figure(frames, name)
        assert all(len(row) == len(last.columns) for row in last.rows)
        used = [
            value for key, value in last.plot if isinstance(value, int) and key not in ("diverging", "y_min", "y_max")
        ]
        assert max(used) < len(last.columns)


@pytest.mark.parametrize("family", ["gemma2", "gemma3"])
def test_both_families_run_it_in_bf16_on_names_that_were_given(family: str, tmp_path: Path) -> None:
    engine = asking_engine(tmp_path, family)
    request = TransferRequest(
        model=engine.loaded.card.id,
        asked=Asked(names=TEN_NAMES, split="all"),
        known=LatentTarget(dictionary="layer_1", latent=3),
        unknown=LatentTarget(dictionary="layer_2", latent=6),
        n_controls=1,
    )
    frames = studied(engine, request)
    assert len(trials_of(frames)) == 20
    for row in rows_of(frames, "reading"):
        assert row["FVU"] > 0
    for row in rows_of(frames, "projection"):
        if row["weights"] == "exact":
            assert row["mean |x · d̂|"] < 0.1  # rounding of bf16, in a stream of norm 10 to 40
    check_resumes_anywhere(engine, request, frames, (12,))
