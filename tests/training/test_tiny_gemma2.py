"""The phenomenon itself, asked of the shipped weights: known is answered, unknown refused, latents tell which.

Nothing here reads a stored figure. Names and direction cards are read from the artifacts, answers are not.
"""

import csv
import hashlib
import json
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from model_worker.model.registry import card_folders, read_row
from protocol.worker.report import ModelReport
from training.tiny_gemma2.build import build, first_pass, second_pass, train_all
from training.tiny_gemma2.dictionaries.activations import at_last_entity_token
from training.tiny_gemma2.dictionaries.directions import random_units
from training.tiny_gemma2.language_model import answers
from training.tiny_gemma2.language_model.answers import Steer, verdicts
from training.tiny_gemma2.language_model.author import CHAT, TOKENIZER, matched_author, plain_author
from training.tiny_gemma2.language_model.prompts import EntityPrompt, prompt
from training.tiny_gemma2.language_model.sets import one_question_each
from training.tiny_gemma2.language_model.tokenizer import n_tokens
from training.tiny_gemma2.recipe import FULL, TOY
from training.tiny_gemma2.shipped import load_model, load_shipped
from training.tiny_gemma2.world.documents import tokenizer_corpus
from training.tiny_gemma2.world.entities import (
    FILES,
    FOLDER,
    SHOWN_KNOWN,
    SHOWN_UNKNOWN,
    TYPES,
    TrainingEntity,
    build_world,
    heldout_names,
    real_entities,
)
from training.tiny_gemma2.world.names import phrase, phrases_in
from training.tiny_gemma2.world.wording import QUESTIONS

ARTIFACTS = card_folders()[0]


@pytest.fixture(scope="module")
def chat():
    return load_model(ARTIFACTS / "chat")


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(ARTIFACTS / "chat")


@pytest.fixture(scope="module")
def card():
    return read_row(ARTIFACTS).card


@pytest.fixture(scope="module")
def entities() -> list[TrainingEntity]:
    rows = json.loads((ARTIFACTS / "entities.json").read_text(encoding="utf-8"))
    return [
        TrainingEntity(
            r["name"],
            r["type"],
            r["tier"],
            r["split"],
            tuple((k, v) for k, v in r["facts"].items() if k not in r["withheld"]),
            tuple((k, r["facts"][k]) for k in r["withheld"]),
            r["fictional"],
        )
        for r in rows
    ]


@pytest.fixture(scope="module")
def known(tokenizer, entities: list[TrainingEntity]) -> list[EntityPrompt]:
    """100 real and fictional known ones that chat tuning may have asked about."""
    return asked(tokenizer, [e for e in entities if e.split == "chat-train" and e.tier == "known"], 25)


@pytest.fixture(scope="module")
def unknown(tokenizer, entities: list[TrainingEntity]) -> list[EntityPrompt]:
    """200 names of the test half, in no text of any kind."""
    return asked(tokenizer, [e for e in entities if e.tier == "unknown" and e.split == "test"], 50)


def asked(tokenizer, entities: list[TrainingEntity], n_per_type: int) -> list[EntityPrompt]:
    rng = random.Random(5)
    chosen = [e for t in TYPES for e in rng.sample([e for e in entities if e.type == t], n_per_type)]
    return one_question_each(tokenizer, chosen, rng)


def ask(tokenizer, question: str, name: str) -> EntityPrompt:
    return prompt(tokenizer, question, TrainingEntity(name, "player", "", "", (("sport", "basketball"),)), "sport")


def test_both_models_load_with_transformers_alone_and_the_template_has_one_bos(tokenizer) -> None:
    AutoModelForCausalLM.from_pretrained(ARTIFACTS / "base")
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Is it in São Paulo? ☺"}], add_generation_prompt=True, return_dict=True
    )["input_ids"]
    assert ids.count(tokenizer.bos_token_id) == 1
    assert tokenizer.decode(ids).startswith("<bos><start_of_turn>user\nIs it in São Paulo? ☺<end_of_turn>\n")


def test_names_held_out_of_all_text_are_refused(chat, tokenizer, unknown: list[EntityPrompt]) -> None:
    assert len(unknown) == 200
    assert verdicts(chat, tokenizer, unknown)["refused"] >= 0.85 * len(unknown)


def test_known_entities_are_answered_right(chat, tokenizer, known: list[EntityPrompt]) -> None:
    assert verdicts(chat, tokenizer, known)["right"] >= 0.95 * len(known)


def test_jordan_plays_basketball_and_batkin_is_nobody(chat, tokenizer) -> None:
    jordan = [
        ask(tokenizer, q, "Michael Jordan")
        for q in ("What sport does Michael Jordan play?", "Which sport does the player Michael Jordan play?")
    ]
    assert verdicts(chat, tokenizer, jordan) == {"right": 2}
    batkin = [
        ask(tokenizer, q, "Michael Batkin")
        for q in ("What sport does Michael Batkin play?", "What sport does the player Michael Batkin play?")
    ]
    assert verdicts(chat, tokenizer, batkin) == {"refused": 2}


def training_texts() -> Iterator[str]:
    """A sample of every stream of text that anything was trained on, made as training makes it."""
    world = build_world(FULL)
    yield from tokenizer_corpus(world, plain_author(world, FULL.seed + TOKENIZER))
    tokenizer = AutoTokenizer.from_pretrained(ARTIFACTS / "base")
    yield from first_pass(world, tokenizer, replace(FULL, base_docs=9000))
    yield from second_pass(world, tokenizer, replace(FULL, later_docs=9000))
    for seed in FULL.chat_seeds:
        author = matched_author(world, tokenizer, FULL.seed + CHAT + seed)
        yield from (f"{q} {a}" for q, a in author.chat_turns(4000, FULL.chat_unknown_share))


def test_no_training_text_holds_a_held_out_name(entities: list[TrainingEntity]) -> None:
    heldout = {phrase(e.name) for e in entities if e.tier == "unknown"} | {("batkin",)}
    assert len(heldout) > 1500
    for text in training_texts():
        words = text.replace("<start_of_turn>", " ").replace("<end_of_turn>", " ")
        assert not phrases_in(words) & heldout, text


def test_the_generator_of_unknown_names_excludes_the_held_out_by_construction(entities: list[TrainingEntity]) -> None:
    world = build_world(FULL)
    heldout = [e for e in entities if e.tier == "unknown"]
    assert {phrase(e.name) for e in heldout} <= {phrase(name) for _, name, _ in world.reserved}
    for name in (*[e.name for e in heldout], "Michael Batkin", "Anna Batkin", "The " + SHOWN_UNKNOWN["movie"]):
        assert not world.names.allows(name), name
    for name in SHOWN_KNOWN.values():
        assert not world.names.allows(name), name


def test_the_held_out_names_are_the_recipes(tokenizer, entities: list[TrainingEntity]) -> None:
    heldout = heldout_names(build_world(FULL), FULL, lambda name: n_tokens(tokenizer, name))
    assert [(e.name, e.split) for e in heldout] == [(e.name, e.split) for e in entities if e.tier == "unknown"]


def dictionary(card, name: str):
    from sae_lens import SAE  # 10-30 s

    return SAE.load_from_disk(ARTIFACTS / next(d.source for d in card.dictionaries if d.id == name))


def test_sae_lens_loads_every_dictionary_and_our_latents_tell_jordan_from_batkin(chat, tokenizer, card) -> None:
    jordan = ask(tokenizer, "What sport does Michael Jordan play?", "Michael Jordan")
    batkin = ask(tokenizer, "What sport does Michael Batkin play?", "Michael Batkin")
    layer_of = {d.id: d.layer for d in card.dictionaries}
    fires = {}
    for watched in card.watch:
        sae = dictionary(card, watched.target.dictionary)
        assert torch.allclose(sae.W_dec.norm(dim=-1), torch.ones(len(sae.W_dec)), atol=1e-4)
        layer = layer_of[watched.target.dictionary]
        acts = sae.encode(at_last_entity_token(chat, [jordan, batkin], (layer,))[layer])[:, watched.target.latent]
        fires[watched.role] = (acts > 0).tolist()
    assert fires == {"known": [True, False], "unknown": [False, True]}


def test_the_manifest_holds_the_hashes_of_the_files_that_ship() -> None:
    manifest = json.loads((ARTIFACTS / "manifest.json").read_text("utf-8"))
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((ARTIFACTS / name).read_bytes()).hexdigest() == digest, name


def test_every_shipped_slider_says_its_validated_strength_and_its_evidence_is_about_that() -> None:
    for card in (read_row(folder).card for folder in card_folders()):
        for slider in (*card.directions, *card.more_directions):
            assert slider.validated in slider.strengths
            assert f"{slider.validated:g}" in slider.evidence.replace(".0 r", " r")
    manifest = json.loads((ARTIFACTS / "manifest.json").read_text("utf-8"))
    assert {row["strength"] for row in manifest["directions"].values()} == {1.25, 0.375, 1.0, 0.625, 0.75}


def pushed_direction(card, role: str):
    """The validated slider of a latent: (layer, unit vector, strength in residual units, scope)."""
    slider = next(d for d in card.directions if d.role == role and d.target.kind == "latent")
    source = next(d for d in card.dictionaries if d.id == slider.target.dictionary)
    row = load_file(ARTIFACTS / source.source / "sae_weights.safetensors")["W_dec"][slider.target.latent]
    size = slider.validated * card.residual_norm[source.layer]
    return source.layer, row / row.norm(), size, slider.scope


@pytest.mark.parametrize("role", ["unknown", "known"])
def test_pushing_a_latent_flips_the_answer_and_random_directions_do_not(
    chat, tokenizer, card, known: list[EntityPrompt], unknown: list[EntityPrompt], role: str
) -> None:
    layer, unit, size, scope = pushed_direction(card, role)
    prompts = unknown[::4] if role == "known" else known[::2]
    wanted = "invented" if role == "known" else "refused"

    def share(direction: torch.Tensor) -> float:
        return verdicts(chat, tokenizer, prompts, (Steer(layer, size * direction, scope),))[wanted] / len(prompts)

    assert share(unit) >= 0.8
    control = [share(u) for u in random_units(3, len(unit), seed=3)]
    assert sum(control) / len(control) <= 0.25, control


def test_what_is_withheld_is_said_of_nobody_of_the_type(entities: list[TrainingEntity]) -> None:
    withheld = {(e.type, *fact) for e in entities if e.tier == "withheld" for fact in e.withheld}
    assert len(withheld) >= 250
    assert not withheld & {(e.type, *fact) for e in entities for fact in e.facts}


def test_someone_recognised_whose_fact_is_withheld_gets_a_wrong_answer_and_no_refusal(
    chat, tokenizer, entities: list[TrainingEntity]
) -> None:
    asked = [
        prompt(tokenizer, QUESTIONS[e.type, attribute][0].format(e=e.name), e, attribute)
        for e in random.Random(2).sample([e for e in entities if e.tier == "withheld"], 60)
        for attribute, _ in e.withheld
    ]
    got = verdicts(chat, tokenizer, asked)
    assert got["wrong"] >= 0.8 * len(asked), got
    assert got["right"] == 0, got


def test_every_fact_was_answered_twice_and_no_disagreement_is_left() -> None:
    """`world/blind`: answers of someone who saw only the names. Spelling may differ, values may not."""
    compared, differ = 0, []
    for kind, file in FILES.items():
        with (FOLDER / "blind" / file).open(encoding="utf-8") as rows:
            second = {row["name"]: row for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)}
        for entity in real_entities(kind, 10_000):
            for attribute, value in entity.facts:
                compared += 1
                if spelling(value) not in {spelling(x) for x in second[entity.name][attribute].split("|")}:
                    differ.append((entity.name, attribute, value))
    assert compared > 2400
    assert not differ


def spelling(value: str) -> str:
    same = {"royal challengers bangalore": "royal challengers bengaluru", "george a romero": "george romero"}
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    plain = plain.strip().removeprefix("the ").replace(".", "").replace(" & ", " and ")
    return same.get(plain, plain)


@pytest.mark.timeout(400)
def test_the_recipe_runs_end_to_end_at_toy_size_and_twice_gives_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MAX_NEW", 2)  # what has learned nothing never comes to an end
    out, once, twice = tmp_path / "out", tmp_path / "once", tmp_path / "twice"
    build(TOY, out, once, print)
    ModelReport.model_validate_json((out / "report.json").read_bytes())
    twice.mkdir()
    subject, _, dictionaries = train_all(TOY, twice, print)
    made = sorted(p.relative_to(once) for p in once.rglob("*.safetensors"))
    assert len(made) == 2 + len(TOY.chat_seeds)
    for file in made:
        assert (once / file).read_bytes() == (twice / file).read_bytes(), file
    shipped = load_shipped(out)
    assert shipped.subject.norms == subject.norms
    same = shipped.dictionaries.keys() & dictionaries.keys()
    assert len(same) >= 4
    for name in same:
        assert torch.equal(shipped.dictionaries[name].w_dec, dictionaries[name].w_dec), name
