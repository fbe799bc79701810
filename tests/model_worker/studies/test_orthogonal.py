"""A model without a direction is transformers' with edited weights, or has none of it in its stream."""

import copy

import pytest
import torch
from torch import Tensor, nn

from model_worker.decoding.states import read
from model_worker.engine import Engine
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import read_row
from model_worker.studies.transfer.orthogonal import Orthogonal
from tests.model_worker import random_gemma
from tests.model_worker.reference import blocks, teacher_forced

TOLERANCE = 1e-4
IDS = (2, *torch.randint(10, 300, (24,), generator=torch.Generator().manual_seed(0)).tolist())


@pytest.fixture(params=["random", "embedded"])
def model(request: pytest.FixtureRequest, embedded: Loaded, random_model: Loaded) -> Loaded:
    return embedded if request.param == "embedded" else random_model


def direction_of(loaded: Loaded) -> Tensor:
    return loaded.dictionaries[loaded.card.directions[0].target.dictionary].W_dec[3]


@torch.no_grad()
def edited(model: nn.Module, direction: Tensor) -> nn.Module:
    """transformers' model by equation 9, its embedding untied from its unembedding."""
    d = direction / direction.norm()
    other = copy.deepcopy(model)
    embedding = other.get_input_embeddings()
    other.lm_head.weight = nn.Parameter(other.lm_head.weight.clone())
    embedding.weight = nn.Parameter(embedding.weight - torch.outer(embedding.weight @ d, d))
    for block in blocks(other):
        for linear in (block.self_attn.o_proj, block.mlp.down_proj):
            linear.weight = nn.Parameter(linear.weight - torch.outer(d, d @ linear.weight))
    return other


def stream(gemma: Gemma, ids: tuple[int, ...] = IDS) -> Tensor:
    """(1 + n_layers, pos, d_model): behind the embedding, and after every block."""
    return torch.stack([gemma.embed(torch.tensor([ids]))[0], *read(gemma, ids).residuals])


def test_the_papers_way_is_transformers_model_with_edited_weights(model: Loaded) -> None:
    direction = direction_of(model)
    seen = teacher_forced(edited(model.model, direction), IDS)
    state = read(Orthogonal(model.gemma, direction, "paper"), IDS)
    ours = torch.stack(state.residuals)
    assert torch.allclose(ours, seen.residuals, rtol=TOLERANCE, atol=TOLERANCE * seen.residuals.abs().max().item())
    assert torch.allclose(state.logits, seen.logits[-1], rtol=TOLERANCE, atol=1e-3)
    untouched = torch.stack(read(model.gemma, IDS).residuals)
    assert (ours - untouched).abs().max() > 100 * TOLERANCE * untouched.abs().max()


def test_the_exact_way_leaves_nothing_along_the_direction_at_any_layer(model: Loaded) -> None:
    direction = direction_of(model)
    unit = direction / direction.norm()
    left = (stream(Orthogonal(model.gemma, direction, "exact")) @ unit).abs().amax(-1)
    assert left.max() < 1e-4
    untouched = (stream(model.gemma) @ unit).abs().amax(-1)
    assert untouched.min() > 0.01


def test_the_papers_way_leaves_some_since_gemmas_norms_bring_it_back(embedded: Loaded) -> None:
    direction = direction_of(embedded)
    unit = direction / direction.norm()
    left = (stream(Orthogonal(embedded.gemma, direction, "paper")) @ unit).abs().amax(-1)
    assert left[0] < 1e-4
    assert left[1:].min() > 0.01


def test_what_is_orthogonal_already_stays_as_it_is(model: Loaded) -> None:
    direction = direction_of(model)
    once = Orthogonal(model.gemma, direction, "exact")
    twice = Orthogonal(once, direction * -3, "exact")
    assert torch.allclose(stream(twice), stream(once), rtol=TOLERANCE, atol=1e-3)


def test_the_model_that_was_given_is_untouched_to_the_bit(model: Loaded) -> None:
    before = read(model.gemma, IDS).logits.clone()
    for way in ("paper", "exact"):
        read(Orthogonal(model.gemma, direction_of(model), way), IDS)
    assert torch.equal(read(model.gemma, IDS).logits, before)
    assert torch.equal(Engine(model).prompts.state(IDS).logits, before)


@pytest.mark.parametrize("family", ["gemma2", "gemma3"])
def test_in_bf16_rounding_alone_is_left(family: str, tmp_path) -> None:
    row = read_row(random_gemma.write(tmp_path, family=family))
    narrow = load(type(row)(row.card.model_copy(update={"dtype": "bfloat16"}), row.folder))
    direction = direction_of(narrow)
    unit = direction / direction.norm()
    without = stream(Orthogonal(narrow.gemma, direction, "exact")).float()
    left = (without @ unit).abs() / without.norm(dim=-1)
    untouched = stream(narrow.gemma).float()
    assert left.max() < 2**-8  # a bf16 number's last bit
    assert left.mean() < 0.05 * ((untouched @ unit).abs() / untouched.norm(dim=-1)).mean()
