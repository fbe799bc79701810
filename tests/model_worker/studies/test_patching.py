"""Patching puts exactly what it says where it says, and the metric's two ends are what they should be."""

import pytest
import torch
from torch import Tensor

from model_worker.answering.prompt import read_prompt
from model_worker.decoding.states import PromptState, fork, read
from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders, read_row
from model_worker.studies.patching.figures import PARTS
from model_worker.studies.patching.measure import MIN_LD, parts_of, patch
from model_worker.studies.shared.heads import look, with_outputs
from protocol.worker.frames import Frame
from protocol.worker.names import WorldNames
from protocol.worker.requests import GenerateRequest
from protocol.worker.studies import Asked, PatchingRequest
from tests.model_worker.driving import TOLERANCE

CLEAN = (2, *torch.randint(10, 300, (24,), generator=torch.Generator().manual_seed(0)).tolist())
CORRUPTED = (
    *CLEAN[:9],
    *torch.randint(10, 300, (3,), generator=torch.Generator().manual_seed(1)).tolist(),
    *CLEAN[12:],
)
"""The name is at 9, 10, 11; all else is the same."""


@pytest.fixture(scope="module")
def states(random_model: Loaded) -> tuple[PromptState, PromptState]:
    return read(random_model.gemma, CLEAN), read(random_model.gemma, CORRUPTED)


def apart(a: Tensor, b: Tensor) -> float:
    return (a - b).abs().max().item()


@pytest.mark.parametrize("layer", range(4))
def test_all_positions_of_a_layer_bring_back_the_clean_logits(
    random_model: Loaded, states: tuple[PromptState, PromptState], layer: int
) -> None:
    clean, corrupted = states
    found = fork(random_model.gemma, corrupted, [patch(clean, corrupted, layer, range(1, len(CLEAN)))]).logits[0]
    assert apart(found, clean.logits) < TOLERANCE * clean.logits.abs().max()
    assert apart(clean.logits, corrupted.logits) > 0.1


@pytest.mark.parametrize("layer", range(4))
def test_what_is_before_the_name_brings_back_nothing(
    random_model: Loaded, states: tuple[PromptState, PromptState], layer: int
) -> None:
    clean, corrupted = states
    found = fork(random_model.gemma, corrupted, [patch(clean, corrupted, layer, range(1, 9)), ()]).logits
    assert all(apart(row, corrupted.logits) < TOLERANCE * corrupted.logits.abs().max() for row in found)


@pytest.mark.parametrize("layer", [0, 2])
def test_a_patched_position_equals_transformers_with_that_residual_replaced(
    random_model: Loaded, states: tuple[PromptState, PromptState], layer: int
) -> None:
    clean, corrupted = states
    positions = range(10, 12)

    def replaced(module, args, out):
        hidden = (out[0] if isinstance(out, tuple) else out).clone()
        hidden[0, list(positions)] = clean.residuals[layer][list(positions)]
        return (hidden, *out[1:]) if isinstance(out, tuple) else hidden

    handle = random_model.model.model.layers[layer].register_forward_hook(replaced)
    with torch.no_grad():
        reference = random_model.model(torch.tensor([CORRUPTED])).logits[0, -1]
    handle.remove()
    found = fork(random_model.gemma, corrupted, [patch(clean, corrupted, layer, positions)]).logits[0]
    assert apart(found, reference) < TOLERANCE * reference.abs().max()


def test_all_heads_of_the_last_block_and_its_input_bring_back_the_clean_logits(
    random_model: Loaded, states: tuple[PromptState, PromptState]
) -> None:
    """The last token's way through the last block is its input and what its heads take in, nothing else. The two
    patches are made one after the other: the input by reading a corrupted state that has the clean one there."""
    clean, corrupted = states
    gemma, last = random_model.gemma, random_model.gemma.n_layers - 1
    mixed = list(corrupted.residuals)
    mixed[last - 1] = torch.cat([corrupted.residuals[last - 1][:-1], clean.residuals[last - 1][-1:]])
    state = PromptState(corrupted.ids, corrupted.keys, corrupted.values, tuple(mixed), corrupted.logits, corrupted.odds)
    z = look(gemma, clean).z[0, last]
    rows = [{(last, head): z[head] for head in range(gemma.shape.n_heads)}, {(last, 0): z[0]}]
    whole, one = with_outputs(gemma, state, rows)
    assert apart(whole, clean.logits) < TOLERANCE * clean.logits.abs().max()
    assert apart(one, clean.logits) > 1e-3


def test_parts_of_a_prompt_are_every_token_from_the_name_on_once(embedded: Loaded) -> None:
    for text in ("What continent is Stone Harbour on?", "Who directed Jaws?"):
        prompt = read_prompt(embedded, GenerateRequest(model=embedded.card.id, prompt=text))
        for n_opening in (0, 1, 3):
            parts = parts_of(prompt, n_opening)
            taken = [pos for positions in parts.values() for pos in positions]
            assert taken == list(range(prompt.entity.start, len(prompt.ids) + n_opening))
            assert list(parts) == [part for part in PARTS if part in parts]
            assert parts["last"] == range(taken[-1], taken[-1] + 1)
            assert parts["name_last"].stop == prompt.entity.end
            assert ("opening" in parts) == (n_opening > 1)


@pytest.fixture(scope="module")
def engine(embedded: Loaded) -> Engine:
    return Engine(embedded, row=read_row(card_folders()[0]))


def small(part: str = "chat") -> PatchingRequest:
    few = Asked(names=WorldNames(most=40, types=("city", "movie")), split="all", most=20)
    return PatchingRequest(model="tiny-gemma2-chat", part=part, asked=few, n_pairs=3)


@pytest.fixture(scope="module")
def found(engine: Engine) -> dict[str, list[Frame]]:
    return {part: [f for f in engine.study(small(part)) if f is not None] for part in ("chat", "base")}


def test_who_was_interrupted_goes_on_with_exactly_the_rest(engine: Engine, found: dict[str, list[Frame]]) -> None:
    whole = found["chat"]
    for n in (len(whole) // 2, len(whole) - 2):
        rest = [frame for frame in engine.study(small(), whole[:n]) if frame is not None]
        assert rest[:-1] == whole[n:-1]


def test_a_pair_is_asked_the_same_with_as_many_tokens_and_its_control_is_somebody_else(
    engine: Engine, embedded: Loaded, found: dict[str, list[Frame]]
) -> None:
    trials = [frame for frame in found["chat"] if frame.kind == "trial"]
    names = {one.name: one for one in found["chat"][0].names}
    assert len(trials) == 3
    for trial in trials:
        texts = trial.prompt.split(" | ")
        labels = [next(one for name, one in names.items() if name in text) for text in texts]
        assert [one.label for one in labels] == ["known", "unknown", "unknown"] and len(set(texts)) == 3
        assert len({one.n_tokens for one in labels}) == 1
        around = {text.replace(one.name, "*") for text, one in zip(texts, labels, strict=True)}
        assert len(around) == 1


@pytest.mark.parametrize("part", ["chat", "base"])
def test_the_last_token_in_the_last_layer_brings_back_all_and_the_name_there_nothing(
    found: dict[str, list[Frame]], part: str
) -> None:
    trials = [frame for frame in found[part] if frame.kind == "trial"]
    measured = [(t.numbers, place) for t in trials for place in ("first", "value") if f"{place}/heads" in t.numbers]
    assert len(measured) >= 4
    for numbers, place in measured:
        assert abs(numbers[f"{place}/ld"][0] - numbers[f"{place}/ld"][1]) >= MIN_LD
        assert numbers[f"{place}/residual/last"][-1] == pytest.approx(1.0, abs=1e-3)
        assert numbers[f"{place}/residual/name_last"][-1] == pytest.approx(0.0, abs=1e-3)


def test_every_heat_of_known_names_stands_beside_that_of_another_unknown_name(found: dict[str, list[Frame]]) -> None:
    last = {frame.id: frame for frame in found["chat"] if frame.kind == "figure"}
    assert set(last) == {"residual", "heads", "direct"}
    for figure in (last["residual"], last["heads"]):
        panels: dict[str, list] = {}
        for row in figure.rows:
            panels.setdefault(row[0], []).append(row[1:3])
        own = [panel for panel in panels if "known name" in panel and "unknown" not in panel]
        assert own and all(panels[p] == panels[p.split(", ")[0] + ", control: from another unknown name"] for p in own)
    assert len(last["direct"].rows) > 0
