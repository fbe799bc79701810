"""Gemma's dictionaries, from text to a folder that the product loads, with a model of nobody's and some seconds."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, Gemma3ForCausalLM, Gemma3TextConfig

from model_worker.model.registry import card_folders
from model_worker.model.sae import load_dictionary
from protocol.worker.models import DictionaryCard
from training.gemma3_270m.dictionaries import trainer
from training.gemma3_270m.dictionaries.activations import at_last, harvest, reading_residuals, token_rows
from training.gemma3_270m.dictionaries.figures import explained, massive_dimensions, mean_loss_nats, spliced_figures
from training.gemma3_270m.dictionaries.stage import trained_layer
from training.gemma3_270m.dictionaries.stored import read_half
from training.gemma3_270m.dictionaries.text import Document, text_documents, wordnet_glosses
from training.gemma3_270m.dictionaries.trainer import Plan, ruler_of
from training.gemma3_270m.split import split_of
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary

NAMES = {kind: [f"{kind.title()} Number{i} Wood{i}" for i in range(30)] for kind in ("player", "city", "movie", "song")}
TOY = Plan(levels=(16, 64), k=6, steps=60, batch=128)


@pytest.fixture(scope="module")
def wordnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two synsets a file, as Debian's files have them."""
    folder = tmp_path_factory.mktemp("wordnet")
    for kind in ("noun", "verb", "adj", "adv"):
        lines = [f"0000{i} 03 n 02 big_{kind} 0 thing{i} 0 001 @ 1 n 0 | a thing that is number {i}" for i in (1, 2)]
        (folder / f"data.{kind}").write_text("\n".join(["  1 licence | all of it", *lines]) + "\n", "latin-1")
    return folder


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(card_folders()[0] / "chat")


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, sliding_window=32, pad_token_id=0,
    )  # fmt: skip
    return Gemma3ForCausalLM(config).eval()


@pytest.fixture(scope="module")
def harvested(model, tokenizer, wordnet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    rows = list(token_rows(tokenizer, text_documents(NAMES, 120, 0, folder=wordnet)))
    harvest(model, rows, (1,), folder / "h", lambda _: None)
    return folder


@pytest.fixture(scope="module")
def trained(harvested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_layer(harvested, tmp_path_factory.mktemp("card"), 1, None, TOY, lambda _: None)


def test_a_gloss_is_read_with_its_words_and_without_the_licence(wordnet: Path) -> None:
    assert wordnet_glosses(wordnet)[:2] == [f"big noun, thing{i}: a thing that is number {i}" for i in (1, 2)]


def test_no_name_of_the_test_split_is_in_the_text_and_only_those_are_in_what_was_held_out(wordnet: Path) -> None:
    for heldout in (False, True):
        named = [d for d in text_documents(NAMES, 200, 0, heldout, wordnet) if d.name]
        assert len(named) > 50
        assert all(d.name in d.text and (split_of(d.name) == "test") == heldout for d in named)


def test_the_last_token_of_a_name_is_found(tokenizer) -> None:
    text = "Who is Michael Jordan?"
    (row,) = token_rows(tokenizer, [Document(text, "Michael Jordan")])
    assert tokenizer.decode(row.ids[: row.last + 1][1:]).endswith("Jordan")
    assert row.ids[0] == tokenizer.bos_token_id


def test_what_is_kept_is_what_the_model_says_row_by_row(model, tokenizer, harvested: Path) -> None:
    rows = list(token_rows(tokenizer, [Document("The player Ada Quill", "Ada Quill"), Document("We heard of it.")]))
    at = at_last(model, rows[:1], (1,))[1]
    with reading_residuals(model, (1,)) as seen, torch.no_grad():
        model.model(torch.tensor([rows[0].ids]))
        assert torch.allclose(at[0], seen[1][0, rows[0].last], atol=1e-5)


def test_latents_explain_what_they_were_trained_on(trained: Path, harvested: Path) -> None:
    raw = torch.frombuffer(bytearray((harvested / "h/layer_1.bf16").read_bytes()), dtype=torch.bfloat16).view(-1, 32)
    figures = explained(read_half(trained), raw, massive_dimensions(raw))
    assert figures["fvu"] < 0.6 and 1 < figures["l0"] < 4 * TOY.k


def test_the_product_and_sae_lens_load_what_was_stored_and_say_the_same(trained: Path) -> None:
    from sae_lens import SAE

    x = torch.randn(20, 32, generator=torch.Generator().manual_seed(0)) * 3
    here = read_half(trained)
    card = DictionaryCard(id="one", layer=1, source=trained.name, d_sae=64, trained_on="base")
    product = load_dictionary(card, trained.parent, 32, "cpu")
    assert torch.allclose(product.encode(x), here.encode(x), atol=1e-5)
    theirs = SAE.load_from_disk(str(trained))
    assert torch.allclose(theirs.encode(x), here.encode(x), atol=1e-4)
    assert torch.allclose(theirs.decode(theirs.encode(x)), here.decode(here.encode(x)), atol=1e-4)
    stored = load_file(trained / "sae_weights.safetensors")
    assert stored["W_enc"].dtype == stored["W_dec"].dtype == torch.float16 and stored["b_enc"].dtype == torch.float32
    assert torch.allclose(here.w_dec.norm(dim=-1), torch.ones(64), atol=2e-3)


def test_folding_the_ruler_in_changes_nothing() -> None:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(400, 8, generator=generator) * torch.tensor([90.0, *[1.0] * 7]) + 5
    ruler = ruler_of(x)
    w = trainer._from_tokens(ruler.measured(x[:16]), 4)
    measured = ruler.measured(x)
    own = TrainedDictionary(1, w.E.T, w.b, w.D, w.out, torch.full((16,), 0.1))
    made = own.decode(own.encode(measured)) / ruler.unit + ruler.centre
    folded = trainer.folded(own, ruler)
    assert torch.allclose(folded.decode(folded.encode(x)), made, atol=1e-2)
    assert massive_dimensions(x) == [0] and float(ruler.unit[0]) < float(ruler.unit[1]) / 10


def test_the_gradients_are_those_of_the_loss() -> None:
    generator = torch.Generator().manual_seed(1)
    plan = Plan(levels=(8, 24), k=3)
    x = torch.randn(64, 12, generator=generator)
    w = trainer._from_tokens(torch.randn(24, 12, generator=generator), 3)
    cut, *_ = trainer._gradients(w, x, plan, None)
    E, b, D, out = (t.detach().clone().requires_grad_(True) for t in w.all())
    pre = x @ E.T + b
    acts = pre * (pre > cut)
    loss = sum((acts[:, :n] @ D[:n] + out - x).square().sum(-1).mean() for n in plan.levels) / len(plan.levels)
    loss.backward()
    D.grad -= (D.grad * D).sum(-1, keepdim=True) * D.detach()
    for ours, theirs in zip(w.all(), (E, b, D, out), strict=True):
        apart = (ours.grad - theirs.grad).norm() / theirs.grad.norm()
        assert apart < 0.1, float(apart)  # bf16 products, and a cut that a value may cross by rounding


def test_splicing_nothing_in_costs_nothing(model, tokenizer, trained: Path, wordnet: Path) -> None:
    rows = list(token_rows(tokenizer, text_documents(NAMES, 10, 1, True, wordnet)))
    clean = mean_loss_nats(model, rows)
    told = spliced_figures(model, rows, read_half(trained), clean, torch.zeros(32))
    assert told["loss_nats"] == round(clean, 4) and abs(told["delta_loss_nats"]) < 1
