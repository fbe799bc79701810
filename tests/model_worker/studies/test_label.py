"""Which names the model knows, by asking: the paper's rule, and thresholds that can be moved afterwards."""

from collections import Counter

import pytest

from model_worker.draw import draw
from model_worker.engine import Engine
from protocol.worker.names import GivenName, GivenNames, WorldNames
from protocol.worker.requests import GenerateRequest, Sampling, Span
from protocol.worker.studies import Asked, LabelRequest
from tests.model_worker.driving import answer, of_kind
from tests.model_worker.study_runs import check_resumes_anywhere, rows_of, studied

REQUEST = LabelRequest(
    model="tiny-gemma2-chat",
    asked=Asked(names=WorldNames(types=("player",), most=4, match_lengths=False), split="all", most=2, per_name="all"),
    n_samples=4,
    k=2,
    seed=5,
    max_new_tokens=20,
)


@pytest.fixture(scope="module")
def frames(embedded_engine: Engine) -> list:
    return studied(embedded_engine, REQUEST)


def naive(frames: list, k: int, tau: int) -> Counter:
    """By the paper's rule, from the trials alone."""
    known: dict[int, int] = Counter()
    names = set()
    for trial in of_kind(frames, "trial"):
        right = [one for one in trial.answers if one.outcome == "right" and one.sample >= 1]
        known[trial.name] += len(right) >= k
        names.add(trial.name)
    return Counter("known" if known[one] >= tau else "unknown" if known[one] == 0 else "between" for one in names)


def test_every_threshold_counts_as_the_papers_rule_does(frames: list) -> None:
    rows = rows_of(frames, "thresholds")
    for k in range(1, 5):
        for tau in (1, 2, 3):
            own = {
                row["label"]: row["names"]
                for row in rows
                if (row["type"], row["k"], row["tau"]) == ("all types", k, tau)
            }
            assert Counter(own) == naive(frames, k, tau)
    found = Counter()
    for row in rows_of(frames, "labels"):
        found[row["label"]] += row["names"]
    assert found == naive(frames, REQUEST.k, REQUEST.tau)
    assert found["known"] and found["unknown"]


def test_answers_are_explores_greedy_one_and_its_samples_of_the_same_seed(
    embedded_engine: Engine, frames: list
) -> None:
    trials = of_kind(frames, "trial")
    for trial in (trials[0], trials[-1]):
        name = frames[0].names[trial.name]
        first = trial.prompt.index(name.name)
        seed = int(draw(5, "sample", name.type, name.name, trial.attribute) * 2**31)
        for sampling, expected in (
            (Sampling(), trial.answers[:1]),
            (Sampling(temperature=1.0, seed=seed, n_samples=4), trial.answers[1:]),
        ):
            explored = answer(
                embedded_engine,
                GenerateRequest(
                    model=REQUEST.model,
                    prompt=trial.prompt,
                    entity=Span(start=first, end=first + len(name.name)),
                    sampling=sampling,
                    max_new_tokens=20,
                ),
            )
            said = sorted(of_kind(explored, "verdict"), key=lambda verdict: verdict.sample)
            assert [one.text for one in said] == [one.text for one in expected]
    assert [one.sample for one in trials[0].answers] == [0, 1, 2, 3, 4]


def test_questions_have_draws_of_their_own(frames: list) -> None:
    """One draw for all questions would make their samples right and wrong together."""
    name, seeds = frames[0].names[0], set()
    for attribute in ("sport", "team", "country"):
        seeds.add(draw(5, "sample", name.type, name.name, attribute))
    assert len(seeds) == 3


def test_every_attribute_of_a_name_is_asked_and_its_accuracy_is_counted(frames: list) -> None:
    trials = of_kind(frames, "trial")
    asked = Counter(frames[0].names[trial.name].name for trial in trials)
    assert max(asked.values()) == 3
    for row in rows_of(frames, "attributes"):
        own = [
            trial
            for trial in trials
            if (frames[0].names[trial.name].type, trial.attribute) == (row["type"], row["attribute"])
        ]
        greedy = [trial.answers[0].outcome for trial in own]
        assert row["n"] == len(own) and row["right"] == greedy.count("right")
        samples = [one.outcome == "right" for trial in own for one in trial.answers[1:]]
        assert row["samples right, share"] == pytest.approx(sum(samples) / len(samples), rel=1e-5)


def test_a_labelling_goes_on_from_any_frame(embedded_engine: Engine, frames: list) -> None:
    check_resumes_anywhere(embedded_engine, REQUEST, frames, (1, len(frames) // 2 + 1, len(frames) - 2))


def test_a_name_half_of_whose_questions_are_answered_has_no_label_yet(frames: list) -> None:
    at = [place for place, one in enumerate(frames) if one.kind == "figure" and one.id == "labels"]
    n_labelled = [sum(row["names"] for row in rows_of(frames[: place + 1], "labels")) for place in at]
    n_asked = len({trial.name for trial in of_kind(frames, "trial")})
    assert n_labelled == sorted(n_labelled) and n_labelled[-1] == n_asked
    first = next(place for place, one in enumerate(frames) if one.kind == "figure")
    per_name = Counter(trial.name for trial in of_kind(frames, "trial"))
    so_far = Counter(trial.name for trial in of_kind(frames[:first], "trial"))
    assert n_labelled[0] == sum(so_far[name] == per_name[name] for name in so_far)


def test_a_threshold_that_no_name_can_meet_is_told_before(embedded_engine: Engine) -> None:
    names = GivenNames(
        names=(GivenName(name="Paris", type="city"), GivenName(name="Anthon", type="city")), match_lengths=False
    )
    request = REQUEST.model_copy(update={"asked": Asked(names=names, split="all", per_name="all"), "tau": 3})
    frames = studied(embedded_engine, request)
    assert any("No name of the type city can be known" in warning for warning in frames[0].warnings)
    assert {row["label"]: row["names"] for row in rows_of(frames, "labels")}["known"] == 0
