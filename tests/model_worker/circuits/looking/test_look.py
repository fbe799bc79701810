"""What a head's score is made of, against the attention that transformers gives, and adding up to it."""

import math

import pytest
import torch

from model_worker.circuits.inquiry import read_inquiry
from model_worker.circuits.looking.look import why_it_looks
from model_worker.model.loading import Loaded
from protocol.refusal import Refused
from protocol.worker.circuits import Beside, CircuitRequest, LookRequest
from protocol.worker.looked import Looked
from tests.model_worker.circuits.test_gradients import JORDAN


def ask(loaded: Loaded, circuit: CircuitRequest, layer: int, head: int, **more: object) -> Looked:
    request = LookRequest.model_validate({"circuit": circuit, "layer": layer, "head": head, **more})
    _, told, done = why_it_looks(loaded, loaded.gemma, request)
    assert isinstance(told, Looked)
    assert done is not None
    assert done.kind == "done"
    return told


def circuit_of(loaded: Loaded, **more: object) -> CircuitRequest:
    beside = Beside(prompt="What is Zork?")
    return CircuitRequest.model_validate({"model": loaded.card.id, "prompt": "What is Bork?", "beside": beside, **more})


@pytest.mark.parametrize("basis", ["latents", "neurons"])
@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_all_pairs_add_up_to_the_score_above_the_mean(random_model: Loaded, layer: int, basis: str) -> None:
    """Layers 2 and 3 stand on a dictionary; without one it is the embedding and what blocks wrote."""
    circuit = circuit_of(random_model, basis=basis)
    told = ask(random_model, circuit, layer, 3, side="b", query=12, key=10, top=100)
    assert told.identity < 1e-4
    of_key = next(key for key in told.keys if key.column == 10)
    pairs = [pair.score for pair in told.pairs if pair.query and pair.key]
    assert sum(pairs) + told.rest == pytest.approx(of_key.score, abs=3e-3)  # a hundred of six digits each
    assert abs(sum(key.attention * key.score for key in told.keys)) < 1e-4
    kinds = {pair.query.kind for pair in told.pairs if pair.query}
    if basis == "latents" and layer > 1:
        assert kinds == {"sae", "error", "bias"}
    else:
        assert kinds == ({"token", "block"} if layer else {"token"})


def test_the_scores_are_those_whose_softmax_transformers_shows(random_model: Loaded) -> None:
    circuit = circuit_of(random_model)
    model, n_heads = random_model.model, random_model.gemma.shape.n_heads
    ids = torch.tensor([read_inquiry(random_model, random_model.gemma, circuit).a.ids])
    model.set_attn_implementation("eager")
    with torch.no_grad():
        shown = model(ids, output_attentions=True).attentions
    cap = random_model.gemma.shape.cap
    for layer in range(4):
        told = ask(random_model, circuit, layer, layer % n_heads, query=12)
        own = shown[layer][0, layer % n_heads, 12]
        for key in told.keys:
            assert key.attention == pytest.approx(own[key.column].item(), abs=1e-5)
        raw = torch.tensor([key.raw for key in told.keys], dtype=torch.float64)
        capped = raw if cap is None else cap * torch.tanh(raw / cap)
        expected = torch.tensor([key.attention for key in told.keys], dtype=torch.float64)
        torch.testing.assert_close(capped.softmax(-1), expected, rtol=1e-4, atol=1e-6)
        assert math.isclose(expected.sum().item(), 1, rel_tol=1e-4)


def test_a_sure_head_has_nothing_to_explain_and_an_unsure_one_has(embedded: Loaded) -> None:
    sure = ask(embedded, JORDAN, 3, 0)
    name = max(sure.keys, key=lambda key: key.attention)
    assert (name.column, name.raw) == (10, pytest.approx(41.4, abs=0.05))
    assert abs(name.score) < 1e-6
    unsure = ask(embedded, JORDAN, 5, 1, side="b", key=10)
    assert next(key.score for key in unsure.keys if key.column == 10) == pytest.approx(-14.9, abs=0.1)
    assert max(unsure.identity, sure.identity) < 1e-4


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"layer": 4, "head": 0}, "layers 0 to 3"),
        ({"layer": 0, "head": 4}, "heads 0 to 3"),
        ({"layer": 0, "head": 0, "query": 400}, "Columns are 0 to"),
        ({"layer": 0, "head": 0, "query": 3, "key": 5}, "up to itself"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(random_model: Loaded, asked: dict[str, int], words: str) -> None:
    with pytest.raises(Refused, match=words):
        ask(random_model, circuit_of(random_model), **asked)


def test_one_prompt_has_no_second_side(random_model: Loaded) -> None:
    with pytest.raises(Refused, match="side a alone"):
        ask(random_model, circuit_of(random_model, beside=None), 0, 0, side="b")
