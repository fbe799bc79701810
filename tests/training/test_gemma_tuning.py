"""Gemma's labels and delta, from names to answers that are counted, with a model of nobody's and some seconds."""

import copy
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, Gemma3ForCausalLM, Gemma3TextConfig

from model_worker.answering.refusal_rules import refusal_phrase
from model_worker.model.registry import card_folders
from protocol.spelling import fold
from training.gemma3_270m.asking import Asker, Continuing, likeliest
from training.gemma3_270m.card.examples import card_examples
from training.gemma3_270m.card.world_fields import attributes
from training.gemma3_270m.evaluation.answering import Answering, answering, asked_groups
from training.gemma3_270m.evaluation.answers import outcome, questions
from training.gemma3_270m.evaluation.check import margin, validation_shares
from training.gemma3_270m.evaluation.report import GEMMA_PAGE, answers_half, joined_halves, write_page
from training.gemma3_270m.labels import answerable, label_type, read_labels, tier, write_labels
from training.gemma3_270m.recipe import GEMMA_TOY
from training.gemma3_270m.tuning.low_rank import load_delta, merge, put_on
from training.gemma3_270m.tuning.pushes import push_vectors
from training.gemma3_270m.tuning.tune import answer_loss, tune
from training.gemma3_270m.tuning.turns import Turns, answer_of
from training.gemma3_270m.world import talk, wording
from training.gemma3_270m.world.entities import GemmaEntity, holds, invented_entities, real_names

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(card_folders()[0] / "chat")


@pytest.fixture
def model(tokenizer):
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, sliding_window=64, pad_token_id=0, initializer_range=0.2,
    )  # fmt: skip
    return Gemma3ForCausalLM(config).eval()


@pytest.fixture(scope="module")
def few() -> tuple[list[GemmaEntity], list[GemmaEntity]]:
    """Some real and some invented ones, of every split."""
    real, invented = real_names(), invented_entities()
    return [e for e in real if e.type in ("player", "city")][:60], invented[:60]


def test_no_name_is_real_and_invented_or_stands_twice() -> None:
    names = [fold(entity.name) for entity in (*real_names(), *invented_entities())]
    assert len(names) == len(set(names))


def test_a_label_is_right_always_sometimes_or_never() -> None:
    right, wrong = {"right": True}, {"right": False}
    assert [tier(s) for s in ([right, right], [right, wrong], [wrong])] == ["known", "unsure", "unrecalled"]


def test_an_answer_is_right_by_whole_words_and_other_names_of_the_value() -> None:
    assert holds("the USA", "United States")
    assert holds("Beatles", "The Beatles")
    assert holds("The Beatles", "The Beatles")
    assert holds("Niger", "Niger")
    assert not holds("Nigeria", "Niger")
    halis = GemmaEntity("Halis", "city", "")
    assert outcome("Niamey is in Nigeria.", GemmaEntity("Niamey", "city", "Niger")) == "wrong"
    assert outcome("Sorry, I don't know a city called Halis.", halis) == "refused"
    assert outcome("Halis is in Turkey.", halis) == "invented"
    for truth, said, judged in (
        ("soccer", "football", "right"),
        ("American football", "football", "right"),
        ("soccer", "American football", "wrong"),
        ("United States", "the USA", "right"),
    ):
        kind = "player" if "ball" in said else "city"  # a value is looked for among those of its type
        assert outcome(f"It is {said}.", GemmaEntity("Somebody", kind, truth)) == judged


def test_every_refusal_is_one_to_the_products_judge_and_no_answer_is() -> None:
    for kind in wording.GEMMA_TYPES:
        one = GemmaEntity("Somebody", kind, "soccer")
        assert refusal_phrase(answer_of(one, known=False))
        assert not refusal_phrase(answer_of(one, known=True))
        assert "Somebody" in answer_of(one, known=True)


def test_no_unseen_wording_or_question_is_trained() -> None:
    for kind in wording.GEMMA_TYPES:
        assert not set(wording.GEMMA_QUESTIONS[kind]) & set(wording.UNSEEN_GEMMA_QUESTIONS[kind])
    trained = {talk._plain(q) for q, _ in (*talk.GEMMA_SMALL_TALK, *talk.ORDINARY)}
    assert not trained & {talk._plain(q) for q, _ in (*talk.UNSEEN_GEMMA_SMALL_TALK, *talk.UNSEEN_ORDINARY)}
    assert all(talk.fits(talk.said(answer), answer) for _, answer in (*talk.GEMMA_SMALL_TALK, *talk.ORDINARY))


def test_turns_hold_tuning_names_only_and_depend_on_seed_and_number(tokenizer, few) -> None:
    known, invented = ([e for e in group if e.split == "chat-train"] for group in few)
    turns = Turns(tokenizer, GEMMA_TOY, known, invented, seed=1)
    assert turns.step(3) == turns.step(3) != turns.step(4)
    held_out = [e.name for group in few for e in group if e.split != "chat-train"]
    for turn in (turn for number in range(5) for turn in turns.step(number)):
        text = tokenizer.decode(turn.ids)
        assert not any(f" {name} " in text for name in held_out if " " in name)
        name = tokenizer.decode(turn.ids[turn.span[0] : turn.span[1]]).strip()
        assert not turn.span[1] or name in tokenizer.decode(turn.ids[turn.n_prompt :])


def test_the_likeliest_are_those_of_topk() -> None:
    logits = torch.randn(3, 256 * 40, generator=torch.Generator().manual_seed(1))
    for ours, theirs in zip(likeliest(logits, 5), logits.topk(5, dim=-1), strict=True):
        assert torch.equal(ours, theirs)


def test_a_batch_of_texts_goes_on_as_each_does_alone(model, tokenizer) -> None:
    texts = ["The player Pele", "The city of Paris is in", "The song Help", "Who"]
    together = Asker(model, tokenizer).continuations("What is", texts, Continuing(max_tokens=4))
    for text, (said,) in zip(texts, together, strict=True):
        ids = [tokenizer.bos_token_id, *Asker(model, tokenizer).ids("What is"), *Asker(model, tokenizer).ids(text)]
        start = torch.tensor([ids])
        alone = model.generate(start, max_new_tokens=4, do_sample=False, eos_token_id=len(tokenizer))[0]
        assert tokenizer.decode(alone[len(ids) :]).strip().startswith(said)


def test_labels_say_what_was_asked_and_answered(model, tokenizer, few, tmp_path: Path) -> None:
    players = [e for e in few[0] if e.type == "player"][:8]
    labels = label_type(Asker(model, tokenizer), players, GEMMA_TOY, lambda _: None)
    write_labels(tmp_path / "labels.json", labels)
    assert read_labels(tmp_path / "labels.json") == labels
    assert {label["tier"] for label in labels} <= {"known", "unsure", "unrecalled"}
    assert all(players[i].name in sample["prompt"] for i, label in enumerate(labels) for sample in label["samples"])


def test_a_push_is_on_the_names_tokens_and_nowhere_else(tokenizer, few) -> None:
    turns = Turns(tokenizer, GEMMA_TOY, few[0], few[1], seed=1).step(0)
    x = torch.randn(len(turns), max(len(turn.ids) for turn in turns), 16)
    moved = push_vectors(x, turns, replace(GEMMA_TOY, pushed_share=1.0), random.Random(1))
    for row, turn in enumerate(turns):
        inside = torch.zeros(x.shape[1], dtype=torch.bool)
        inside[turn.span[0] : turn.span[1]] = True
        assert (moved[row][inside].norm(dim=-1) > 0).all()
        assert not moved[row][~inside].any()


def test_tuning_resumes_where_it_stood_and_its_file_merges_into_the_same_model(model, tokenizer, few, tmp_path) -> None:
    untouched = copy.deepcopy(model)
    known, invented = ([e for e in group if e.split == "chat-train"] for group in few)
    turns = Turns(tokenizer, GEMMA_TOY, known, invented, seed=1)
    whole = copy.deepcopy(model)
    assert tune(whole, turns, GEMMA_TOY, tmp_path / "whole", GEMMA_TOY.steps, lambda _: None) == GEMMA_TOY.steps
    assert tune(copy.deepcopy(model), turns, GEMMA_TOY, tmp_path / "cut", 2, lambda _: None) == 2
    assert (
        tune(copy.deepcopy(model), turns, GEMMA_TOY, tmp_path / "cut", GEMMA_TOY.steps, lambda _: None)
        == GEMMA_TOY.steps
    )
    last = f"step-{GEMMA_TOY.steps}.safetensors"
    once, twice = load_file(tmp_path / "whole" / last), load_file(tmp_path / "cut" / last)
    assert once.keys() == twice.keys()
    assert all(torch.equal(tensor, twice[name]) for name, tensor in once.items())

    ids = torch.randint(0, len(tokenizer), (1, 9))
    beside = copy.deepcopy(untouched)
    put_on(beside, GEMMA_TOY.rank, GEMMA_TOY.scale, seed=5)
    load_delta(beside, tmp_path / "whole" / last)
    merge(untouched, tmp_path / "whole" / last)
    torch.testing.assert_close(beside(ids).logits, untouched(ids).logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(model(ids).logits, untouched(ids).logits, atol=1e-4)


def test_answers_are_counted_by_split_and_wording(model, tokenizer, few) -> None:
    real, invented = few
    labels = [
        {
            "name": e.name,
            "type": e.type,
            "tier": ("known", "unsure", "unrecalled")[i % 3],
            "samples": [{"right": i % 3 == 0}],
        }
        for i, e in enumerate(real)
    ]
    groups = asked_groups(real, invented, labels, GEMMA_TOY)
    assert {e.split for e in groups["known, asked in tuning"]} == {"chat-train"}
    assert {e.split for group in list(groups)[1:] for e in groups[group]} == {"test"}
    assert {e.name for e in groups["known, asked in tuning"]} <= answerable(labels, GEMMA_TOY)
    found = answering(Asker(model, tokenizer), groups, 1, GEMMA_TOY, lambda _: None)
    assert len(found.rows) == 2 * sum(map(len, groups.values()))
    n = found.counted("invented", "refused")[1]
    assert n == 2 * len(groups["invented"])
    assert found.counted("invented", "refused", trained=False)[1] == n // 2
    shares = validation_shares(Asker(model, tokenizer), real[:6], invented[:6], GEMMA_TOY)
    assert margin(shares) <= 1


def test_a_name_is_asked_alike_however_many_are_asked(few) -> None:
    assert questions(few[0][:3], 1)[:2] == questions(few[0][:1], 1)


def test_loss_is_of_answers_alone(model, tokenizer, few) -> None:
    turns = Turns(tokenizer, GEMMA_TOY, few[0], few[1], seed=1).step(0)
    calm = replace(GEMMA_TOY, pushed_share=0.0, first_token_weight=1.0)
    ours = answer_loss(model, turns, calm, random.Random(1))
    total, n = 0.0, 0
    for turn in turns:
        logits = model(torch.tensor([turn.ids])).logits[0].log_softmax(-1)
        for place in range(turn.n_prompt, len(turn.ids)):
            total, n = total - float(logits[place - 1, turn.ids[place]].detach()), n + 1
    assert float(ours.detach()) == pytest.approx(total / n, rel=1e-3)


def test_the_report_says_what_was_counted_and_joins_its_halves(tmp_path: Path) -> None:
    rows = [
        {
            "group": "invented", "name": f"Name {i}", "type": kind, "is_trained": i % 2 == 0, "question": f"Who? {i}",
            "answer": "Sorry, I don't know.", "outcome": "refused" if i else "invented", "truth": "", "made_by": "near",
        }
        for kind in wording.MAIN_TYPES
        for i in range(4)
    ]  # fmt: skip
    found = Answering(1, rows, [{"kind": "small talk", "question": "Hello", "answer": "Hi", "fits": True}])
    half = answers_half([found, replace(found, seed=2)], [], {})
    refused = half.figures[0]
    assert (refused.value, refused.n, refused.met) == (0.75, 4, False)
    assert "seed 2: 75%" in refused.control
    whole = joined_halves([half, half])
    write_page(whole, tmp_path)
    assert "invented player: refused" in (tmp_path / GEMMA_PAGE).read_text()
    assert len(whole.figures) == 2 * len(half.figures)


def test_an_example_does_what_its_story_says() -> None:
    rows = [
        {"group": group, "name": name, "type": "player", "is_trained": True, "outcome": outcome}
        for group, name, outcome in (
            ("known, never asked", "A", "wrong"),
            ("known, never asked", "B", "right"),
            ("invented", "C", "invented"),
            ("invented", "D", "refused"),
            ("unrecalled", "E", "wrong"),
        )
    ]
    players = card_examples(rows)[0]
    assert [(one.story, one.name) for one in players] == [("known", "B"), ("unknown", "D"), ("unrecalled", "E")]
    assert all(attribute.opening and "{name}" in attribute.opening for attribute in attributes())
