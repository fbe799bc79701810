"""Heads at the last token are transformers' own, and the study of attention counts what it should."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from model_worker.decoding.states import fork, read
from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders, read_row
from model_worker.steering.formula import Delta, TargetReader
from model_worker.studies.attention.figures import AttentionSetup, readers, significance
from model_worker.studies.shared.heads import Cut, look, told_apart, with_cuts, with_outputs, written
from model_worker.studies.shared.own_answer import before_value, greedy_answer
from protocol.refusal import Refused
from protocol.worker.frames import Frame
from protocol.worker.names import GivenName, GivenNames, WorldNames
from protocol.worker.requests import Controls, GenerateRequest
from protocol.worker.studies import Asked, AttentionRequest
from protocol.worker.study_frames import Trial
from tests.model_worker.driving import TOLERANCE, answer, ids_of

IDS = (2, *torch.randint(10, 300, (24,), generator=torch.Generator().manual_seed(0)).tolist())
OTHER = (2, *torch.randint(10, 300, (24,), generator=torch.Generator().manual_seed(1)).tolist())


@contextmanager
def hooked(loaded: Loaded, layer: int, name: str, change: Callable, *, before: bool = False) -> Iterator[None]:
    """transformers' model with a hook on a part of one block: on what goes in, or on what comes out."""
    module = loaded.model.get_submodule(f"model.layers.{layer}" + (f".{name}" if name else ""))
    if before:
        handle = module.register_forward_pre_hook(change, with_kwargs=True)
    else:
        handle = module.register_forward_hook(change)
    try:
        yield
    finally:
        handle.remove()


@torch.no_grad()
def theirs(loaded: Loaded, ids: Sequence[int] = IDS, **wanted: bool):
    return loaded.model(torch.tensor([ids]), **wanted)


def close(ours: Tensor, reference: Tensor) -> bool:
    return torch.allclose(ours, reference, rtol=TOLERANCE, atol=TOLERANCE * max(1.0, reference.abs().max().item()))


def a_push(loaded: Loaded, layer: int, pos: int) -> Delta:
    direction = torch.randn(loaded.card.d_model, generator=torch.Generator().manual_seed(3))
    return Delta(layer, (pos,), False, TargetReader(torch.zeros_like(direction), 0.0, torch.inf), 4.0, 0.0, direction)


def test_every_heads_attention_equals_transformers(random_model: Loaded) -> None:
    reference = theirs(random_model, output_attentions=True).attentions
    found = look(random_model.gemma, read(random_model.gemma, IDS)).pattern[0]
    for layer, pattern in enumerate(reference):
        assert close(found[layer], pattern[0, :, -1])


@pytest.mark.parametrize("layer", [0, 1])
def test_attention_under_a_push_equals_transformers_with_the_push_in_a_hook(random_model: Loaded, layer: int) -> None:
    """The pushed token is inside of some windows and outside of others."""
    gemma, pos = random_model.gemma, 20
    push = a_push(random_model, layer, pos)

    def add(module, args, out):
        hidden = (out[0] if isinstance(out, tuple) else out).clone()
        hidden[0, pos] += push.constant * push.write
        return (hidden, *out[1:]) if isinstance(out, tuple) else hidden

    with hooked(random_model, layer, "", add):
        reference = theirs(random_model, output_attentions=True).attentions
    state = read(gemma, IDS)
    part = fork(gemma, state, [(), (push,)], range(layer, gemma.n_layers - 1))
    untouched, pushed = look(gemma, state, part).pattern
    assert close(untouched, look(gemma, state).pattern[0])
    for at, pattern in enumerate(reference):
        assert close(pushed[at], pattern[0, :, -1])
    assert not torch.allclose(pushed, untouched, atol=1e-2)


def test_value_weighted_attention_is_the_norm_of_what_transformers_takes_from_a_token(random_model: Loaded) -> None:
    values: list[Tensor] = []
    with hooked(random_model, 1, "self_attn.v_proj", lambda module, args, out: values.append(out)):
        reference = theirs(random_model, output_attentions=True).attentions[1][0, :, -1]
    shape = random_model.gemma.shape
    by_head = values[0][0].view(len(IDS), shape.n_kv_heads, -1).repeat_interleave(2, dim=1).transpose(0, 1)
    taken = (reference.unsqueeze(-1) * by_head).norm(dim=-1)
    seen = look(random_model.gemma, read(random_model.gemma, IDS))
    assert close(seen.pattern[0, 1] * seen.sizes[0, 1], taken)


def test_what_heads_write_adds_up_to_what_attention_adds(random_model: Loaded) -> None:
    gemma = random_model.gemma
    out = written(gemma, look(gemma, read(gemma, IDS)).z)[0]
    for layer in range(gemma.n_layers):
        added: list[Tensor] = []
        with hooked(random_model, layer, "post_attention_layernorm", lambda module, args, y, to=added: to.append(y)):
            theirs(random_model)
        assert close(out[layer].sum(0), added[0][0, -1])


def test_a_heads_direct_effect_is_what_it_adds_through_the_final_norm(random_model: Loaded) -> None:
    """Attention and MLP of all blocks and the embedding add up to the last residual: what is left out of the sum
    changes the logits, before their cap, by its direct effect, if the norm divides as it did."""
    gemma, model = random_model.gemma, random_model.model.model
    state = read(gemma, IDS)
    seen = look(gemma, state)
    found = told_apart(gemma, state, seen, 40, 70)
    x = state.residuals[-1][-1]
    one = written(gemma, seen.z)[0, 2, 3]
    rms = (x.square().mean() + model.config.rms_norm_eps).sqrt()
    rows = random_model.model.lm_head.weight[40] - random_model.model.lm_head.weight[70]
    whole, without = (((y / rms) * (1 + model.norm.weight)) @ rows for y in (x, x - one))
    assert found[2, 3].item() == pytest.approx((whole - without).item(), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_a_cut_edge_equals_transformers_with_that_edge_masked(random_model: Loaded, share: float) -> None:
    gemma, key = random_model.gemma, 19
    heads = ((0, 3), (1, 0), (1, 2), (2, 1))
    state = read(gemma, IDS)
    found = with_cuts(gemma, state, [Cut(heads, key, share), Cut(heads[:1], key, 1.0), Cut((), key, 1.0)])

    def masked(layer: int, cut: Sequence[tuple[int, int]]) -> Callable:
        def change(module, args, kwargs):
            mask = kwargs["attention_mask"].repeat(1, gemma.shape.n_heads, 1, 1)
            for _, head in (one for one in cut if one[0] == layer):
                mask[0, head, -1, key] += np.log(1 - share) if share < 1 else torch.finfo(torch.float32).min
            return args, kwargs | {"attention_mask": mask}

        return change

    with ExitStack() as hooks:
        for layer in (0, 1, 2):
            hooks.enter_context(hooked(random_model, layer, "self_attn", masked(layer, heads), before=True))
        reference = theirs(random_model).logits[0, -1]
    assert close(found[0], reference)
    assert not torch.allclose(found[0], state.logits, atol=1e-2)
    assert close(found[2], state.logits)


def test_heads_outputs_of_another_run_equal_transformers_with_attention_replaced(random_model: Loaded) -> None:
    gemma = random_model.gemma
    state, seen = read(gemma, IDS), look(gemma, read(gemma, OTHER))
    layer = 1
    rows = [
        {(layer, head): seen.z[0, layer, head] for head in range(gemma.shape.n_heads)},
        {(layer, 2): seen.z[0, layer, 2]},
        {},
    ]
    found = with_outputs(gemma, state, rows)

    def put(heads: Sequence[int]) -> Callable:
        def change(module, args, kwargs):
            z = args[0].clone()
            own = z[0, -1].view(gemma.shape.n_heads, -1)
            for head in heads:
                own[head] = seen.z[0, layer, head]
            return (z,), kwargs

        return change

    for row, heads in zip(found, (range(gemma.shape.n_heads), (2,), ()), strict=True):
        with hooked(random_model, layer, "self_attn.o_proj", put(heads), before=True):
            assert close(row, theirs(random_model).logits[0, -1])


def test_what_the_chat_model_says_by_itself_is_what_explore_shows(embedded: Loaded, embedded_engine: Engine) -> None:
    prompt = "What sport does Michael Jordan play?"
    request = GenerateRequest(
        model=embedded.card.id, prompt=prompt, controls=Controls(n_directions=0), max_new_tokens=24
    )
    frames = answer(embedded_engine, request)
    state = read(embedded.gemma, tuple(token.id for token in frames[0].tokens))
    words = greedy_answer(embedded.gemma, state, embedded.stop_ids)
    try:
        while True:
            next(words)
    except StopIteration as whole:
        found = whole.value
    assert [one for one in ids_of(frames, 0) if one not in embedded.stop_ids] == list(found)
    n = before_value(embedded.tokenizer, found, "Basketball")
    assert n == before_value(embedded.tokenizer, found, "bA\u0301SKETBALL"), "however a reader types what is true"
    assert embedded.tokenizer.decode(found[n]).strip() in "basketball" and n > 0
    assert before_value(embedded.tokenizer, found, "chess") is None


@pytest.fixture(scope="module")
def engine(embedded: Loaded) -> Engine:
    return Engine(embedded, row=read_row(card_folders()[0]))


def small(part: str = "chat") -> AttentionRequest:
    few = Asked(names=WorldNames(most=12, types=("city",)), split="all", most=5, attributes=("continent",))
    return AttentionRequest(model="tiny-gemma2-chat", part=part, asked=few, knockout=(0.9, 1.0))


@pytest.fixture(scope="module")
def asked(engine: Engine) -> dict[str, list[Frame]]:
    return {part: [f for f in engine.study(small(part)) if f is not None] for part in ("chat", "base")}


def test_who_was_interrupted_goes_on_with_exactly_the_rest(engine: Engine, asked: dict[str, list[Frame]]) -> None:
    whole = asked["chat"]
    for n in (len(whole) // 2, len(whole) - 2):
        rest = [frame for frame in engine.study(small(), whole[:n]) if frame is not None]
        assert rest[:-1] == whole[n:-1]


def test_numbers_of_a_trial_are_what_attention_and_push_come_to_by_themselves(
    embedded: Loaded, asked: dict[str, list[Frame]]
) -> None:
    """The first trial of each label, against transformers' attention with the push in a hook."""
    opening = asked["chat"][0]
    trials = [frame for frame in asked["chat"] if frame.kind == "trial" and "attention" in frame.numbers]
    for label, role in (("known", "unknown"), ("unknown", "known")):
        trial = next(one for one in trials if opening.names[one.name].label == label)
        push = getattr(opening.request, role)
        layer = embedded.layer_of[push.target.dictionary]
        d = embedded.dictionaries[push.target.dictionary].W_dec[push.target.latent]
        added = push.strength * embedded.card.residual_norm[layer] * d / d.norm()
        ids = embedded.tokenizer.apply_chat_template(
            [{"role": "user", "content": trial.prompt}], add_generation_prompt=True, return_dict=False
        )
        name = opening.names[trial.name].name
        upto = trial.prompt.index(name) + len(name)
        before = embedded.tokenizer.apply_chat_template(
            [{"role": "user", "content": "\ue000"}], add_generation_prompt=True, tokenize=False
        ).split("\ue000")[0]
        key = len(embedded.tokenizer(before + trial.prompt[:upto], add_special_tokens=False).input_ids) - 1

        def add(module, args, out, key=key, added=added):
            hidden = (out[0] if isinstance(out, tuple) else out).clone()
            hidden[0, key] += added
            return (hidden, *out[1:]) if isinstance(out, tuple) else hidden

        original = theirs(embedded, ids, output_attentions=True).attentions
        with hooked(embedded, layer, "", add):
            pushed = theirs(embedded, ids, output_attentions=True).attentions
        found = torch.tensor(trial.numbers["attention"]).view(len(trial.numbers["arms"]), embedded.card.n_layers, -1)
        assert torch.allclose(found[0], torch.stack([a[0, :, -1, key] for a in original]), atol=1e-4)
        assert torch.allclose(found[1], torch.stack([a[0, :, -1, key] for a in pushed]), atol=1e-4)
        arms = [opening.arms[int(arm)] for arm in trial.numbers["arms"]]
        assert [arm.name for arm in arms[:2]] == ["original", f"towards {role}"]
        assert all(arm.control_of == trial.numbers["arms"][1] for arm in arms[2:]) and len(arms) == 12


def test_heads_are_knocked_out_on_other_names_than_they_were_chosen_on(asked: dict[str, list[Frame]]) -> None:
    trials = [frame for frame in asked["chat"] if frame.kind == "trial"]
    looked = [one for one in trials if "attention" in one.numbers]
    cut = [one for one in trials if "cut_answer" in one.numbers]
    known = {one.name for one in looked if "to_answer" in one.numbers}
    evaluated = {one.name for one in cut}
    assert evaluated < known and len(known) - len(evaluated) == len(known) // 2
    choosing = [one for one in looked if one.name in known - evaluated]
    figure = [frame for frame in asked["chat"] if frame.kind == "figure" and frame.id == "knockout"][-1]
    named = ", ".join(f"L{a}H{b}" for a, b in readers(choosing, "attention", "to_answer", 3, 4))
    assert f"cut in {named}:" in figure.claim


def test_every_effect_stands_beside_its_control(asked: dict[str, list[Frame]]) -> None:
    last = {frame.id: frame for frame in asked["chat"] if frame.kind == "figure"}
    assert set(last) == {"heads", "shift_known", "shift_unknown", "significance", "knockout"}
    assert all(None not in row for name in ("shift_known", "shift_unknown") for row in last[name].rows)
    assert [row[-1] for row in last["significance"].rows].count("control") == 20
    assert {(row[0], row[1], row[-1]) for row in last["knockout"].rows} == {
        (panel, share, role)
        for panel in ("refusal log-odds", "log-probability of the right value")
        for share in (0.9, 1.0)
        for role in ("known", "control")
    }


def test_a_prompt_is_one_observation_however_many_heads_it_has() -> None:
    """By hand: one layer before the push, two behind it, two heads each; heads of a prompt agree, prompts don't."""
    drawn = np.random.default_rng(0)
    shifts = drawn.normal(0.1, 0.2, size=(6, 2))  # by prompt: the push, a random direction
    trials = []
    for number, (push, control) in enumerate(shifts):
        arms = [np.zeros((3, 2)), np.full((3, 2), push), np.full((3, 2), control)]
        arms[1][0] = arms[2][0] = 9.0  # before the push: never counted
        flat = tuple(float(value) for arm in arms for value in arm.flatten())
        trials.append(Trial(seq=0, trial=number, name=number, prompt="", numbers={"attention": flat}))
    study = AttentionSetup(AttentionRequest(model="m"), ("unknown",) * 6, 3, 2, {"known": 0}, 1)
    latent, random = significance(study, trials).rows
    expected = stats.ttest_ind(shifts[:, 0], shifts[:, 1], equal_var=False, alternative="greater")
    assert latent[2] == pytest.approx(shifts[:, 0].mean(), rel=1e-5)
    assert random[5:7] == pytest.approx((expected.statistic, expected.pvalue), rel=1e-5)


def test_a_card_without_latents_still_shows_who_looks(embedded: Loaded) -> None:
    card = embedded.card.model_copy(update={"directions": (), "more_directions": ()})
    frames = [frame for frame in Engine(replace(embedded, card=card)).study(small()) if frame is not None]
    assert sum("nothing is pushed" in warning for warning in frames[0].warnings) == 2
    assert {frame.id for frame in frames if frame.kind == "figure"} == {"heads", "knockout"}


def test_names_without_labels_are_refused_before_anything_is_read(engine: Engine) -> None:
    names = GivenNames(names=tuple(GivenName(name=name, type="city") for name in ("Paris", "Zorblat")))
    request = AttentionRequest(model="tiny-gemma2-chat", asked=Asked(names=names, split="all"))
    with pytest.raises(Refused, match="labelled"):
        list(engine.study(request))
