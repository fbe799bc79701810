"""Answers of arms and of their controls: what Explore gives, counted right, wherever it was interrupted."""

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import islice

import pytest
import torch

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.steering.formula import Delta
from model_worker.studies.answers import controls
from model_worker.studies.answers.controls import control_arms
from model_worker.studies.answers.misfires import ablation_figure, auroc_figure
from model_worker.studies.answers.outcomes import flip_claim, pooled_figure
from model_worker.studies.shared.arms import PlannedArm, Resolved
from model_worker.studies.shared.completions import Answered, Wanted, answered
from model_worker.studies.shared.counts import cases_of, controls_of, main_arms, repetition
from model_worker.studies.shared.questions import Question, questions_of
from model_worker.studies.shared.within.views import ATTRIBUTES_MIXED, SAME_ATTRIBUTE
from protocol.app.experiments.answers.dose import DoseExperiment
from protocol.app.experiments.answers.misfires import MisfiresExperiment
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget, Sweep, VectorTarget
from protocol.worker.names import WorldNames
from protocol.worker.requests import Controls, GenerateRequest, Sampling
from protocol.worker.studies import AnswersRequest, ArmSpec, Asked, ControlSpec
from protocol.worker.study_frames import Figure, Trial, TrialAnswer
from tests.model_worker.driving import TOLERANCE, answer, ids_of, of_kind
from tests.model_worker.reference import Intervention, generated, teacher_forced
from tests.model_worker.study_runs import check_resumes_anywhere, figure, rows_of, studied

KNOWN = LatentTarget(dictionary="resid_post/layer_3_known", latent=4)
UNKNOWN = LatentTarget(dictionary="resid_post/layer_2_unknown", latent=1)
PUSH = Held(target=KNOWN, scope="entity", strength=1.25)
ASKED = Asked(names=WorldNames(types=("player", "city"), most=12), split="all", groups=("known", "unknown"), most=2)


def request_of(**changes) -> AnswersRequest:
    fields = dict(
        model="tiny-gemma2-chat",
        asked=ASKED,
        arms=(
            ArmSpec(name="+known", role="known", hold=(PUSH,)),
            ArmSpec(name="+unknown", role="unknown", hold=(Held(target=UNKNOWN, scope="last_entity", strength=0.375),)),
        ),
        controls=(ControlSpec(of="+known", n=2),),
        watch=(KNOWN, UNKNOWN),
        max_new_tokens=20,
    )
    return AnswersRequest(**(fields | changes))


@pytest.fixture(scope="module")
def frames(embedded_engine: Engine) -> list:
    return studied(embedded_engine, request_of())


@pytest.fixture(scope="module")
def questions(embedded: Loaded) -> list[Question]:
    return whole(questions_of(embedded, ASKED)).questions


def whole(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_the_baselines_answers_are_transformers_own(embedded: Loaded, frames: list, questions: list) -> None:
    stop = set(embedded.stop_ids)
    for question, trial in zip(questions, of_kind(frames, "trial"), strict=True):
        ids = generated(embedded.model, question.prompt.ids, None, 20, stop)
        own = trial.answers[0]
        assert own.text == embedded.tokenizer.decode(ids, skip_special_tokens=True)
        assert own.n_tokens == len(ids)


def test_an_arms_answers_and_log_odds_are_those_that_explore_gives_to_the_same_push(
    embedded_engine: Engine, frames: list, questions: list
) -> None:
    sweep = Sweep(target=KNOWN, scope="entity", strengths=(1.25,))
    for question, trial in zip(questions, of_kind(frames, "trial"), strict=True):
        explored = answer(
            embedded_engine,
            GenerateRequest(
                model="tiny-gemma2-chat",
                prompt=question.text,
                entity=question.prompt.span,
                sweeps=(sweep,),
                controls=Controls(n_directions=0),
                max_new_tokens=20,
            ),
        )
        (prompt,) = of_kind(explored, "prompt")
        verdicts = {verdict.arm: verdict for verdict in of_kind(explored, "verdict")}
        for arm in (0, 1):
            own = trial.answers[arm]
            assert own.text == verdicts[arm].text
            assert own.n_tokens == len(ids_of(explored, arm))
            assert (own.outcome, own.rule) == (verdicts[arm].outcome, verdicts[arm].rule)
            assert own.paper_phrase == verdicts[arm].paper_phrase
            assert own.refusal_logodds == pytest.approx(prompt.arms[arm].refusal_logodds, abs=TOLERANCE)
        at_name = question.prompt.entity.end - 1
        watched = [acts[at_name] for acts in prompt.arms[0].activations]
        assert trial.numbers["watched"] == pytest.approx(watched, abs=TOLERANCE)


def test_kl_and_surprise_equal_whole_passes_of_transformers(embedded: Loaded, frames: list, questions: list) -> None:
    sae, norms = embedded.dictionaries[KNOWN.dictionary], embedded.card.residual_norm
    d = sae.W_dec[KNOWN.latent]
    for question, trial in islice(zip(questions, of_kind(frames, "trial"), strict=True), 4):
        prompt = question.prompt
        at = range(prompt.entity.start, prompt.entity.end)
        alpha = 1.25 * norms[3] / d.norm().item()
        push = Intervention(
            3, "add", alpha, d, sae.W_enc[:, KNOWN.latent], sae.b_enc[KNOWN.latent].item(), sae.threshold[4].item(), at
        )
        untouched = teacher_forced(embedded.model, prompt.ids).logits[-1].log_softmax(-1)
        pushed = teacher_forced(embedded.model, prompt.ids, [push]).logits[-1].log_softmax(-1)
        kl = torch.nn.functional.kl_div(untouched, pushed, log_target=True, reduction="sum").item()
        assert trial.answers[0].kl_nats == 0
        assert trial.answers[1].kl_nats == pytest.approx(kl, abs=TOLERANCE)

        said = generated(embedded.model, prompt.ids, push, 20, set(embedded.stop_ids))
        logprobs = teacher_forced(embedded.model, [*prompt.ids, *said]).logits.log_softmax(-1)
        costs = [-logprobs[len(prompt.ids) - 1 + place, token].item() for place, token in enumerate(said)]
        assert trial.answers[1].surprise_nats == pytest.approx(sum(costs) / len(costs), abs=TOLERANCE)


def test_every_answer_is_counted_once_and_apart_by_its_outcome(frames: list) -> None:
    study, trials = frames[0], of_kind(frames, "trial")
    rows = rows_of(frames, "outcomes")
    for row in rows:
        kinds = {"arm": [None], "silent controls": ["silent"], "matched controls": ["matched"]}
        wanted = kinds.get(row["series"], ["random"])
        arms = [
            number
            for number, arm in enumerate(study.arms)
            if arm.control_kind in wanted
            and (study.arms[arm.control_of].name if arm.control_of is not None else arm.name) == row["arm"]
        ]
        own = [
            trial.answers[arm]
            for trial in trials
            for arm in arms
            if f"{study.names[trial.name].type} · {study.names[trial.name].group}" == row["type · group"]
        ]
        counts = Counter(one.outcome for one in own)
        outcomes = ("refused", "right", "wrong", "invented", "answered", "broken")
        assert {one: row[one] for one in outcomes} == {one: counts[one] for one in outcomes}
        assert row["n"] == len(own) == sum(row[one] for one in outcomes)
        assert row["refused, share"] == pytest.approx(counts["refused"] / len(own), rel=1e-5)
        assert row["refused, low"] <= row["refused, share"] <= row["refused, high"]
    arms = Counter(row["series"] for row in rows)
    assert arms == {"arm": 12, "silent controls": 4, "matched controls": 4, "random controls": 4}
    n_changed = {row["arm"]: 0 for row in rows_of(frames, "flips")}
    for row in rows_of(frames, "flips"):
        n_changed[row["arm"]] += row["n"]
    assert n_changed == {"+known": len(trials), "+unknown": len(trials)}


def test_what_an_arm_changes_stands_beside_what_its_controls_change(frames: list) -> None:
    study, trials = frames[0], of_kind(frames, "trial")

    def n_changed(arm: int) -> int:
        return sum(trial.answers[arm].outcome != trial.answers[0].outcome for trial in trials)

    cases = cases_of(study, trials) * 4  # as many as are enough to say something
    for arm in main_arms(study):
        controls = [4 * n_changed(one) for one in controls_of(study, arm)]
        told = flip_claim(study, cases, arm)
        assert told.startswith(f"With {study.arms[arm].name}, {4 * n_changed(arm)} of {len(cases)} answers come to")
        if not controls:
            assert told.endswith("; no control was run.")
            continue
        assert f"{len(controls)} controls " in told and f"({min(controls)} to {max(controls)}): it is " in told
        is_beyond = not min(controls) <= 4 * n_changed(arm) <= max(controls)
        assert ("beyond all of them" in told) == is_beyond


def test_no_two_columns_of_a_figure_have_one_name(frames: list) -> None:
    for one in of_kind(frames, "figure"):
        names = [column.name for column in one.columns]
        assert len(set(names)) == len(names)
        assert all(len(row) == len(names) for row in one.rows)


def test_a_claim_says_the_arm_the_baseline_and_its_controls_or_that_they_are_too_few(frames: list) -> None:
    study, trials = frames[0], of_kind(frames, "trial")
    assert "+known: 4 unknown names are too few to say anything" in figure(frames, "pooled").claim
    trials = [*trials, *trials]  # enough for a claim
    claim = pooled_figure(study, trials).claim
    unknown = [trial for trial in trials if study.names[trial.name].group == "unknown"]

    def n_refused(arm: int) -> int:
        return sum(trial.answers[arm].outcome == "refused" for trial in unknown)

    of_controls = [n_refused(arm) for arm, one in enumerate(study.arms) if one.control_of == 1]
    mean = f"{sum(of_controls) / 6:.1f}".removesuffix(".0")
    assert (
        f"With +known, {n_refused(1)} of 8 unknown names are refused; untouched {n_refused(0)}, with its 6 controls "
        f"{mean} on average ({min(of_controls)} to {max(of_controls)})"
    ) in claim
    assert "no control was run" in claim  # of +unknown
    assert any("+unknown has no control" in warning for warning in study.warnings)


@pytest.mark.parametrize("does", ["matched", "silent", None])
def test_a_claim_says_what_controls_do_to_names_that_the_push_is_not_aimed_at(frames: list, does: str | None) -> None:
    study = frames[0]
    of_group = {group: [i for i, one in enumerate(study.names) if one.group == group] for group in ("known", "unknown")}
    names = [*of_group["known"][:1] * 8, *of_group["unknown"][:1] * 8]

    def trial(number: int, name: int) -> Trial:
        known = study.names[name].group == "known"
        answers = tuple(
            TrialAnswer(
                arm=arm,
                text="",
                outcome="refused" if not known or (does and one.control_kind == does) else "right",
                rule="",
                refusal_logodds=0.0,
            )
            for arm, one in enumerate(study.arms)
        )
        return Trial(seq=0, trial=number, name=name, prompt="", answers=answers, numbers={})

    claim = pooled_figure(study, [trial(number, name) for number, name in enumerate(names)]).claim
    told = f"Of known names 8 of 8 are refused with its {does} controls, on average (8 to 8; untouched 0):"
    assert (told in claim) if does else ("Of known names" not in claim)


@pytest.mark.parametrize("held", [PUSH, PUSH.model_copy(update={"unit": "raw", "strength": 40.0})])
def test_controls_write_with_the_norm_of_what_they_stand_in_for(embedded: Loaded, questions: list, held: Held) -> None:
    embedded = of_other_norms(embedded)
    request = request_of(arms=(ArmSpec(name="+known", role="known", hold=(held,)),))
    (own,) = deltas(embedded, PlannedArm(None, (held,)), questions)
    found = whole(control_arms(embedded, request, questions))
    assert Counter(arm.told.control_kind for arm in found) == {"silent": 2, "matched": 2, "random": 2}
    directions = []
    for arm in found:
        (delta,) = deltas(embedded, arm, questions)
        assert size(delta) == pytest.approx(size(own), rel=1e-5)
        assert (delta.layer, delta.positions, delta.generated) == (own.layer, own.positions, own.generated)
        directions.append(delta.write / delta.write.norm())
    cosines = torch.stack([*directions, own.write / own.write.norm()])
    assert (cosines @ cosines.T).fill_diagonal_(0).abs().max() < 0.9


def test_silent_latents_never_fire_at_these_names_and_matched_ones_do_as_often_as_any(
    embedded: Loaded, questions: list
) -> None:
    many = ControlSpec(of="+known", n=30, kinds=("silent", "matched"))
    found = whole(control_arms(embedded, request_of(controls=(many,)), questions))
    sae = embedded.dictionaries[KNOWN.dictionary]
    at_names = torch.stack(
        [
            teacher_forced(embedded.model, one.prompt.ids).residuals[3][one.prompt.entity.end - 1]
            for one in {question.name: question for question in questions}.values()
        ]
    )
    pre = at_names @ sae.W_enc + sae.b_enc
    rates = (pre > sae.threshold.clamp(min=0)).float().mean(0)
    drawn = {
        kind: [arm.hold[0].target.latent for arm in found if arm.told.control_kind == kind]
        for kind in ("silent", "matched")
    }
    assert (rates[drawn["silent"]] == 0).all()
    others = torch.tensor([abs(rate - rates[4]) for latent, rate in enumerate(rates) if rate > 0 and latent != 4])
    worst = max(abs(rates[latent] - rates[4]) for latent in drawn["matched"])
    assert worst == others.sort().values[29]
    assert KNOWN.latent not in drawn["silent"] + drawn["matched"]


def test_an_ablated_control_takes_away_its_own_latent(embedded: Loaded, questions: list) -> None:
    held = Held(target=KNOWN, mode="ablate", scope="entity", strength=1.0)
    spec = ControlSpec(of="ablate", n=1, kinds=("matched", "random"))
    request = request_of(arms=(ArmSpec(name="ablate", role="known", hold=(held,)),), controls=(spec,))
    matched, drawn = whole(control_arms(embedded, request, questions))
    sae = embedded.dictionaries[KNOWN.dictionary]
    (own,) = deltas(embedded, matched, questions)
    latent = matched.hold[0].target.latent
    assert torch.equal(own.write, sae.W_dec[latent]) and torch.equal(own.reading.read, sae.W_enc[:, latent])
    (other,) = deltas(embedded, drawn, questions)
    assert torch.equal(other.reading.read, sae.W_enc[:, 4])
    assert other.write.norm().item() == pytest.approx(sae.W_dec[4].norm().item(), rel=1e-5)


def test_a_dose_has_one_band_and_a_direction_that_is_no_latents_has_controls_too(
    embedded: Loaded, questions: list
) -> None:
    vector = Held(target=VectorTarget(name="known-unknown-3"), scope="entity", strength=0.5)
    arms = tuple(
        ArmSpec(name=str(strength), role="known", hold=(vector.model_copy(update={"strength": strength}),))
        for strength in (0.5, 1.0)
    )
    controls = tuple(ControlSpec(of=arm.name, n=2) for arm in arms)
    found = whole(control_arms(embedded, request_of(arms=arms, controls=controls), questions))
    assert [one.hold[0].target for one in found[:6]] == [one.hold[0].target for one in found[6:]]
    assert {one.hold[0].strength for one in found[6:]} == {1.0}


def test_a_latent_that_writes_what_is_pushed_is_no_control_of_it(
    embedded: Loaded, questions: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector = Held(target=VectorTarget(name="known-unknown-3"), scope="entity", strength=0.5)
    request = request_of(
        arms=(ArmSpec(name="+", role="known", hold=(vector,)),),
        controls=(ControlSpec(of="+", kinds=("matched",), n=2),),
    )
    nearest = whole(control_arms(embedded, request, questions))
    assert len(nearest) == 2
    monkeypatch.setattr(controls, "SAME", -1.0)  # all of them write it
    with pytest.raises(Refused):
        whole(control_arms(embedded, request, questions))


def test_whoever_goes_on_from_any_frame_ends_with_the_same_frames(embedded_engine: Engine, frames: list) -> None:
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    first_figure = next(place for place, frame in enumerate(frames) if frame.kind == "figure")
    stops = {1, 2, 3, first_figure, first_figure + 1, first_figure + 2, len(frames) // 2, len(frames)}
    check_resumes_anywhere(embedded_engine, request_of(), frames, sorted(stops))


def test_whoever_else_is_in_the_batch_changes_no_answer(embedded_engine: Engine, frames: list) -> None:
    engine = embedded_engine
    streams = [engine.study(request_of()), engine.study(request_of(asked=ASKED.model_copy(update={"most": 1})))]
    found: list[list] = [[], []]
    going = {0, 1}
    while going:
        for place in sorted(going):
            try:
                frame = next(streams[place])
            except StopIteration:
                going.discard(place)
                continue
            if frame is not None:
                found[place].append(frame)
        engine.advance("background")
    assert found[0][:-1] == frames  # the last is `done`


def _read(answers: Answered) -> tuple:
    """But for the odds of each token, which are rounded otherwise in another batch."""
    said = {at: replace(one, odds=()) for at, one in answers.said.items()}
    return said, answers.refusal_logodds, answers.kl_nats


@pytest.mark.parametrize("rows_at_once", [1, 12, 500])
def test_how_many_decode_at_a_time_changes_no_answer(
    embedded_engine: Engine, questions: list, rows_at_once: int
) -> None:
    one, many = (finished(embedded_engine, asked(embedded_engine, questions, n)) for n in (rows_at_once, 64))
    assert [_read(answers) for answers in one] == [_read(answers) for answers in many]
    for few, more in zip(one, many, strict=True):
        for at, said in few.said.items():
            assert torch.allclose(torch.tensor(said.odds), torch.tensor(more.said[at].odds), atol=1e-4)


def test_trials_keep_the_order_of_the_questions_whoever_ends_first(embedded_engine: Engine, questions: list) -> None:
    found = finished(embedded_engine, asked(embedded_engine, questions, 64))
    assert [one.state.ids for one in found] == [question.prompt.ids for question in questions]


def test_a_study_that_is_left_leaves_the_batch_empty(embedded_engine: Engine) -> None:
    lane = embedded_engine.lanes["background"]
    frames = embedded_engine.study(request_of())
    while lane.n_rows < 20:
        next(frames)
        embedded_engine.advance("background")
    frames.close()
    assert (lane.n_rows, lane.n_waiting) == (0, 0)
    assert lane._groups == []


def test_a_batch_that_is_too_small_for_a_prompt_is_told_before_the_first_frame(embedded: Loaded) -> None:
    small = Engine(embedded, kv_bytes=2 * 2**20)
    with pytest.raises(Refused) as refused:
        next(frame for frame in small.study(request_of(controls=())) if frame is not None)
    assert refused.value.refusal.code == "out_of_memory"


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (PUSH.model_copy(update={"target": LatentTarget(dictionary="nowhere", latent=1)}), "unknown_dictionary"),
        (PUSH.model_copy(update={"target": LatentTarget(dictionary=KNOWN.dictionary, latent=9999)}), "unknown_latent"),
        (PUSH.model_copy(update={"scope": "positions", "positions": (3,)}), "positions_of_many"),
    ],
)
def test_an_arm_that_cannot_be_is_refused_before_the_first_frame(
    embedded_engine: Engine, held: Held, code: str
) -> None:
    request = request_of(arms=(ArmSpec(name="+known", role="known", hold=(held,)),))
    with pytest.raises(Refused) as refused:
        studied(embedded_engine, request)
    assert refused.value.refusal.code == code


def test_silent_latents_that_could_take_nothing_away_are_named_no_control(embedded_engine: Engine) -> None:
    held = Held(target=KNOWN, mode="ablate", scope="last_entity", strength=1.0)
    request = request_of(
        arms=(ArmSpec(name="ablate", role="known", hold=(held,)),),
        controls=(ControlSpec(of="ablate", n=1, kinds=("silent", "matched")),),
        asked=ASKED.model_copy(update={"most": 1}),
    )
    frames = studied(embedded_engine, request)
    assert any("Silent latents are no control of ablate" in warning for warning in frames[0].warnings)
    for trial in of_kind(frames, "trial"):
        assert trial.answers[2].text == trial.answers[0].text and trial.answers[2].kl_nats < TOLERANCE


def test_the_dose_figure_has_the_baseline_at_strength_0_and_a_band_of_controls(embedded_engine: Engine) -> None:
    card = embedded_engine.loaded.card
    dose = DoseExperiment()
    request = dose.request(card, dose.preset(card).model_copy(update={"n": 2, "asked": ASKED}))
    frames = studied(embedded_engine, request)
    rows = [row for row in rows_of(frames, "dose") if row["group"] == "unknown"]
    refused = {row["strength"]: row["share"] for row in rows if row["outcome"] == "refused"}
    assert set(refused) == {0.0, *(arm.hold[0].strength for arm in request.arms)}
    trials = [one for one in of_kind(frames, "trial") if frames[0].names[one.name].group == "unknown"]
    assert refused[0.0] == sum(one.answers[0].outcome == "refused" for one in trials) / len(trials)
    assert {row["strength"] for row in rows if row["outcome"] == "refused, controls"} == set(refused) - {0.0}
    guards = {row["measure"] for row in rows_of(frames, "coherence")}
    assert len(guards) == 4
    assert {row["strength"] for row in rows_of(frames, "logodds")} == set(refused)


def test_misfires_are_counted_from_the_answers_and_the_claim_says_so(embedded_engine: Engine) -> None:
    card = embedded_engine.loaded.card
    misfires = MisfiresExperiment()
    few = Asked(names=WorldNames(types=("player",), most=12), split="all", most=4)
    draft = misfires.preset(card).model_copy(update={"n": 2, "asked": few})
    frames = studied(embedded_engine, misfires.request(card, draft))
    study, trials = frames[0], of_kind(frames, "trial")
    misfired = [one for one in trials if one.answers[0].outcome in ("wrong", "invented")]
    assert misfired
    turned = sum(one.answers[1].outcome == "refused" for one in misfired)
    assert f"{len(misfired)} wrong or invented answers are too few" in figure(frames, "ablation").claim
    claim, n = ablation_figure(study, trials * 6).claim, len(misfired) * 6
    assert f"{turned * 6} of {n} wrong or invented answers" in claim
    (row,) = (
        row for row in rows_of(frames, "ablation") if (row["untouched"], row["series"]) == ("wrong or invented", "arm")
    )
    assert (row["n"], row["refused"]) == (len(misfired), pytest.approx(turned / len(misfired), rel=1e-5))
    known = sorted(one.numbers["watched"][0] for one in misfired)
    (box,) = (
        row for row in rows_of(frames, "misfires") if row["read"] == "L3 #4" and row["answer"] == "wrong or invented"
    )
    assert (box["n"], box["least"], box["most"]) == (len(known), known[0], known[-1])
    assert {arm.control_kind for arm in study.arms if arm.control_of} == {"matched", "random"}


@pytest.mark.parametrize(
    ("turned", "by_controls", "answer"),
    [
        (8, 1, "So yes, more of them than under any of its controls."),
        (3, 2, "That is more than under any of its controls, but its interval reaches into theirs."),
        (8, 9, "So no, not more of them than its controls do."),
    ],
)
def test_the_claim_about_misfires_says_yes_or_no_as_the_numbers_do(
    frames: list, turned: int, by_controls: int, answer: str
) -> None:
    """5 wrong and 5 invented answers are misfires; 4 right ones, 3 refusals and 2 that state nothing are none."""
    untouched = ["wrong"] * 5 + ["invented"] * 5 + ["right"] * 4 + ["refused"] * 3 + ["answered"] * 2

    def trial(number: int, before: str):
        def said(arm: int) -> TrialAnswer:
            n_turned = {0: 0, 1: turned, 2: 0}.get(arm, by_controls)
            outcome = "refused" if number < n_turned else before
            return TrialAnswer(arm=arm, text="", outcome=outcome, rule="", refusal_logodds=float(number))

        answers = tuple(said(arm) for arm in range(len(frames[0].arms)))
        return Trial(seq=0, trial=number, name=0, prompt="", answers=answers, numbers={"watched": (1.0, 2.0)})

    trials = [trial(number, before) for number, before in enumerate(untouched)]
    ablation = ablation_figure(frames[0], trials)
    assert f"With +known, {turned} of 10 wrong or invented answers" in ablation.claim
    assert f"6 controls {by_controls} on average" in ablation.claim and "of 4 right answers 0 do" in ablation.claim
    assert answer in ablation.claim
    *_, told = cue_of(auroc_figure(frames[0], trials))
    found = {(row[0], row[1], row[3]): row[4:8] for row in told.rows}
    for view in (SAME_ATTRIBUTE, ATTRIBUTES_MIXED):  # all about one
        # they come first, so that theirs are smaller
        assert found["refusal log-odds", "against right", view] == (10, 4, 40, 0.0)
        assert found["L3 #4", "against refused", view] == (10, 3, 30, 0.5)  # all alike


def test_what_a_misfires_readout_owes_to_the_attribute_is_said(frames: list) -> None:
    """Planted: errors are about one attribute and right answers mostly about another, and the log-odds tell which."""

    def trial(number: int, attribute: str, outcome: str):
        said = TrialAnswer(arm=0, text="", outcome=outcome, rule="", refusal_logodds=float(attribute == "country"))
        answers = tuple(said.model_copy(update={"arm": arm}) for arm in range(len(frames[0].arms)))
        name = number % len(frames[0].names)
        watched = {"watched": (0.0, 0.0)}
        return Trial(seq=0, trial=number, name=name, attribute=attribute, prompt="", answers=answers, numbers=watched)

    asked = (
        [("country", "wrong")] * 16 + [("country", "right")] * 4 + [("team", "wrong")] * 4 + [("team", "right")] * 16
    )
    trials = [trial(number, *one) for number, one in enumerate(asked)]
    one_type = frames[0].model_copy(
        update={"names": tuple(name.model_copy(update={"type": "player"}) for name in frames[0].names)}
    )
    *_, told = cue_of(auroc_figure(one_type, trials))
    within, mixed = (
        next(row for row in told.rows if row[0] == "refusal log-odds" and row[3] == view)
        for view in (SAME_ATTRIBUTE, ATTRIBUTES_MIXED)
    )
    assert (within[7], mixed[7]) == (0.5, 0.8) and told.rows[0][3] == SAME_ATTRIBUTE
    assert "right 0.50" in told.claim and "refusal log-odds against right 0.80" in told.claim


def cue_of(drawing: Generator[None, None, Figure]) -> Iterator[Figure | None]:
    yield (yield from drawing)


def test_repetition_is_the_share_of_word_pairs_that_were_there_before() -> None:
    def said(text: str) -> float:
        return repetition(TrialAnswer(text=text, outcome="broken", rule=""))

    assert said("a b a b a b") == pytest.approx(3 / 5)  # ab ba ab ba ab
    assert said("all of these differ") == said("one") == said("") == 0


def finished(engine: Engine, found: Iterator[Answered | None]) -> list[Answered]:
    whole = []
    for one in found:
        if one is not None:
            whole.append(one)
        engine.advance("background")
    return whole


def asked(engine: Engine, questions: list, rows_at_once: int) -> Iterator[Answered | None]:
    """Two arms, and samples at temperature 1."""
    arm = Resolved(engine.loaded, (PUSH,), questions[0].prompt)
    samplings = (Sampling(), Sampling(temperature=1.0, seed=3, n_samples=3))
    wanted = (Wanted(one.prompt.ids, ((), arm.at(one.prompt)), samplings) for one in questions)
    return answered(engine.loaded, engine.lanes["background"], wanted, 12, rows_at_once)


def of_other_norms(loaded: Loaded) -> Loaded:
    """Decoder rows of norms from 1 to 3: ours all have norm 1, those of other dictionaries don't."""
    sae = loaded.dictionaries[KNOWN.dictionary]
    other = replace(sae, W_dec=sae.W_dec * torch.linspace(1, 3, sae.d_sae).unsqueeze(-1))
    return replace(loaded, dictionaries={KNOWN.dictionary: other})


def deltas(loaded: Loaded, arm: PlannedArm, questions: list) -> tuple[Delta, ...]:
    prompt = questions[0].prompt
    return Resolved(loaded, arm.hold, prompt).at(prompt)


def size(delta: Delta) -> float:
    """Of what is added, where it doesn't depend on what is read."""
    assert delta.slope == 0
    return abs(delta.constant) * delta.write.norm().item()


def test_all_types_together_stand_first_and_count_what_their_parts_count(frames: list) -> None:
    ids = [one.id for one in frames if one.kind == "figure"]
    assert ids[:2] == ["pooled", "outcomes"]
    parts, pooled = rows_of(frames, "outcomes"), rows_of(frames, "pooled")
    assert len(pooled) < len(parts)
    for row in pooled:
        own = [one for one in parts if all(one[key] == row[key] for key in ("group", "arm", "series"))]
        assert [sum(one[key] for one in own) for key in ("n", "refused", "right")] == [
            row[key] for key in ("n", "refused", "right")
        ]
