"""A run equals plain transformers: tokens, log-probabilities, latents, steering."""

import dataclasses

import pytest
import torch

from model_worker.engine import Batch
from model_worker.generate import generate
from model_worker.hooks import attached
from model_worker.loading import Loaded
from protocol.frames import Frame
from protocol.refusal import Refused
from protocol.requests import Controls, GenerateRequest, Span
from protocol.steering import LatentTarget, Sweep
from tests.worker.reference import steered_generate, teacher_forced

PROMPT = "What sport does Michael Batkin play? I would like to know it."
TOLERANCE = 1e-4  # DESIGN section 3: |delta logit|, fp32 on a CPU, across batch sizes and KV reuse


def request_for(loaded: Loaded, **changes) -> GenerateRequest:
    direction = loaded.card.directions[0]
    sweep = Sweep(target=direction.target, scope="entity_to_end", strengths=(-0.5, 0.75, 1.5))
    fields = dict(
        model=loaded.card.id, prompt=PROMPT, sweeps=(sweep,), controls=Controls(n_directions=2), max_new_tokens=20
    )
    return GenerateRequest(**(fields | changes))


def of_kind(frames: list[Frame], kind: str) -> list[Frame]:
    return [frame for frame in frames if frame.kind == kind]


def tokens_of(frames: list[Frame], arm: int) -> list[int]:
    return [token.id for step in of_kind(frames, "step") for token in step.tokens if token.arm == arm]


def logprobs_of(frames: list[Frame], arm: int) -> list[float]:
    return [token.logprob for step in of_kind(frames, "step") for token in step.tokens if token.arm == arm]


def delta_of(loaded: Loaded, frames: list[Frame], arm: int) -> tuple[int, torch.Tensor | None]:
    """Computed here from the frames alone: m * r / |d| * d at the stated positions."""
    start = frames[0]
    index = start.arms[arm].sweep
    if index is None:
        return 0, None
    sweep, used = start.request.sweeps[index], start.sweeps[index]
    row = loaded.dictionaries[sweep.target.dictionary].W_dec[sweep.target.latent]
    size = start.arms[arm].strength * loaded.card.residual_norm[used.layer]
    delta = torch.zeros(len(start.tokens), row.shape[0])
    delta[list(used.positions)] = size * row / row.norm()
    return used.layer, delta


def check_against_transformers(loaded: Loaded, request: GenerateRequest) -> list[Frame]:
    frames = list(generate(loaded, request))
    ids = torch.tensor([[token.id for token in frames[0].tokens]])
    for arm in range(len(frames[0].arms)):
        layer, delta = delta_of(loaded, frames, arm)
        chosen = tokens_of(frames, arm)
        expected = steered_generate(
            loaded.model, loaded.layers, ids, layer, delta, request.max_new_tokens, set(loaded.stop_ids)
        )
        whole = torch.cat([ids, torch.tensor([chosen])], dim=1)
        logits, _ = teacher_forced(loaded.model, loaded.layers, whole, layer, delta)
        at = logits[ids.shape[1] - 1 : -1]
        reference = at.log_softmax(-1)[range(len(chosen)), chosen]
        assert (reference - torch.tensor(logprobs_of(frames, arm))).abs().max() <= TOLERANCE
        margins = at.topk(2).values.diff().abs().squeeze(1)
        for place, (ours, theirs) in enumerate(zip(chosen, expected, strict=False)):
            if margins[place] <= TOLERANCE:
                break  # a tie by tolerance: what follows may differ
            assert ours == theirs, f"arm {arm}, token {place}"
        else:
            assert len(chosen) == len(expected)
    return frames


def test_every_arm_equals_transformers_generate_with_a_hook(random_model: Loaded) -> None:
    frames = check_against_transformers(random_model, request_for(random_model))
    assert max(len(set(tokens_of(frames, arm))) for arm in range(4)) > 3, "a model that repeats itself tests nothing"


def test_arms_that_end_early_leave_the_others_as_they_were(random_model: Loaded) -> None:
    request = request_for(random_model)
    frames = list(generate(random_model, request))
    texts = [tokens_of(frames, arm) for arm in range(4)]
    early = next(token for text in texts for token in text[2:10] if any(token not in other for other in texts))
    ending = dataclasses.replace(random_model, stop_ids=random_model.stop_ids | {early})
    lengths = [len(tokens_of(check_against_transformers(ending, request), arm)) for arm in range(4)]
    assert len(set(lengths)) > 1


@pytest.mark.core
def test_every_arm_of_the_embedded_model_equals_transformers(embedded: Loaded) -> None:
    check_against_transformers(embedded, request_for(embedded))


@pytest.mark.core
def test_hooks_with_an_empty_spec_equal_no_hooks_bit_for_bit(embedded: Loaded) -> None:
    ids = [2, 40, 41, 42, 43, 44]
    with torch.no_grad():
        untouched = embedded.model(torch.tensor([ids]), logits_to_keep=1).logits[0, -1]
    hooked = Batch(embedded, ids, range(len(embedded.layers))).prefill({}, 1).logits[0]
    assert torch.equal(hooked, untouched.float())


def test_reading_does_not_change_what_is_read(random_model: Loaded) -> None:
    request = request_for(random_model, sweeps=())
    watched = list(generate(random_model, request))
    unwatched = list(generate(random_model, request.model_copy(update={"watch": ()})))
    assert tokens_of(watched, 0) == tokens_of(unwatched, 0)
    assert logprobs_of(watched, 0) == logprobs_of(unwatched, 0)


def test_an_arm_alone_equals_the_same_arm_in_a_batch(random_model: Loaded) -> None:
    request = request_for(random_model)
    batched = list(generate(random_model, request))
    for place, strength in enumerate(request.sweeps[0].strengths):
        sweep = request.sweeps[0].model_copy(update={"strengths": (strength,)})
        alone = list(generate(random_model, request.model_copy(update={"sweeps": (sweep,)})))
        difference = torch.tensor(logprobs_of(alone, 1)) - torch.tensor(logprobs_of(batched, place + 1))
        assert difference.abs().max() <= TOLERANCE
        assert tokens_of(alone, 1) == tokens_of(batched, place + 1)


def check_latents_against_sae_lens(loaded: Loaded, request: GenerateRequest, folder_of) -> None:
    from sae_lens import SAE

    frames = list(generate(loaded, request))
    watch = frames[0].request.watch
    encoders = {target.dictionary: SAE.load_from_disk(str(folder_of(target.dictionary))) for target in watch}
    ids = [token.id for token in frames[0].tokens]
    for arm in range(len(frames[0].arms)):
        layer, delta = delta_of(loaded, frames, arm)
        chosen = tokens_of(frames, arm)
        _, residuals = teacher_forced(loaded.model, loaded.layers, torch.tensor([ids + chosen]), layer, delta)
        prompt = torch.tensor(of_kind(frames, "prompt")[0].arms[arm].activations)
        late = [r.activations for step in of_kind(frames, "step") for r in step.readings if r.arm == arm]
        assert len(late) == len(chosen), "every generated token is read, the last one too"
        ours = torch.cat([prompt, torch.tensor(late).T], dim=1)
        for place, target in enumerate(watch):
            encoder = encoders[target.dictionary]
            with torch.no_grad():
                theirs = encoder.encode(residuals[loaded.layer_of[target.dictionary]])[:, target.latent]
            # an activation that sits within the tolerance of its threshold may jump
            threshold = encoder.threshold[target.latent].item()
            settled = ((theirs - threshold).abs() > 1e-3) | (theirs == ours[place])
            assert (ours[place] - theirs)[settled].abs().max() <= 2e-4 * max(1.0, theirs.abs().max().item())
            assert settled.float().mean() > 0.98


def test_watched_latents_equal_sae_lens_on_every_token(random_card, random_model: Loaded) -> None:
    check_latents_against_sae_lens(
        random_model, request_for(random_model), lambda name: random_card / "dictionaries" / name
    )


def test_watched_latents_of_the_embedded_model_equal_sae_lens(embedded: Loaded) -> None:
    from model_worker.registry import SHIPPED

    sources = {d.id: d.source for d in embedded.card.dictionaries}
    check_latents_against_sae_lens(embedded, request_for(embedded), lambda name: SHIPPED[0] / sources[name])


def test_bos_stands_once_and_is_never_steered(random_model: Loaded) -> None:
    request = request_for(random_model, prompt="Batkin", entity=None)
    start = next(generate(random_model, request))
    assert [token.role for token in start.tokens].count("bos") == 1
    assert start.tokens[0].role == "bos"
    assert all(pos > 0 for used in start.sweeps for pos in used.positions)
    raw = next(generate(random_model, request.model_copy(update={"format": "raw", "prompt": "<bos>Batkin"})))
    assert [token.role for token in raw.tokens].count("bos") == 1


def test_a_recording_names_its_latents_without_the_card(random_model: Loaded) -> None:
    known, other = random_model.card.watch[0], LatentTarget(dictionary="layer_2", latent=50)
    request = request_for(random_model, watch=(other, known.target))
    start = next(generate(random_model, request))
    assert [w.target for w in start.watched] == [other, known.target]
    assert start.watched[1] == known and start.watched[0].role == "other"
    assert (start.sweeps[0].role, start.sweeps[0].label) == ("known", "Known")


def test_a_second_bos_is_not_steered_either(random_model: Loaded) -> None:
    prompt = "<bos><bos>Batkin"
    request = request_for(random_model, prompt=prompt, format="raw", entity=Span(start=0, end=len(prompt)))
    start = next(generate(random_model, request))
    assert {start.tokens[pos].role for used in start.sweeps for pos in used.positions} == {"entity"}


def test_a_marked_name_may_end_in_a_space(random_model: Loaded) -> None:
    at = PROMPT.index("Michael")
    marked = request_for(random_model, entity=Span(start=at, end=at + len("Michael Batkin ")))
    assert next(generate(random_model, marked)).entity.text == "Michael Batkin"
    assert (
        next(generate(random_model, marked)).entity.end
        == next(generate(random_model, request_for(random_model))).entity.end
    )


@pytest.mark.parametrize("prompt", [PROMPT, "what sport does zed qwop play?", "hello"])
def test_the_resolved_request_gets_the_same_answers_and_verdicts(embedded: Loaded, prompt: str) -> None:
    frames = list(generate(embedded, request_for(embedded, prompt=prompt)))
    again = list(generate(embedded, frames[0].request))
    assert again[1:-1] == frames[1:-1]


def test_a_prompt_of_one_token_has_no_fvu_and_still_runs(random_model: Loaded) -> None:
    frames = list(generate(random_model, request_for(random_model, prompt="a", format="raw")))
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
def test_the_shipped_model_is_judged_as_a_reader_would(embedded: Loaded, prompt: str, outcome: str) -> None:
    verdicts = of_kind(list(generate(embedded, request_for(embedded, prompt=prompt, sweeps=()))), "verdict")
    assert [verdict.outcome for verdict in verdicts] == [outcome]


def test_scopes_name_their_positions(random_model: Loaded) -> None:
    sweep = request_for(random_model).sweeps[0]
    sweeps = tuple(sweep.model_copy(update={"scope": s}) for s in ("last_entity", "entity", "entity_to_end"))
    start = next(generate(random_model, request_for(random_model, sweeps=sweeps)))
    entity = range(start.entity.start, start.entity.end)
    assert start.entity.text == "Michael Batkin"
    assert [used.positions for used in start.sweeps] == [
        (entity[-1],),
        tuple(entity),
        tuple(range(entity[0], len(start.tokens))),
    ]


def test_controls_are_random_directions_of_the_norm_of_the_push_at_its_place(random_model: Loaded) -> None:
    request = request_for(random_model, controls=Controls(n_directions=3, seed=7))
    frames = list(generate(random_model, request))
    controls, used = of_kind(frames, "control"), frames[0].sweeps[0]
    assert [control.strength for control in controls] == list(request.sweeps[0].strengths)
    drawn = torch.randn(3, random_model.card.d_model, generator=torch.Generator().manual_seed(7))
    ids = torch.tensor([[token.id for token in frames[0].tokens]])
    for control in controls:
        size = control.strength * random_model.card.residual_norm[used.layer]
        for direction, logodds in zip(drawn, control.refusal_logodds, strict=True):
            delta = torch.zeros(ids.shape[1], len(direction))
            delta[list(used.positions)] = size * direction / direction.norm()
            logits, _ = teacher_forced(random_model.model, random_model.layers, ids, used.layer, delta)
            assert logodds == pytest.approx(expected_logodds(random_model, logits[-1]), abs=1e-3)


def test_refusal_logodds_are_those_of_the_first_token(random_model: Loaded) -> None:
    frames = list(generate(random_model, request_for(random_model)))
    ids = torch.tensor([[token.id for token in frames[0].tokens]])
    for arm, reading in enumerate(of_kind(frames, "prompt")[0].arms):
        logits, _ = teacher_forced(random_model.model, random_model.layers, ids, *delta_of(random_model, frames, arm))
        assert reading.refusal_logodds == pytest.approx(expected_logodds(random_model, logits[-1]), abs=1e-3)


def expected_logodds(loaded: Loaded, logits: torch.Tensor) -> float:
    tokenizer = loaded.tokenizer
    opening = [i for i in range(len(tokenizer)) if tokenizer.decode([i]).strip() == "I"]
    assert len(opening) == 2, "the letter and its byte"
    p = logits.double().softmax(-1)[opening].sum()
    return torch.log(p / (1 - p)).item()


def test_a_stream_is_start_then_deltas_then_one_done_in_sequence(random_model: Loaded) -> None:
    frames = list(generate(random_model, request_for(random_model)))
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    assert frames[0].kind == "start" and frames[-1].kind == "done"
    assert {frame.kind for frame in frames[1:-1]} == {"prompt", "step", "verdict", "control"}
    assert sorted(verdict.arm for verdict in of_kind(frames, "verdict")) == list(range(len(frames[0].arms)))


def test_the_same_request_gets_the_same_frames(random_model: Loaded) -> None:
    first, second = (list(generate(random_model, request_for(random_model))) for _ in range(2))
    assert first[:-1] == second[:-1]


def test_an_abandoned_run_leaves_no_hook_and_no_autograd_mode(random_model: Loaded) -> None:
    frames = generate(random_model, request_for(random_model))
    for _ in range(4):
        next(frames)
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
        assert all(not layer._forward_hooks for layer in random_model.layers)
    frames.close()
    assert all(not layer._forward_hooks for layer in random_model.layers)


def test_a_hook_that_cannot_attach_or_is_never_called_raises(random_model: Loaded) -> None:
    with pytest.raises(IndexError), attached(random_model.layers, {99: lambda x: None}):
        pass
    with pytest.raises(RuntimeError, match="never called"), attached(random_model.layers, {1: lambda x: None}):
        pass
    assert all(not layer._forward_hooks for layer in random_model.layers)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prompt": "x" * 5000}, "prompt_too_long"),
        ({"watch": (LatentTarget(dictionary="layer_1", latent=10_000),)}, "unknown_latent"),
        ({"watch": (LatentTarget(dictionary="layer_9", latent=0),)}, "unknown_dictionary"),
    ],
)
def test_what_cannot_be_met_is_refused_before_the_first_frame(random_model: Loaded, changes, code) -> None:
    with pytest.raises(Refused) as refused:
        next(generate(random_model, request_for(random_model, **changes)))
    assert refused.value.refusal.code == code
    assert refused.value.status == 422
