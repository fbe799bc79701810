"""Every mode at every scope equals plain transformers with hooks, token for token."""

from pathlib import Path

import pytest
import torch

from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import read_row
from model_worker.steering.random_directions import random_directions
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget, RandomTarget, Sweep, VectorTarget
from protocol.vocabulary import MODES
from protocol.worker.frames import Frame
from protocol.worker.replay import AnswerTokens, ReplayRequest
from protocol.worker.requests import Controls, GenerateRequest
from tests.model_worker import random_gemma
from tests.model_worker.driving import (
    PROMPT,
    TOLERANCE,
    answer,
    answers,
    ids_of,
    interventions_of,
    logprobs_of,
    of_kind,
    readings_of,
    request_for,
    tokens_of,
)
from tests.model_worker.reference import generated, teacher_forced

LATENT, OTHER = LatentTarget(dictionary="layer_1", latent=3), LatentTarget(dictionary="layer_1", latent=40)
HIGHER = LatentTarget(dictionary="layer_2", latent=6)
STRENGTH = {"residual_norm": 0.75, "activation": 6.0, "factor": -2.0, "share": 1.0}
"""Of each mode, by its own unit."""
NOT_SWAPPED = [mode for mode in MODES if not MODES[mode].needs_to]
SCOPES = ("last_entity", "entity", "entity_to_end", "last_entity_to_end", "last_prompt", "prompt", "positions")


def sweep_of(mode: str, scope: str, *, target=LATENT, generated: bool = False, share: float = 1.0) -> Sweep:
    return Sweep(
        target=target,
        mode=mode,
        to=OTHER if MODES[mode].needs_to else None,
        scope=scope,
        positions=(3, 17, 40) if scope == "positions" else (),
        generated=generated,
        strengths=(STRENGTH[MODES[mode].units[0]] * share,),
    )


def check(engine: Engine, frames: list[Frame], arm: int, sample: int = 0) -> bool:
    """Tokens, odds and readings of one answer against one whole pass; True if steering moved them at all."""
    loaded, start = engine.loaded, frames[0]
    chosen = ids_of(frames, arm, sample)
    prompt = [token.id for token in start.tokens]
    steerings = interventions_of(loaded, start, arm, len(chosen))
    seen = teacher_forced(loaded.model, prompt + chosen, steerings)
    at = seen.logits[len(prompt) - 1 : -1]
    reference = at.log_softmax(-1)
    ours = logprobs_of(frames, arm, sample)
    assert (reference[range(len(chosen)), chosen] - ours).abs().max() <= TOLERANCE
    margins = reference.topk(2).values.diff().abs().squeeze(1)
    entropy = -(reference.exp() * reference).sum(-1)
    stated = tokens_of(frames, arm, sample)
    assert (torch.tensor([token.margin_nats for token in stated]) - margins).abs().max() <= TOLERANCE
    assert (torch.tensor([token.entropy_nats for token in stated]) - entropy).abs().max() <= 2 * TOLERANCE
    if start.request.sampling.temperature == 0:
        settled = margins > TOLERANCE
        assert settled.sum() > len(chosen) // 2
        assert (at.argmax(-1) == torch.tensor(chosen))[settled].all()

    reading, late = of_kind(frames, "prompt")[0].arms[arm], readings_of(frames, arm, sample)
    assert len(late) == len(chosen), "every generated token is read, the last one too"
    acts = torch.cat([torch.tensor(reading.activations), torch.tensor([r.activations for r in late]).T], dim=1)
    for place, target in enumerate(start.request.watch):
        sae, x = loaded.dictionaries[target.dictionary], seen.residuals[loaded.layer_of[target.dictionary]]
        pre, theta = x @ sae.W_enc[:, target.latent] + sae.b_enc[target.latent], sae.threshold[target.latent]
        settled = (pre - theta).abs() > 1e-3  # within the tolerance of its threshold an activation may jump
        expected = torch.where(pre > theta, pre.relu(), torch.zeros_like(pre))
        assert (acts[place] - expected)[settled].abs().max() <= 2e-4 * max(1.0, expected.abs().max().item())
    late_of = {
        id(one): n for n, one in enumerate(s for s in steerings if len(s.at) > len(prompt) or one_generated(s, prompt))
    }
    for place, one in enumerate(steerings):
        in_prompt = [n for n, pos in enumerate(one.at) if pos < len(prompt)]
        for found, expected in (
            (reading.steered[place].before, seen.before),
            (reading.steered[place].after, seen.after),
        ):
            assert close_or_at_threshold(torch.tensor(found), expected[place][in_prompt], one)
        if id(one) in late_of:
            after = torch.tensor([r.steered[late_of[id(one)]].after[0] for r in late])
            assert close_or_at_threshold(after, seen.after[place][len(in_prompt) :], one)
    baseline = teacher_forced(loaded.model, prompt + chosen).logits[len(prompt) - 1 : -1]
    return bool((at - baseline).abs().max() > 0.05)


def one_generated(one, prompt) -> bool:
    return any(pos >= len(prompt) for pos in one.at)


def close_or_at_threshold(found: torch.Tensor, expected: torch.Tensor, one) -> bool:
    theta = one.theta if one.theta is not None and one.mode != "project_out" else None
    near = (
        torch.zeros_like(expected, dtype=torch.bool)
        if theta is None
        else (((expected - theta).abs() < 1e-3) | ((found - theta).abs() < 1e-3))
    )
    return bool(((found - expected).abs() <= 2e-3 + 1e-3 * expected.abs())[~near].all())


@pytest.mark.parametrize("generated", [False, True], ids=["prompt only", "generated too"])
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_at_every_scope_equals_transformers(random_engine: Engine, mode: str, generated: bool) -> None:
    moved = {}
    for scopes in (SCOPES[:4], SCOPES[4:]):
        sweeps = tuple(sweep_of(mode, scope, generated=generated) for scope in scopes)
        frames = answer(random_engine, request_for(random_engine.loaded, sweeps=sweeps))
        moved |= {scope: check(random_engine, frames, arm + 1) for arm, scope in enumerate(scopes)}
        check(random_engine, frames, 0)
    assert sum(moved.values()) >= 4, f"steering that moves nothing tests nothing: {moved}"


@pytest.mark.parametrize("mode", NOT_SWAPPED)
def test_every_mode_along_a_vector_equals_transformers(random_engine: Engine, mode: str) -> None:
    target = VectorTarget(name="mean")
    sweeps = tuple(sweep_of(mode, scope, target=target, generated=True) for scope in ("entity", "positions"))
    frames = answer(random_engine, request_for(random_engine.loaded, sweeps=sweeps))
    assert check(random_engine, frames, 1) and check(random_engine, frames, 2)


@pytest.mark.parametrize("mode", NOT_SWAPPED)
def test_every_mode_along_a_random_direction_equals_transformers(random_engine: Engine, mode: str) -> None:
    likes = (LATENT, VectorTarget(name="mean"))
    sweeps = tuple(
        sweep_of(mode, "entity", target=RandomTarget(like=like, seed=5, index=2), generated=True) for like in likes
    )
    frames = answer(random_engine, request_for(random_engine.loaded, sweeps=sweeps))
    assert check(random_engine, frames, 1) and check(random_engine, frames, 2)


@pytest.mark.parametrize("like", [LATENT, VectorTarget(name="mean")], ids=["latent", "vector"])
@pytest.mark.parametrize("mode", NOT_SWAPPED)
def test_an_arm_along_a_random_direction_is_the_control_at_its_index(random_engine: Engine, mode: str, like) -> None:
    """However many controls were drawn, and whether what is held is a latent or random itself."""
    loaded = random_engine.loaded
    held = (Held(target=RandomTarget(like=HIGHER, index=1), scope="last_prompt", strength=0.5),)

    def first_token(target, n_directions: int) -> list[Frame]:
        sweep = sweep_of(mode, "entity_to_end", target=target, generated=True)
        controls = Controls(n_directions=n_directions, seed=7)
        return answer(
            random_engine, request_for(loaded, hold=held, sweeps=(sweep,), controls=controls, max_new_tokens=1)
        )

    controls = [of_kind(first_token(like, n), "control")[0].refusal_logodds for n in (6, 40)]
    for index in (0, 5):
        frames = first_token(RandomTarget(like=like, seed=7, index=index), 0)
        found = of_kind(frames, "prompt")[0].arms[2].refusal_logodds
        for drawn in controls:
            assert found == pytest.approx(drawn[index], abs=1e-4)
    assert abs(controls[0][0] - controls[0][5]) > 1e-3, "directions that do the same test nothing"


@pytest.mark.parametrize("d_model", [64, 160, 1152, 2304, 3584])
def test_a_random_direction_is_the_same_however_many_are_drawn(d_model: int) -> None:
    most = random_directions(torch.full((d_model,), 0.3), 128, 11)
    for n in (1, 2, 17, 127):
        assert random_directions(torch.full((d_model,), 0.3), n, 11).equal(most[:n])
    assert torch.allclose(most.norm(dim=-1), torch.tensor(0.3 * d_model**0.5))


def test_a_random_target_has_the_site_norm_and_unit_of_what_it_is_like_and_a_name_of_its_own(
    random_engine: Engine,
) -> None:
    sweeps = (sweep_of("add", "entity"), sweep_of("add", "entity", target=RandomTarget(like=LATENT, index=3)))
    start = answer(random_engine, request_for(random_engine.loaded, sweeps=sweeps, watch=(), max_new_tokens=1))[0]
    like, drawn = start.sweeps
    assert (drawn.role, drawn.label) == ("other", "Random direction 3") and like.label == "Known"
    same = {"role": like.role, "label": like.label}
    assert drawn.model_copy(update=same) == like
    assert start.arms[2].alpha == start.arms[1].alpha
    alone = next(random_engine.generate(request_for(random_engine.loaded, sweeps=sweeps[1:], watch=())))
    assert [used.id for used in alone.dictionaries] == [LATENT.dictionary], "whoever repeats it needs this one"


def test_a_run_along_a_random_direction_is_replayed_without_a_departure(random_engine: Engine) -> None:
    sweep = sweep_of("clamp", "entity", target=RandomTarget(like=LATENT, seed=1, index=9), generated=True)
    run = answer(random_engine, request_for(random_engine.loaded, sweeps=(sweep,)))
    said = tuple(AnswerTokens(arm=arm, sample=0, ids=tuple(ids_of(run, arm))) for arm in range(2))
    again = ReplayRequest(run=run[0].request, answers=said)
    stream, frames = random_engine.replay(again), []
    for frame in stream:
        frames += [frame] if frame is not None else []
        random_engine.advance()
    assert frames[1:-1] == run[1:-1] and frames[0].arms == run[0].arms


def test_several_at_once_are_all_read_before_any_is_added(random_engine: Engine) -> None:
    hold = (
        Held(target=LATENT, mode="ablate", scope="entity_to_end", strength=1.0),
        Held(target=LATENT, mode="add", scope="prompt", strength=0.5, generated=True),
        Held(target=HIGHER, mode="scale", scope="last_prompt", strength=4.0, generated=True),
        Held(target=VectorTarget(name="mean"), mode="clamp", scope="entity", strength=-3.0),
    )
    sweeps = (sweep_of("swap", "entity_to_end"), sweep_of("project_out", "prompt", target=HIGHER, generated=True))
    frames = answer(random_engine, request_for(random_engine.loaded, hold=hold, sweeps=sweeps))
    arms = frames[0].arms
    assert [(arm.held, arm.sweep) for arm in arms] == [(False, None), (True, None), (True, 0), (True, 1)]
    assert not check(random_engine, frames, 0) and all(check(random_engine, frames, arm) for arm in (1, 2, 3))


def test_every_arm_of_a_long_sweep_is_its_own(random_engine: Engine) -> None:
    """More arms than are forked at a time."""
    strengths = tuple(round(0.1 * k, 1) for k in range(-11, 12) if k)
    frames = answer(random_engine, request_for(random_engine.loaded, max_new_tokens=4, sweeps=(
        Sweep(target=LATENT, scope="entity_to_end", strengths=strengths),
    )))  # fmt: skip
    assert all(check(random_engine, frames, arm) for arm in range(1, 23) if abs(frames[0].arms[arm].strength) > 0.4)


def test_an_unsteered_answer_is_the_same_bit_for_bit_whatever_else_is_asked(random_engine: Engine) -> None:
    steered = answer(random_engine, request_for(random_engine.loaded))
    unsteered = answer(random_engine, request_for(random_engine.loaded, sweeps=()))
    assert of_kind(steered, "prompt")[0].arms[0] == of_kind(unsteered, "prompt")[0].arms[0]
    assert of_kind(steered, "prompt")[0].odds == of_kind(unsteered, "prompt")[0].odds


def test_a_model_in_bfloat16_runs_and_stays_near_transformers(tmp_path: Path) -> None:
    folder = random_gemma.write(tmp_path)
    card = (folder / "model.json").read_text().replace('"dtype": "float32"', '"dtype": "bfloat16"')
    (folder / "model.json").write_text(card)
    engine = Engine(load(read_row(folder)))
    assert engine.loaded.gemma.dtype == torch.bfloat16
    sweeps = tuple(sweep_of(mode, "entity_to_end", generated=True) for mode in ("add", "clamp", "swap"))
    frames = answer(engine, request_for(engine.loaded, sweeps=sweeps, max_new_tokens=8))
    prompt = [token.id for token in frames[0].tokens]
    for arm in range(4):
        chosen = ids_of(frames, arm)
        seen = teacher_forced(engine.loaded.model, prompt + chosen, interventions_of(engine.loaded, frames[0], arm, 8))
        reference = seen.logits[len(prompt) - 1 : -1].log_softmax(-1)[range(len(chosen)), chosen]
        assert (reference - logprobs_of(frames, arm)).abs().max() < 0.15, "8 bits a number"


def test_every_arm_equals_transformers_own_generate(random_engine: Engine) -> None:
    loaded = random_engine.loaded
    frames = answer(random_engine, request_for(loaded))
    prompt = [token.id for token in frames[0].tokens]
    for arm in range(4):
        one = next(iter(interventions_of(loaded, frames[0], arm)), None)
        expected = generated(loaded.model, prompt, one, 20, set(loaded.stop_ids))
        assert min(token.margin_nats for token in tokens_of(frames, arm)) > TOLERANCE, "no ties in this example"
        assert ids_of(frames, arm) == expected
    assert max(len(set(ids_of(frames, arm))) for arm in range(4)) > 3, "a model that repeats itself tests nothing"


@pytest.mark.core
def test_every_arm_of_the_embedded_model_equals_transformers(embedded_engine: Engine) -> None:
    loaded = embedded_engine.loaded
    sweeps = tuple(Sweep(target=d.target, scope=d.scope, strengths=(-1.0, 1.0)) for d in loaded.card.directions)
    frames = answer(embedded_engine, request_for(loaded, sweeps=sweeps))
    prompt = [token.id for token in frames[0].tokens]
    for arm in range(len(frames[0].arms)):
        check(embedded_engine, frames, arm)
        one = next(iter(interventions_of(loaded, frames[0], arm)), None)
        assert ids_of(frames, arm) == generated(loaded.model, prompt, one, 20, set(loaded.stop_ids))


def test_sampled_answers_equal_transformers_distribution_at_every_token(random_engine: Engine) -> None:
    sampling = {"temperature": 1.3, "top_p": 0.9, "seed": 5, "n_samples": 3}
    request = GenerateRequest.model_validate(request_for(random_engine.loaded).model_dump() | {"sampling": sampling})
    frames = answer(random_engine, request)
    for arm in range(4):
        for sample in range(3):
            check(random_engine, frames, arm, sample)
    assert len({tuple(ids_of(frames, arm, sample)) for arm in range(4) for sample in range(3)}) > 8


def test_clamping_a_latent_to_its_own_value_changes_nothing(random_engine: Engine) -> None:
    loaded = random_engine.loaded
    first = answer(random_engine, request_for(loaded, sweeps=(), watch=(LATENT,)))
    acts = of_kind(first, "prompt")[0].arms[0].activations[0]
    fires = [pos for pos, act in enumerate(acts) if act > 0]
    for pos in fires[1:4]:
        clamp = Sweep(target=LATENT, mode="clamp", scope="positions", positions=(pos,), strengths=(acts[pos],))
        frames = answer(random_engine, request_for(loaded, sweeps=(clamp,), watch=(LATENT,)))
        assert ids_of(frames, 1) == ids_of(frames, 0)
        assert (logprobs_of(frames, 1) - logprobs_of(frames, 0)).abs().max() <= TOLERANCE / 5, "frames hold six digits"
    assert len(fires) > 3


def test_ablating_a_latent_leaves_the_rest_of_the_residual_as_it_was(random_engine: Engine) -> None:
    """The SAE's error survives: substituting the reconstruction would change every other latent too."""
    other = LatentTarget(dictionary="layer_1", latent=50)
    sweeps = (sweep_of("ablate", "prompt"),)
    frames = answer(random_engine, request_for(random_engine.loaded, sweeps=sweeps, watch=(LATENT, other)))
    before, after = (torch.tensor(arm.activations) for arm in of_kind(frames, "prompt")[0].arms)
    assert check(random_engine, frames, 1)
    d, e = (
        random_engine.loaded.dictionaries["layer_1"].W_dec[LATENT.latent],
        random_engine.loaded.dictionaries["layer_1"].W_enc[:, other.latent],
    )
    both = (before[1] > 0) & (after[1] > 0)
    expected = before[1] - before[0] * (d @ e)
    assert both.sum() > 5 and (after[1] - expected)[both][1:].abs().max() < 1e-3


def same(ours: list[Frame], theirs: list[Frame]) -> None:
    """Two runs of one request: tokens wherever the margin exceeds the tolerance, odds and readings within it."""
    n_ties = 0
    for arm in range(len(ours[0].arms)):
        for sample in range(ours[0].request.sampling.n_samples):
            mine, other = tokens_of(ours, arm, sample), tokens_of(theirs, arm, sample)
            for a, b in zip(mine, other, strict=True):
                if a.id != b.id:
                    assert min(a.margin_nats, b.margin_nats) <= TOLERANCE
                    n_ties += 1
                    break
                assert abs(a.logprob - b.logprob) <= TOLERANCE
    assert n_ties == 0, "these examples have no ties"
    for mine, other in zip(of_kind(ours, "prompt")[0].arms, of_kind(theirs, "prompt")[0].arms, strict=True):
        difference = torch.tensor(mine.activations) - torch.tensor(other.activations)
        assert (difference.abs() > 1e-3).float().mean() < 0.01  # at a threshold one may jump
        assert mine.refusal_logodds == pytest.approx(other.refusal_logodds, abs=1e-3)


@pytest.mark.parametrize("temperature", [0.0, 0.8], ids=["greedy", "sampled"])
def test_a_run_among_strangers_equals_the_run_alone(random_engine: Engine, temperature: float) -> None:
    loaded = random_engine.loaded
    sampling = {"temperature": temperature, **({"seed": 3, "n_samples": 2} if temperature else {})}
    mixed = [
        dict(sweeps=(sweep_of("add", "entity_to_end", generated=True), sweep_of("swap", "entity"))),
        dict(
            prompt="Who wrote Yesterday, and when was it, and where did they do it? Tell me all of it.",
            max_new_tokens=9,
        ),
        dict(prompt="Hm", sweeps=(sweep_of("clamp", "last_entity", target=HIGHER, generated=True),), max_new_tokens=40),
        dict(hold=(Held(target=LATENT, mode="project_out", scope="prompt", strength=1.0),), max_new_tokens=3),
        dict(sweeps=(sweep_of("scale", "prompt", generated=True),), max_new_tokens=25),
    ]
    requests = [
        GenerateRequest.model_validate(request_for(loaded, **changes).model_dump() | {"sampling": sampling})
        for changes in mixed
    ]
    alone = [answer(random_engine, request) for request in requests]
    for ours, theirs in zip(alone, answers(random_engine, *requests, stagger=3), strict=True):
        same(ours, theirs)
    assert random_engine.stats()["rows"] == 0


def test_a_drag_that_forks_a_kept_prompt_equals_a_run_that_reads_it(random_engine: Engine) -> None:
    loaded = random_engine.loaded
    fresh, kept = Engine(loaded, prompt_bytes=0), Engine(loaded)
    for strength in (0.3, 0.31, -1.7):
        sweep = Sweep(target=HIGHER, scope="last_entity_to_end", strengths=(strength,), generated=True)
        request = request_for(loaded, sweeps=(sweep,))
        same(answer(fresh, request), answer(kept, request))
    assert (kept.stats()["prompt_hits"], kept.stats()["prompt_misses"]) == (2, 1)
    assert (fresh.stats()["prompt_hits"], fresh.stats()["prompts"]) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prompt": "x" * 5000}, "prompt_too_long"),
        ({"watch": (LatentTarget(dictionary="layer_1", latent=10_000),)}, "unknown_latent"),
        ({"watch": (LatentTarget(dictionary="layer_9", latent=0),)}, "unknown_dictionary"),
        ({"sweeps": (Sweep(target=VectorTarget(name="none"), strengths=(1.0,)),)}, "unknown_vector"),
        ({"sweeps": (Sweep(target=LATENT, mode="swap", to=HIGHER, strengths=(1.0,)),)}, "two_sites"),
        (
            {"sweeps": (Sweep(target=LATENT, scope="positions", positions=(500,), strengths=(1.0,)),)},
            "no_such_position",
        ),
        (
            {
                "prompt": "x<bos>",
                "format": "raw",
                "own_bos": "kept",
                "sweeps": (Sweep(target=LATENT, scope="last_prompt", strengths=(1.0,)),),
            },
            "nothing_to_steer",
        ),
    ],
)
def test_what_cannot_be_met_is_refused_before_the_first_frame(random_engine: Engine, changes, code) -> None:
    with pytest.raises(Refused) as refused:
        next(random_engine.generate(request_for(random_engine.loaded, **changes)))
    assert refused.value.refusal.code == code
    assert refused.value.status == 422
    assert random_engine.stats()["queued"] == 0


def test_bos_is_never_steered_whatever_the_scope(random_engine: Engine) -> None:
    sweeps = tuple(sweep_of("add", scope) for scope in ("prompt", "entity_to_end"))
    request = request_for(random_engine.loaded, prompt="<bos>" + PROMPT, format="raw", own_bos="kept", sweeps=sweeps)
    start = answer(random_engine, request)[0]
    assert [token.role for token in start.tokens[:2]] == ["bos", "bos"]
    assert all(start.tokens[pos].role != "bos" for used in start.sweeps for pos in used.positions)
    assert len(start.sweeps[0].positions) == len(start.tokens) - 2
