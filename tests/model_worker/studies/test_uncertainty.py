"""The study `uncertainty`: its ranking, its curves and its baselines are scipy's and scikit-learn's on plainly computed
activations, and the test half has no say in the ranking."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from model_worker.answering.prompt import read_prompt
from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.studies.shared.within.auroc import in_both_views, unit_draws
from model_worker.studies.shared.within.views import ATTRIBUTES_MIXED, SAME_ATTRIBUTE, shrinking
from model_worker.studies.uncertainty.measure import before_answer
from model_worker.studies.uncertainty.threshold import balanced_f1, best_threshold
from protocol.refusal import Refused
from protocol.worker.frames import Frame
from protocol.worker.names import WorldNames
from protocol.worker.requests import GenerateRequest
from protocol.worker.studies import Asked, UncertaintyRequest
from protocol.worker.study_frames import Trial
from protocol.worker.tokens import Token
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

# groups of which some are answered wrong: names whose asked fact was never told, or told wrongly
REQUEST = UncertaintyRequest(
    model="tiny-gemma2-chat",
    asked=Asked(
        names=WorldNames(types=("city", "movie"), most=40),
        split="all",
        most=40,
        groups=("known", "withheld", "misled"),
    ),
    dictionaries=("chat_resid_post/layer_4", "chat_resid_post/layer_5"),
    top=5,
)


@pytest.fixture(scope="module")
def frames(embedded_engine: Engine) -> list[Frame]:
    return studied(embedded_engine, REQUEST)


class Plain:
    """Every trial that counts, read by transformers alone."""

    def __init__(self, loaded: Loaded, frames: list[Frame]) -> None:
        self.loaded = loaded
        self.trials = [one for one in trials_of(frames) if one.answers[0].outcome in ("right", "wrong", "invented")]
        self.names = [frames[0].names[one.name] for one in self.trials]
        self.error = np.array([one.answers[0].outcome != "right" for one in self.trials])
        seen = [teacher_forced(loaded.model, asked_in_template(loaded, one.prompt)) for one in self.trials]
        self.residuals = torch.stack([one.residuals[:, -1] for one in seen])
        self.logprobs = torch.stack([one.logits[-1].log_softmax(-1) for one in seen])

        self.about = np.array(
            [f"{name.type} {one.attribute}" for name, one in zip(self.names, self.trials, strict=True)]
        )

    def within(self, values: np.ndarray, split: str) -> float:
        """Share of pairs about one attribute in which the error has more, counted one by one."""
        here = self.where(split)
        apart = [
            np.sign(values[a] - values[b])
            for a in np.flatnonzero(here & self.error)
            for b in np.flatnonzero(here & ~self.error & (self.about == self.about[a]))
        ]
        return (float(np.mean(apart)) + 1) / 2

    def where(self, split: str, kind: str | None = None) -> np.ndarray:
        return np.array([one.split == split and kind in (None, one.type) for one in self.names])

    def activations(self, name: str, latent: int) -> np.ndarray:
        sae = self.loaded.dictionaries[name]
        pre = self.residuals[:, self.loaded.layer_of[name]] @ sae.W_enc[:, latent] + sae.b_enc[latent]
        return torch.where(pre > sae.threshold[latent], pre, 0.0).double().numpy()

    def t(self, name: str, latent: int, kind: str) -> float:
        a, here = self.activations(name, latent), self.where("train", kind)
        found = stats.ttest_ind(a[here & self.error], a[here & ~self.error], equal_var=False).statistic
        return 0.0 if np.isnan(found) else float(found)


@pytest.fixture(scope="module")
def plain(embedded: Loaded, frames: list[Frame]) -> Plain:
    return Plain(embedded, frames)


def test_scores_are_scipys_welch_t_of_transformers_activations_on_the_training_half(
    frames: list[Frame], plain: Plain
) -> None:
    rows = rows_of(frames, "latents")
    assert len(rows) == REQUEST.top
    for row in rows:
        t = {kind: plain.t(row["dictionary"], row["index"], kind) for kind in ("city", "movie")}
        for kind, value in t.items():
            assert row[f"t, {kind}"] == pytest.approx(value, rel=1e-3, abs=1e-3)
        assert row["score, least t"] == pytest.approx(min(t.values()), rel=1e-3)
        a, here = plain.activations(row["dictionary"], row["index"]), plain.where("train")
        assert row["mean before errors"] == pytest.approx(a[here & plain.error].mean(), rel=1e-3)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_latent_of_a_dictionary_has_a_greater_score_than_the_first(frames: list[Frame], plain: Plain) -> None:
    best = rows_of(frames, "latents")[0]
    for name in REQUEST.dictionaries:
        for latent in range(0, plain.loaded.dictionaries[name].d_sae, 5):
            assert min(plain.t(name, latent, kind) for kind in ("city", "movie")) <= best["score, least t"] + 1e-3


def test_auroc_and_f1_are_scikit_learns_on_the_test_half(frames: list[Frame], plain: Plain) -> None:
    from sklearn.metrics import f1_score, roc_auc_score  # takes a second

    for row in rows_of(frames, "latents"):
        a, test = plain.activations(row["dictionary"], row["index"]), plain.where("test")
        assert row["AUROC, attributes mixed"] == pytest.approx(roc_auc_score(plain.error[test], a[test]), abs=1e-3)
        assert row["AUROC"] == pytest.approx(plain.within(a, "test"), abs=2e-3)
        fit = plain.where("validation")
        threshold = best_threshold(a[fit & plain.error], a[fit & ~plain.error])
        weights = np.where(plain.error[test], 1 / plain.error[test].sum(), 1 / (~plain.error[test]).sum())
        f1 = f1_score(plain.error[test], a[test] >= threshold, sample_weight=weights)
        assert row["F1"] == pytest.approx(f1, abs=0.02)  # a threshold is an activation, and may fall to either side


def test_the_baselines_are_transformers_first_token_and_its_residual(frames: list[Frame], plain: Plain) -> None:
    from sklearn.metrics import roc_auc_score  # takes a second

    test, train = plain.where("test"), plain.where("train")
    entropy = -(plain.logprobs.exp() * plain.logprobs).sum(-1).numpy()
    surprise = -plain.logprobs.max(-1).values.numpy()
    for trial, e, s in zip(plain.trials, entropy, surprise, strict=True):
        assert trial.numbers["entropy"][0] == pytest.approx(e, abs=1e-4)
        assert trial.numbers["surprise"][0] == pytest.approx(s, abs=1e-4)
    told = rows_of(frames, "baselines")
    assert told[0]["view"] == SAME_ATTRIBUTE, "what is seen first"
    within = {row["score"]: row for row in told if row["view"] == SAME_ATTRIBUTE}
    rows = {row["score"]: row for row in told if row["view"] == ATTRIBUTES_MIXED}
    layer = plain.loaded.layer_of[rows_of(frames, "latents")[0]["dictionary"]]
    x = plain.residuals[:, layer].double().numpy()
    means = x @ (x[train & plain.error].mean(0) - x[train & ~plain.error].mean(0))
    wanted = {
        "first token, entropy": entropy,
        "first token, −log p": surprise,
        f"difference of means, layer {layer}": means,
    }
    for name, values in wanted.items():
        assert rows[name]["AUROC"] == pytest.approx(roc_auc_score(plain.error[test], values[test]), abs=2e-3)
        assert within[name]["AUROC"] == pytest.approx(plain.within(values, "test"), abs=4e-3)
    probe = rows[f"logistic probe, layer {layer}"]
    assert probe["AUROC, low"] <= probe["AUROC"] <= probe["AUROC, high"]
    assert (probe["errors"], probe["right answers"]) == (plain.error[test].sum(), (~plain.error[test]).sum())


def test_the_area_under_each_curve_is_its_auroc_in_both_views(frames: list[Frame]) -> None:
    curves = rows_of(frames, "roc")
    told = {(row["score"], row["view"]): row["AUROC"] for row in rows_of(frames, "baselines") if row["type"] == "all"}
    assert len(told) == 10
    for (name, view), value in told.items():
        points = [row for row in curves if (row["score"], row["view"]) == (name, view)]
        x, y = [row["false alarms"] for row in points], [row["hits"] for row in points]
        assert np.trapezoid(y, x) == pytest.approx(value, abs=1e-4)


def test_a_score_that_tells_the_attribute_alone_is_said_to_shrink() -> None:
    """A planted one: half of the errors' strata, none of the pairs inside them."""
    is_error = np.arange(200) % 100 < np.repeat([80, 20], 100)
    about = ["city: country"] * 100 + ["player: sport"] * 100
    draws = unit_draws([str(number) for number in range(200)])
    asked, told = (
        in_both_views(values, is_error, about, draws)
        for values in (np.repeat([1.0, 0.0], 100), is_error + 0.1 * np.arange(200) % 2)
    )
    assert (asked.within.auroc, asked.shrinks, told.shrinks) == (0.5, True, False)
    said = shrinking({"who": told, "what": asked})
    assert "what 0.80" in said and "who" not in said
    assert "none of them" in shrinking({"who": told}) and shrinking({}) == ""


def test_the_test_half_has_no_say_in_the_ranking(embedded_engine: Engine, frames: list[Frame]) -> None:
    """A leak is planted: every answer of the test half says the reverse. Only what is reported of it may change."""

    def leaked(frame: Frame) -> Frame:
        if not isinstance(frame, Trial) or frames[0].names[frame.name].split != "test":
            return frame
        turned = {"right": "wrong", "wrong": "right", "invented": "right"}
        answer = frame.answers[0]
        answer = answer.model_copy(update={"outcome": turned.get(answer.outcome, answer.outcome)})
        return frame.model_copy(update={"answers": (answer,)})

    last_trial = max(n for n, frame in enumerate(frames) if frame.kind == "trial")
    rest = studied(embedded_engine, REQUEST, [leaked(frame) for frame in frames[: last_trial + 1]])
    before, after = rows_of(frames, "latents"), rows_of(rest, "latents")
    ranking = ("latent", "rank", "score, least t", "mean before right", "mean before errors")
    assert [[row[name] for name in ranking] for row in before] == [[row[name] for name in ranking] for row in after]
    for one, other in zip(before, after, strict=True):
        mixed = "AUROC, attributes mixed"
        assert one[mixed] + other[mixed] == pytest.approx(1, abs=1e-4)


def test_refusals_are_left_out_and_wrong_and_invented_answers_counted_apart(
    embedded_engine: Engine, frames: list[Frame]
) -> None:
    counted = {}
    for row in rows_of(frames, "outcomes"):
        counted[row["outcome"]] = counted.get(row["outcome"], 0) + row["answers"]
    outcomes = [trial.answers[0].outcome for trial in trials_of(frames)]
    assert counted == {name: outcomes.count(name) for name in counted}
    assert sum(counted.values()) == len(outcomes)
    boxes = rows_of(frames, "boxes")
    test = [trial for trial in trials_of(frames) if frames[0].names[trial.name].split == "test"]
    for word in ("right", "wrong"):
        n = sum(trial.answers[0].outcome == word for trial in test)
        assert sum(row["prompts"] for row in boxes if row["answer"] == word) == n


def test_by_samples_right_is_k_of_n_and_greedy_refusals_stay_out(embedded_engine: Engine) -> None:
    asked = Asked(names=WorldNames(types=("song",), most=8), split="all", most=8, groups=("known", "unknown", "misled"))
    request = REQUEST.model_copy(update={"asked": asked, "n_samples": 4, "k": 4})
    frames = studied(embedded_engine, request)
    for trial in trials_of(frames):
        assert [answer.sample for answer in trial.answers] == [0, 1, 2, 3, 4]
    assert len({trial.seed for trial in trials_of(frames)}) == len(trials_of(frames)), "no two share their draws"
    counts = [trial for trial in trials_of(frames) if trial.answers[0].outcome in ("right", "wrong", "invented")]
    right = sum([one.outcome for one in trial.answers[1:]].count("right") == 4 for trial in counts)
    test = [trial for trial in counts if frames[0].names[trial.name].split == "test"]
    row = rows_of(frames, "baselines")[0]
    assert row["errors"] + row["right answers"] == len(test)
    assert 0 < right < len(trials_of(frames))


def test_too_few_errors_are_said_and_nothing_is_ranked(embedded_engine: Engine) -> None:
    asked = Asked(names=WorldNames(types=("city",), most=6), split="all", most=6, groups=("known",))
    frames = studied(embedded_engine, REQUEST.model_copy(update={"asked": asked}))
    last = figure(frames, "latents")
    assert last.rows == () and "ask about more names" in last.claim
    assert figure(frames, "boxes").rows == () and figure(frames, "roc").rows == ()


def test_it_goes_on_from_anywhere_with_what_would_have_come(embedded_engine: Engine, frames: list[Frame]) -> None:
    kinds = [frame.kind for frame in frames]
    middle = kinds.index("figure", len(frames) // 2) + 1
    check_resumes_anywhere(embedded_engine, REQUEST, frames, (middle, len(frames) - 2))


def test_closed_half_way_nobody_waits_in_the_batch(embedded_engine: Engine) -> None:
    half = embedded_engine.study(REQUEST)
    for _ in range(40):
        next(half)
        embedded_engine.advance("background")
    half.close()
    assert embedded_engine.stats()["rows"] == embedded_engine.stats()["queued"] == 0


def test_it_is_read_at_the_templates_model_token_where_that_is_one_token(embedded: Loaded) -> None:
    prompt = read_prompt(embedded, GenerateRequest(model=embedded.card.id, prompt="What country is Porto in?"))
    assert before_answer(prompt) == len(prompt.tokens) - 1  # here it is “m”, “od”, “el”
    text = (*prompt.tokens[:-4], Token(id=1, text="model", role="template"), prompt.tokens[-1])
    assert before_answer(replace(prompt, tokens=text)) == len(text) - 2
    typed = (*prompt.tokens[:-4], Token(id=1, text="model", role="text"), prompt.tokens[-1])
    assert before_answer(replace(prompt, tokens=typed)) == len(typed) - 1


def test_f1_weighs_both_sides_alike() -> None:
    error, right = np.array([3.0, 2.0, 0.0, 0.0]), np.array([2.0, 0.0])
    assert balanced_f1(error, right, 2.0) == pytest.approx(2 * 0.5 / (0.5 + 0.5 + 1))
    assert balanced_f1(error, right, 0.0) == pytest.approx(2 / 3)
    assert best_threshold(np.array([5.0, 4.0]), np.array([1.0, 2.0])) == 4.0


def test_a_dictionary_that_is_not_there_is_refused(embedded_engine: Engine) -> None:
    with pytest.raises(Refused, match="The dictionary nothing"):
        studied(embedded_engine, REQUEST.model_copy(update={"dictionaries": ("nothing",)}))


@pytest.mark.parametrize("family", ["gemma2", "gemma3"])
def test_both_families_run_it_in_bf16_and_unjudged_answers_are_left_out(family: str, tmp_path: Path) -> None:
    engine = asking_engine(tmp_path, family)
    frames = studied(engine, UncertaintyRequest(model=engine.loaded.card.id, asked=Asked(names=TEN_NAMES, split="all")))
    assert len(trials_of(frames)) == 10
    assert "ask about more names" in figure(frames, "latents").claim
    assert any("No dictionary of the chat model" in warning for warning in frames[0].warnings)
