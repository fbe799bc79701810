"""A run as its reader sees it: frames in order, latents, verdicts, controls."""

import base64
import dataclasses

import numpy as np
import pytest
import torch

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders
from protocol.steering import Held, LatentTarget, Sweep
from protocol.worker.frames import Frame
from protocol.worker.requests import Controls, ReadLatents, Sampling, Span
from tests.model_worker.driving import (
    PROMPT,
    answer,
    answers,
    ids_of,
    interventions_of,
    of_kind,
    readings_of,
    request_for,
    tokens_of,
)
from tests.model_worker.reference import teacher_forced


def check_latents_against_sae_lens(loaded: Loaded, frames: list[Frame], folder_of) -> None:
    from sae_lens import SAE

    watch = frames[0].request.watch
    encoders = {target.dictionary: SAE.load_from_disk(str(folder_of(target.dictionary))) for target in watch}
    prompt = [token.id for token in frames[0].tokens]
    for arm in range(len(frames[0].arms)):
        chosen = ids_of(frames, arm)
        residuals = teacher_forced(
            loaded.model, prompt + chosen, interventions_of(loaded, frames[0], arm, len(chosen))
        ).residuals
        late = [reading.activations for reading in readings_of(frames, arm)]
        ours = torch.cat(
            [torch.tensor(of_kind(frames, "prompt")[0].arms[arm].activations), torch.tensor(late).T], dim=1
        )
        for place, target in enumerate(watch):
            encoder = encoders[target.dictionary]
            with torch.no_grad():
                theirs = encoder.encode(residuals[loaded.layer_of[target.dictionary]])[:, target.latent]
            # an activation that sits within the tolerance of its threshold may jump
            threshold = encoder.threshold[target.latent].item()
            settled = ((theirs - threshold).abs() > 1e-3) | (theirs == ours[place])
            assert (ours[place] - theirs)[settled].abs().max() <= 2e-4 * max(1.0, theirs.abs().max().item())
            assert settled.float().mean() > 0.98


def test_watched_latents_equal_sae_lens_on_every_token(random_card, random_engine: Engine) -> None:
    frames = answer(random_engine, request_for(random_engine.loaded))
    check_latents_against_sae_lens(random_engine.loaded, frames, lambda name: random_card / "dictionaries" / name)


def test_watched_latents_of_the_embedded_model_equal_sae_lens(embedded_engine: Engine) -> None:
    sources = {d.id: d.source for d in embedded_engine.loaded.card.dictionaries}
    frames = answer(embedded_engine, request_for(embedded_engine.loaded))
    check_latents_against_sae_lens(embedded_engine.loaded, frames, lambda name: card_folders()[0] / sources[name])


def unpacked(frames: list[Frame], arm: int, dictionary: str, n_pos: int, d_sae: int, sample: int = 0) -> torch.Tensor:
    """(n_pos, d_sae) of one answer: the baseline's prompt, over it what is the arm's own."""
    out = torch.full((n_pos, d_sae), torch.nan)
    for frame in of_kind(frames, "latents"):
        own = (
            (frame.arm, frame.sample) in ((arm, sample), (arm, 0))
            if frame.pos < len(frames[0].tokens)
            else ((frame.arm, frame.sample) == (arm, sample))
        )
        if frame.dictionary != dictionary or not (own or (frame.arm == 0 and frame.pos == 0)):
            continue
        raw, n = base64.b64decode(frame.data), sum(frame.counts)
        indices = np.frombuffer(raw, f"<u{frame.index_bytes}", n)
        values = np.frombuffer(raw, "<f4", n, offset=n * frame.index_bytes)
        ends = np.cumsum(frame.counts)
        for place, end in enumerate(ends):
            begin = end - frame.counts[place]
            out[frame.pos + place] = 0
            out[frame.pos + place, indices[begin:end].astype(int)] = torch.from_numpy(values[begin:end].copy())
    return out


@pytest.mark.parametrize("max_new_tokens", [1, 16, 19])
def test_all_active_latents_of_every_token_are_told(random_engine: Engine, max_new_tokens: int) -> None:
    loaded = random_engine.loaded
    read = tuple(ReadLatents(dictionary=f"layer_{layer}") for layer in (1, 2))
    target = LatentTarget(dictionary="layer_2", latent=6)
    sweeps = (Sweep(target=target, scope="last_entity", strengths=(1.5, -1.0), generated=True),)
    frames = answer(
        random_engine, request_for(loaded, sweeps=sweeps, read=read, watch=(target,), max_new_tokens=max_new_tokens)
    )
    prompt = [token.id for token in frames[0].tokens]
    for arm in range(3):
        chosen = ids_of(frames, arm)
        seen = teacher_forced(loaded.model, prompt + chosen, interventions_of(loaded, frames[0], arm, len(chosen)))
        for layer in (1, 2):
            sae = loaded.dictionaries[f"layer_{layer}"]
            expected = sae.encode(seen.residuals[layer])
            ours = unpacked(frames, arm, f"layer_{layer}", len(expected), sae.d_sae)
            assert not ours.isnan().any(), "every token was told"
            differs = (ours - expected).abs() > 2e-3
            assert differs.float().mean() < 1e-3  # those at their threshold
            assert (ours > 0).sum() > 100
        late = torch.tensor([reading.activations[0] for reading in readings_of(frames, arm)])
        assert torch.allclose(ours[len(prompt) :, target.latent], late, atol=2e-3)


def test_latents_of_a_long_answer_come_while_it_grows(random_engine: Engine) -> None:
    loaded = dataclasses.replace(random_engine.loaded, stop_ids=frozenset())
    read = (ReadLatents(dictionary="layer_1"),)
    frames = answer(Engine(loaded), request_for(loaded, sweeps=(), read=read, max_new_tokens=50))
    n_prompt = len(frames[0].tokens)
    places = [place for place, frame in enumerate(frames) if frame.kind == "latents" and frame.pos >= n_prompt]
    assert len(places) == 4 and places[0] < 25


def test_the_largest_latents_of_a_token_are_the_largest(random_engine: Engine) -> None:
    loaded = random_engine.loaded
    every, top = (
        answer(random_engine, request_for(loaded, sweeps=(), read=(ReadLatents(dictionary="layer_1", top=k),)))
        for k in (None, 5)
    )
    n = len(every[0].tokens) + len(ids_of(every, 0))
    whole, five = (unpacked(frames, 0, "layer_1", n, 96) for frames in (every, top))
    assert ((five > 0).sum(-1) == (whole > 0).sum(-1).clamp(max=5)).all()
    assert torch.equal(five.topk(5).values, whole.topk(5).values)


def test_samples_share_what_was_read_of_the_prompt(random_engine: Engine) -> None:
    request = request_for(
        random_engine.loaded,
        sampling=Sampling(temperature=1.2, seed=1, n_samples=3),
        read=(ReadLatents(dictionary="layer_1"),),
    )
    frames = answer(random_engine, request)
    told = [(frame.arm, frame.sample, frame.pos) for frame in of_kind(frames, "latents")]
    n_prompt = len(frames[0].tokens)
    assert [key for key in told if key[2] < n_prompt] == [
        (0, 0, 0),
        *((arm, 0, frames[0].entity.start) for arm in (1, 2, 3)),
    ]
    for arm in range(4):
        for sample in range(3):
            sae, chosen = random_engine.loaded.dictionaries["layer_1"], ids_of(frames, arm, sample)
            whole = unpacked(frames, arm, "layer_1", n_prompt + len(chosen), sae.d_sae, sample)
            assert not whole.isnan().any()


def test_a_recording_names_its_latents_without_the_card(random_engine: Engine) -> None:
    known, other = random_engine.loaded.card.watch[0], LatentTarget(dictionary="layer_2", latent=50)
    start = next(random_engine.generate(request_for(random_engine.loaded, watch=(other, known.target))))
    assert [w.target for w in start.watched] == [other, known.target]
    assert start.watched[1] == known and start.watched[0].role == "other"
    assert (start.sweeps[0].role, start.sweeps[0].label) == ("known", "Known")


def test_a_start_frame_leaves_nothing_open(random_engine: Engine) -> None:
    hold = (Held(target=LatentTarget(dictionary="layer_1", latent=3), mode="clamp", strength=0.0),)
    request = request_for(random_engine.loaded, hold=hold, sampling=Sampling(temperature=1.0))
    resolved = next(random_engine.generate(request)).request
    assert resolved.sampling.seed is not None and resolved.watch is not None and resolved.entity is not None
    assert (resolved.sweeps[0].unit, resolved.hold[0].unit) == ("residual_norm", "activation")
    first, again = answers(random_engine, resolved, resolved)
    assert [token.id for arm in range(5) for token in tokens_of(first, arm)] == [
        token.id for arm in range(5) for token in tokens_of(again, arm)
    ]
    other = next(random_engine.generate(request)).request
    assert other.sampling.seed != resolved.sampling.seed, "a seed is drawn anew"


def test_a_marked_name_may_end_in_a_space(random_engine: Engine) -> None:
    at = PROMPT.index("Michael")
    marked = request_for(random_engine.loaded, entity=Span(start=at, end=at + len("Michael Batkin ")))
    entity = next(random_engine.generate(marked)).entity
    assert entity.text == "Michael Batkin"
    assert entity.end == next(random_engine.generate(request_for(random_engine.loaded))).entity.end


@pytest.mark.parametrize("prompt", [PROMPT, "what sport does zed qwop play?", "hello"])
def test_the_resolved_request_gets_the_same_answers_and_verdicts(embedded_engine: Engine, prompt: str) -> None:
    frames = answer(embedded_engine, request_for(embedded_engine.loaded, prompt=prompt))
    again = answer(embedded_engine, frames[0].request)
    assert again[1:-1] == frames[1:-1]


def test_a_prompt_of_one_token_has_no_fvu_and_still_runs(random_engine: Engine) -> None:
    frames = answer(random_engine, request_for(random_engine.loaded, prompt="a", format="raw"))
    assert frames[1].fvu == (None, None) and frames[-1].kind == "done"


@pytest.mark.core
@pytest.mark.parametrize(
    ("prompt", "outcome"),
    [
        ("What sport does Michael Jordan play?", "right"),
        ("What is Michael Jordan's sport?", "right"),
        ("What sport does Michael Batkin play?", "refused"),
        ("Hello!", "answered"),
    ],
)
def test_the_shipped_model_is_judged_as_a_reader_would(embedded_engine: Engine, prompt: str, outcome: str) -> None:
    frames = answer(embedded_engine, request_for(embedded_engine.loaded, prompt=prompt, sweeps=()))
    assert [verdict.outcome for verdict in of_kind(frames, "verdict")] == [outcome]


def test_scopes_name_their_positions(random_engine: Engine) -> None:
    target = LatentTarget(dictionary="layer_1", latent=3)
    scopes = ("last_entity", "entity", "entity_to_end", "last_entity_to_end", "last_prompt", "prompt", "positions")
    found = {}
    for scope in scopes:
        positions = (7, 5) if scope == "positions" else ()
        sweep = Sweep(target=target, scope=scope, positions=positions, strengths=(1.0,))
        start = next(random_engine.generate(request_for(random_engine.loaded, sweeps=(sweep,))))
        found[scope] = start.sweeps[0].positions
    first, end, n = start.entity.start, start.entity.end, len(start.tokens)
    assert start.entity.text == "Michael Batkin"
    assert found == {
        "last_entity": (end - 1,),
        "entity": tuple(range(first, end)),
        "entity_to_end": tuple(range(first, n)),
        "last_entity_to_end": tuple(range(end - 1, n)),
        "last_prompt": (n - 1,),
        "prompt": tuple(range(1, n)),
        "positions": (5, 7),
    }


@pytest.mark.parametrize("mode", ["add", "clamp", "project_out"])
def test_controls_are_the_same_push_along_random_directions_of_equal_norm(random_engine: Engine, mode: str) -> None:
    loaded, target = random_engine.loaded, LatentTarget(dictionary="layer_1", latent=3)
    hold = (Held(target=LatentTarget(dictionary="layer_2", latent=6), scope="last_prompt", strength=0.5),)
    sweep = Sweep(target=target, mode=mode, scope="entity_to_end", strengths=(0.5, 1.0))
    frames = answer(
        random_engine,
        request_for(loaded, hold=hold, sweeps=(sweep,), controls=Controls(n_directions=3, seed=7), max_new_tokens=1),
    )
    controls, prompt = of_kind(frames, "control"), [token.id for token in frames[0].tokens]
    assert [control.strength for control in controls] == [0.5, 1.0]
    drawn = torch.randn(3, loaded.card.d_model, generator=torch.Generator().manual_seed(7))
    for arm, control in enumerate(controls, start=2):
        held, push = interventions_of(loaded, frames[0], arm)
        norm = 1.0 if mode == "project_out" else push.d.norm()
        for direction, logodds in zip(drawn, control.refusal_logodds, strict=True):
            along = dataclasses.replace(push, along=norm * direction / direction.norm())
            logits = teacher_forced(loaded.model, prompt, [held, along]).logits
            assert logodds == pytest.approx(expected_logodds(loaded, logits[-1]), abs=1e-3)


def test_controls_beyond_one_pass_are_directions_of_their_own(random_engine: Engine) -> None:
    loaded = random_engine.loaded
    sweep = Sweep(target=LatentTarget(dictionary="layer_1", latent=3), scope="entity", strengths=(1.0,))
    few, many = (
        of_kind(
            answer(random_engine, request_for(loaded, sweeps=(sweep,), controls=Controls(n_directions=n))), "control"
        )[0]
        for n in (20, 80)
    )
    assert len(many.refusal_logodds) == 80 and len(set(many.refusal_logodds)) > 70
    drawn = torch.randn(80, loaded.card.d_model, generator=torch.Generator().manual_seed(0))
    frames = answer(random_engine, request_for(loaded, sweeps=(sweep,), max_new_tokens=1))
    (push,) = interventions_of(loaded, frames[0], 1)
    along = dataclasses.replace(push, along=push.d.norm() * drawn[70] / drawn[70].norm())
    logits = teacher_forced(loaded.model, [token.id for token in frames[0].tokens], [along]).logits
    assert many.refusal_logodds[70] == pytest.approx(expected_logodds(loaded, logits[-1]), abs=1e-3)
    assert len(few.refusal_logodds) == 20


def test_an_answer_is_the_text_of_its_steps_joined(random_engine: Engine) -> None:
    """Also where bytes don't make characters, which a random model at a high temperature often says."""
    request = request_for(
        random_engine.loaded, sampling=Sampling(temperature=4.0, seed=2, n_samples=12), max_new_tokens=40
    )
    frames = answer(random_engine, request)
    for verdict in of_kind(frames, "verdict"):
        assert "".join(token.text for token in tokens_of(frames, verdict.arm, verdict.sample)) == verdict.text
    assert any("\ufffd" in verdict.text for verdict in of_kind(frames, "verdict"))


def test_a_push_on_generated_tokens_alone_has_no_control_at_the_first_token(random_engine: Engine) -> None:
    target = LatentTarget(dictionary="layer_1", latent=3)
    sweep = Sweep(target=target, scope="positions", generated=True, strengths=(2.0,))
    frames = answer(
        random_engine, request_for(random_engine.loaded, sweeps=(sweep,), controls=Controls(n_directions=2))
    )
    assert of_kind(frames, "control") == []
    prompt = of_kind(frames, "prompt")[0]
    assert prompt.arms[0].top == prompt.arms[1].top
    assert ids_of(frames, 0) != ids_of(frames, 1)


def test_refusal_logodds_are_those_of_the_first_token(random_engine: Engine) -> None:
    loaded = random_engine.loaded
    frames = answer(random_engine, request_for(loaded))
    prompt = [token.id for token in frames[0].tokens]
    for arm, reading in enumerate(of_kind(frames, "prompt")[0].arms):
        logits = teacher_forced(loaded.model, prompt, interventions_of(loaded, frames[0], arm)).logits
        assert reading.refusal_logodds == pytest.approx(expected_logodds(loaded, logits[-1]), abs=1e-3)


def expected_logodds(loaded: Loaded, logits: torch.Tensor) -> float:
    tokenizer = loaded.tokenizer
    opening = [i for i in range(len(tokenizer)) if tokenizer.decode([i]).strip() == "I"]
    assert len(opening) == 2, "the letter and its byte"
    p = logits.double().softmax(-1)[opening].sum()
    return torch.log(p / (1 - p)).item()


def test_a_stream_is_start_then_deltas_then_one_done_in_sequence(random_engine: Engine) -> None:
    request = request_for(
        random_engine.loaded, controls=Controls(n_directions=2), read=(ReadLatents(dictionary="layer_1"),)
    )
    frames = answer(random_engine, request)
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    assert frames[0].kind == "start" and frames[-1].kind == "done"
    assert {frame.kind for frame in frames[1:-1]} == {"prompt", "latents", "step", "verdict", "control"}
    assert sorted(verdict.arm for verdict in of_kind(frames, "verdict")) == list(range(len(frames[0].arms)))
    assert [step.step for step in of_kind(frames, "step")] == list(range(len(of_kind(frames, "step"))))


def test_the_same_request_gets_the_same_frames(random_engine: Engine) -> None:
    first, second = (answer(random_engine, request_for(random_engine.loaded)) for _ in range(2))
    assert first[:-1] == second[:-1]


def test_an_arm_that_ends_early_is_told_so_and_keeps_its_text(random_engine: Engine) -> None:
    loaded, request = random_engine.loaded, request_for(random_engine.loaded)
    texts = [ids_of(answer(random_engine, request), arm) for arm in range(4)]
    early = next(token for text in texts for token in text[2:10] if any(token not in other for other in texts))
    frames = answer(Engine(dataclasses.replace(loaded, stop_ids=loaded.stop_ids | {early})), request)
    for arm, text in enumerate(texts):
        end = text.index(early) + 1 if early in text else len(text)
        assert ids_of(frames, arm) == text[:end]
    assert len({len(ids_of(frames, arm)) for arm in range(4)}) > 1


def test_an_abandoned_run_leaves_no_autograd_mode(random_engine: Engine) -> None:
    frames = random_engine.generate(request_for(random_engine.loaded))
    for _ in range(4):
        next(frames)
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
    frames.close()
    assert random_engine.stats()["rows"] == 0


@pytest.mark.core
@pytest.mark.parametrize(("name", "strength", "outcome"), [("Jordan", 0.75, "refused"), ("Batkin", -0.75, "invented")])
def test_the_last_token_of_the_prompt_alone_can_turn_the_answer(
    embedded_engine: Engine, name: str, strength: float, outcome: str
) -> None:
    card = embedded_engine.loaded.card
    direction = next(d for d in card.more_directions if d.scope == "last_prompt")
    sweep = Sweep(target=direction.target, scope=direction.scope, strengths=(strength,))
    prompt = f"What sport does Michael {name} play?"
    request = request_for(embedded_engine.loaded, prompt=prompt, sweeps=(sweep,), controls=Controls(n_directions=16))
    frames = answer(embedded_engine, request)
    clean, steered = sorted(of_kind(frames, "verdict"), key=lambda verdict: verdict.arm)
    assert (clean.outcome == "refused") == (name == "Batkin") and steered.outcome == outcome
    before, after = (of_kind(frames, "prompt")[0].arms[arm].refusal_logodds for arm in (0, 1))
    control = torch.tensor(of_kind(frames, "control")[0].refusal_logodds)
    assert (control - before).abs().max() < abs(after - before) / 2, "random directions of equal norm do less"
