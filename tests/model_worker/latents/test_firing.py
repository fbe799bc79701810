"""Where a latent fires, against sae-lens and plain transformers: one text at a time, without our batches or caches."""

import dataclasses
from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from model_worker.engine import Engine
from model_worker.latents.firing import AROUND, latent
from model_worker.latents.sample import N_NAMES, PASSAGE_TOKENS, Sample
from model_worker.model.loading import Loaded, load
from model_worker.model.pieces import token_text
from model_worker.model.registry import card_folders, read_row
from model_worker.model.world import Entity, World
from protocol.refusal import Refused
from protocol.steering import LatentTarget
from protocol.worker.frames import Frame
from protocol.worker.latent_frames import Firing
from protocol.worker.models import Attribute
from protocol.worker.requests import LatentRequest, LensRequest
from tests.model_worker.random_gemma import write
from tests.model_worker.reference import teacher_forced

BUDGET = 2**21
CORPUS = (
    "Michael Batkin plays.",
    "The city of Bogotá is on a continent, and nobody said which; 東京 too.",
    "x",
    "<bos>a text may bring its own",
    "so long that it does not fit " * 20,
    *(f"Document {n} says {'that ' * (n % 7)}it is number {n * n}." for n in range(40)),
)
NAMES = World(
    {
        f"{kind} {tier} {n}": (Entity(f"{tier.title()} O'{'Ny' * (n % 5 + 1)} {n}", kind, tier, {}),)
        for kind in ("player", "city", "mayor")
        for tier in ("known", "unknown", "rare")
        for n in range(7 if kind == "city" else 3)
    }
    | {
        f"{kind} {n}": (
            Entity(f"{kind.title()} {n}", kind, "known", {}),
            Entity(f"{kind.title()} {n}", kind, "rare", {}),
        )
        for kind in ("player", "city")
        for n in range(130)
    }
)
ATTRIBUTES = (
    Attribute(name="sport", entity_type="player", cues=()),
    Attribute(name="team", entity_type="player", cues=(), question="Where does {name} play?"),
    Attribute(name="sport", entity_type="player", cues=(), question="What does {name} do?"),
    Attribute(name="country", entity_type="city", cues=(), question="{name}: which country?"),
)


@pytest.fixture(scope="module")
def told(random_model: Loaded) -> Loaded:
    """With a corpus and a world, both short and odd."""
    card = random_model.card.model_copy(update={"attributes": ATTRIBUTES})
    return dataclasses.replace(random_model, card=card, corpus=CORPUS, world=NAMES)


def asked(loaded: Loaded, dictionary: str, index: int, **more: int) -> LatentRequest:
    return LatentRequest(model=loaded.card.id, target=LatentTarget(dictionary=dictionary, latent=index), **more)


def firing(loaded: Loaded, sample: Sample, request: LatentRequest) -> Firing:
    return next(frame for frame in latent(loaded, sample, request) if isinstance(frame, Firing))


def encoded(loaded: Loaded, ids: list[int], request: LatentRequest) -> Tensor:
    """(pos,) of one text by itself."""
    dictionary, index = loaded.dictionaries[request.target.dictionary], request.target.latent
    x = teacher_forced(loaded.model, ids).residuals[loaded.layer_of[request.target.dictionary]]
    pre = x @ dictionary.W_enc[:, index] + dictionary.b_enc[index]
    assert ((pre - dictionary.threshold[index]).abs() > 1e-4).all(), "none at its threshold, where it might jump"
    return torch.where(pre > dictionary.threshold[index], pre.relu(), torch.zeros_like(pre))


def raw_ids(loaded: Loaded, text: str) -> list[int]:
    return loaded.tokenizer("<bos>" + text.removeprefix("<bos>"), add_special_tokens=False)["input_ids"][:256]


def chat_ids(loaded: Loaded, question: str, name: str) -> tuple[list[int], int]:
    """Of the whole prompt, and where the name's last token is."""
    messages = [{"role": "user", "content": question.replace("{name}", name)}]
    text = loaded.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    found = loaded.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    last = text.index(name) + len(name) - 1
    return found["input_ids"], next(n for n, (a, b) in enumerate(found["offset_mapping"]) if a <= last < b)


def by_name(sample: Sample, found: Firing) -> Iterator[tuple[Entity, float]]:
    for one in found.names:
        for tier in ("known", "unknown"):
            names = [entity for entity in sample.names if (entity.type, entity.tier) == (one.entity_type, tier)]
            yield from zip(names, getattr(one, tier), strict=True)


@pytest.mark.parametrize(("dictionary", "index"), [("layer_1", 3), ("layer_2", 6), ("layer_2", 50)])
def test_every_activation_is_that_of_transformers_own_pass_over_the_text(
    told: Loaded, dictionary: str, index: int
) -> None:
    request = asked(told, dictionary, index, n_snippets=50)
    found = firing(told, Sample(told, BUDGET), request)
    ids = [raw_ids(told, text) for text in CORPUS]
    acts = [encoded(told, one, request)[1:] for one in ids]
    assert max(map(len, acts)) == 255, "one is cut to what the model takes"
    assert found.n_tokens == sum(map(len, acts)), "BOS is not counted"
    assert 20 < found.n_firing == sum(int((own > 0).sum()) for own in acts) < found.n_tokens
    assert found.max_activation == pytest.approx(max(own.max().item() for own in acts), rel=1e-4)

    strongest = sorted((own.max().item() for own in acts if own.max() > 0), reverse=True)
    assert [one.activations[one.peak] for one in found.snippets] == pytest.approx(strongest, rel=1e-4)
    expected = []
    for own, one in zip(acts, ids, strict=True):
        peak = int(own.argmax())
        all_texts = [token_text(told.tokenizer, token) for token in one[1:]]
        starts = [at for at, text in enumerate(all_texts) if at == 0 or not text[0].isalnum()]
        first = next(at for at in starts if at >= peak - AROUND)  # with a word, not within one
        around = slice(min(first, peak), peak + AROUND + 1)
        expected.append(
            (all_texts[around], peak - around.start, pytest.approx(own[around].tolist(), rel=1e-4, abs=1e-4))
        )
    for snippet in found.snippets:
        assert (list(snippet.texts), snippet.peak, list(snippet.activations)) in expected


def test_names_are_read_at_their_last_token_in_the_first_question_of_their_type(told: Loaded) -> None:
    """Known and unknown ones, and of those a hundred at most; a type without a question has none."""
    request = asked(told, "layer_1", 3)
    sample = Sample(told, BUDGET)
    found = firing(told, sample, request)
    assert [one.entity_type for one in found.names] == ["player", "city"]
    assert [(len(one.known), len(one.unknown)) for one in found.names] == [(N_NAMES, 3), (N_NAMES, 7)]
    questions = {"player": "Where does {name} play?", "city": "{name}: which country?"}
    read = list(by_name(sample, found))
    for entity, act in read:
        ids, last = chat_ids(told, questions[entity.type], entity.name)
        assert act == pytest.approx(encoded(told, ids, request)[last].item(), rel=1e-4, abs=1e-4)
    assert len({act for _, act in read}) > 20


def test_names_are_drawn_evenly_over_the_world_and_the_same_each_time(told: Loaded) -> None:
    of_city = [e.name for names in NAMES.entities.values() for e in names if (e.type, e.tier) == ("city", "known")]
    samples = [Sample(told, BUDGET), Sample(told, BUDGET)]
    for sample in samples:
        firing(told, sample, asked(told, "layer_1", 3))
    drawn = {e.name for e in samples[0].names if (e.type, e.tier) == ("city", "known")}
    assert samples[0].names == samples[1].names and len(drawn) == N_NAMES
    places = sorted(map(of_city.index, drawn))
    assert {after - before for before, after in pairwise(places)} == {1, 2}, "of 137"


def test_a_layer_asked_for_later_is_read_as_if_it_had_been_asked_for_first(told: Loaded) -> None:
    kept = Sample(told, BUDGET)
    for dictionary in ("layer_1", "layer_2", "layer_1"):
        request = asked(told, dictionary, 6)
        assert firing(told, kept, request) == firing(told, Sample(told, BUDGET), request)


def n_steps(stream: Iterator[Frame | None]) -> int:
    return sum(frame is None for frame in stream)


def test_two_who_ask_at_once_share_one_reading_and_are_told_the_same(told: Loaded) -> None:
    request = asked(told, "layer_2", 6)
    alone = list(latent(told, Sample(told, BUDGET), request))
    shared = Sample(told, BUDGET)
    streams = [latent(told, shared, request), latent(told, shared, request)]
    frames: list[list[Frame | None]] = [[], []]
    for one, other in zip(*streams, strict=False):
        frames[0].append(one)
        frames[1].append(other)
    frames[1] += streams[1]
    frames[0] += streams[0]
    for ours in frames:
        assert [frame for frame in ours if frame][:2] == [frame for frame in alone if frame][:2]
    steps = [sum(frame is None for frame in ours) for ours in (alone, *frames)]
    assert steps[1] + steps[2] <= steps[0] + 2 and min(steps[1:]) > 2


def test_a_reading_that_is_left_goes_on_with_whoever_asks_next(told: Loaded) -> None:
    request = asked(told, "layer_2", 6)
    whole, sample = n_steps(latent(told, Sample(told, BUDGET), request)), Sample(told, BUDGET)
    left = latent(told, sample, request)
    for _ in range(whole // 2):
        next(left)
    left.close()
    assert n_steps(latent(told, sample, request)) == whole - whole // 2 + 1
    assert n_steps(latent(told, sample, request)) == 0
    assert firing(told, sample, request) == firing(told, Sample(told, BUDGET), request)


def test_a_step_leaves_torch_as_it_found_it(told: Loaded) -> None:
    for _ in latent(told, Sample(told, BUDGET), asked(told, "layer_2", 6)):
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


def test_documents_are_read_as_long_as_they_fit_the_budget(told: Loaded) -> None:
    whole, small = Sample(told, BUDGET), Sample(told, BUDGET // 8)
    request = asked(told, "layer_2", 6)
    texts, few = firing(told, whole, request), firing(told, small, request)
    assert 0 < few.n_tokens < texts.n_tokens and few.names == texts.names
    in_order = [tuple(raw_ids(told, text)[1:]) for text in CORPUS]
    assert sorted(small.documents) == sorted(in_order[: len(small.documents)]), "the first ones"
    names_alone = Sample(dataclasses.replace(told, corpus=()), BUDGET)
    firing(told, names_alone, request)
    assert 0 < small.n_bytes - names_alone.n_bytes <= 1.2 * BUDGET // 8, "but for what fills short rows up"


def test_a_model_without_corpus_and_world_says_that_nothing_was_read(random_engine: Engine) -> None:
    loaded = random_engine.loaded
    lens, found, done = filter(None, random_engine.latent(asked(loaded, "layer_1", 3, n_tokens=4)))
    target = LatentTarget(dictionary="layer_1", latent=3)
    assert lens == next(random_engine.lens(LensRequest(model=loaded.card.id, target=target, n_tokens=4)))
    assert (found.n_tokens, found.n_firing, found.max_activation, found.snippets, found.names) == (0, 0, 0.0, (), ())
    assert (lens.seq, found.seq, done.seq, done.kind) == (0, 1, 2, "done")
    assert random_engine.stats()["sample_bytes"] == 0


@pytest.mark.parametrize(("dictionary", "index"), [("layer_1", 96), ("layer_9", 0)])
def test_a_latent_that_does_not_exist_is_refused_before_anything_is_read(
    told: Loaded, dictionary: str, index: int
) -> None:
    sample = Sample(told, BUDGET)
    with pytest.raises(Refused) as refused:
        next(latent(told, sample, asked(told, dictionary, index)))
    assert refused.value.status == 422 and sample.n_bytes == 0


def test_the_documents_are_the_lines_of_the_file_that_the_card_names(tmp_path) -> None:
    folder = write(tmp_path)
    row = read_row(folder)
    (folder / "text.txt").write_text("one\n\n  \ntwo\u2028still two\r\nthree", "utf-8")
    named = dataclasses.replace(row, card=row.card.model_copy(update={"corpus": "text.txt"}))
    assert [line.strip() for line in load(named).corpus] == ["one", "two\u2028still two", "three"]
    assert load(row).corpus == ()


def test_the_embedded_models_known_latent_fires_on_known_names_and_hardly_on_unknown_ones(embedded: Loaded) -> None:
    watched = {one.role: one.target for one in embedded.card.watch}
    sample = Sample(embedded, 64 * BUDGET)
    shares = {}
    for role in ("known", "unknown"):
        stream = list(latent(embedded, sample, LatentRequest(model=embedded.card.id, target=watched[role])))
        found = next(frame for frame in stream if isinstance(frame, Firing))
        assert {one.entity_type for one in found.names} == {"player", "city", "movie", "song"}
        shares[role] = [
            tuple(sum(act > 0 for act in acts) / len(acts) for acts in (one.known, one.unknown)) for one in found.names
        ]
        if role == "known":
            assert stream.count(None) > found.n_tokens / PASSAGE_TOKENS, "short steps"
    assert all(known > 0.9 and unknown < 0.2 for known, unknown in shares["known"]), shares
    assert all(known < 0.2 and unknown > 0.8 for known, unknown in shares["unknown"]), shares


def test_the_embedded_models_activations_are_sae_lens_own_on_transformers_own_pass(embedded: Loaded) -> None:
    from sae_lens import SAE  # 10-30 s

    target = next(one.target for one in embedded.card.watch if one.role == "known")
    card = next(card for card in embedded.card.dictionaries if card.id == target.dictionary)
    sae = SAE.load_from_disk(card_folders()[0] / card.source)
    corpus = embedded.corpus[::25]
    few = dataclasses.replace(embedded, corpus=corpus)
    sample = Sample(few, 64 * BUDGET)
    found = firing(few, sample, LatentRequest(model=few.card.id, target=target, n_snippets=50))

    def acts(ids: list[int]) -> Tensor:
        with torch.no_grad():
            hidden = embedded.model(torch.tensor([ids]), output_hidden_states=True).hidden_states
            return sae.encode(hidden[card.layer + 1])[0, :, target.latent]

    read = [acts(raw_ids(embedded, text))[1:] for text in corpus]
    assert found.n_tokens == sum(map(len, read))
    assert 0 < found.n_firing == sum(int((own > 0).sum()) for own in read)
    strongest = sorted((own.max().item() for own in read if own.max() > 0), reverse=True)
    assert [one.activations[one.peak] for one in found.snippets] == pytest.approx(strongest, rel=1e-4)
    questions = {a.entity_type: a.question for a in reversed(embedded.card.attributes)}
    for entity, act in list(by_name(sample, found))[::20]:
        ids, last = chat_ids(embedded, questions[entity.type], entity.name)
        assert act == pytest.approx(acts(ids)[last].item(), rel=1e-4, abs=1e-4)
