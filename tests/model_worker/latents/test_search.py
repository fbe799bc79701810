"""Latents by meaning, against sae-lens' formula on plain transformers' pass and against the lens of one latent."""

import dataclasses

import pytest
import torch
from torch import Tensor

from model_worker.engine import Engine
from model_worker.latents.sample import Sample
from model_worker.latents.search import MOST_RANK, search
from model_worker.latents.spoken import Spoken
from model_worker.latents.vocabulary import Vocabulary
from model_worker.model.loading import Loaded
from protocol.worker.latent_frames import LatentsFound
from protocol.worker.requests import LensRequest, SearchRequest
from tests.model_worker.reference import teacher_forced

BUDGET = 2**21
CORPUS = (
    "Bogotá is a city.",
    "Nobody in bogota said why; “Bogota’s” is another word.",
    *(f"Document {n} says well-known things, {'and says ' * (n % 3)}no more than {n}." for n in range(40)),
)


@pytest.fixture(scope="module")
def told(random_model: Loaded) -> Loaded:
    return dataclasses.replace(random_model, corpus=CORPUS)


def found(loaded: Loaded, query: str, n: int = 50) -> LatentsFound:
    sample = Sample(loaded, BUDGET)
    asked = SearchRequest(model=loaded.card.id, query=query, n=n)
    stream = search(loaded, Vocabulary(loaded), Spoken(loaded, sample), asked)
    return next(frame for frame in stream if isinstance(frame, LatentsFound))


def fires(loaded: Loaded, name: str, ids: list[int]) -> Tensor:
    """(pos, d_sae), whether each latent fires at each token behind BOS."""
    dictionary = loaded.dictionaries[name]
    x = teacher_forced(loaded.model, ids).residuals[loaded.layer_of[name]][1:]
    return x @ dictionary.W_enc + dictionary.b_enc > dictionary.threshold


def test_where_the_word_stands_is_counted_as_transformers_own_pass_has_it_for_every_latent(told: Loaded) -> None:
    read = found(told, "SAYS")
    by_latent = {(one.target.dictionary, one.target.latent): one for one in read.fires}
    scores = {}
    for name in told.dictionaries:
        places, tokens = [], []
        for text in CORPUS:
            ids = told.tokenizer("<bos>" + text, add_special_tokens=False)["input_ids"]
            on, at = fires(told, name, ids), [i for i in range(len(text)) if text.startswith("says ", i)]
            assert not at or len(on) == len(text), "a token is a letter here"
            places += [on[i : i + 4].any(0) for i in at]
            inside = torch.zeros(len(on), dtype=torch.bool)
            for i in at:
                inside[i : i + 4] = True
            tokens.append(on[~inside])
        fired, elsewhere = torch.stack(places).sum(0), torch.cat(tokens).sum(0)
        assert read.n_places == len(places) > 40
        for latent in range(told.dictionaries[name].d_sae):
            r, p = fired[latent] / len(places), fired[latent] / max(1, fired[latent] + elsewhere[latent])
            scores[name, latent] = float(2 * p * r / (p + r)) if fired[latent] else 0.0
            if one := by_latent.get((name, latent)):
                assert (one.n_fired, one.n_elsewhere) == (fired[latent], elsewhere[latent])
    assert len(by_latent) == 50
    told_scores = [scores[key] for key in by_latent]
    assert told_scores == sorted(told_scores, reverse=True)
    assert told_scores == pytest.approx(sorted(scores.values(), reverse=True)[:50]), "no better one was left out"


def test_a_latent_is_shown_at_the_place_where_it_fires_most_for_the_word(told: Loaded) -> None:
    for one in found(told, "says").fires[:5]:
        before = "".join(one.snippet.texts[: one.snippet.peak + 1])
        assert any(before.endswith(" says"[: n + 2]) for n in range(4))
        assert one.snippet.activations[one.snippet.peak] == pytest.approx(one.max_activation, rel=1e-4)


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("bogota", 2),
        ("BOGOTÁ", 2),
        ("Bogota\u0301", 2),
        ("bogot", 3),
        ("bogotas", 1),
        ("bo", 0),
        ("well-known", 40),
        ("well known things", 40),
        ("known  Things", 40),
        ("things known", 0),
        ("says no", 26),
    ],
)
def test_words_are_found_in_any_spelling_behind_one_another_and_by_how_they_begin(
    told: Loaded, query: str, n: int
) -> None:
    read = found(told, query, n=1)
    assert read.n_places == n and bool(read.fires) == bool(n)


def test_a_rank_is_the_tokens_place_in_the_latents_own_lens(embedded_engine: Engine) -> None:
    read = asked(embedded_engine, "soccer")
    assert read.tokens == (" soccer",) and read.writes[0].rank == 1
    assert [one.rank for one in read.writes] == sorted(one.rank for one in read.writes) and len(read.writes) == 12
    for one in read.writes:
        request = LensRequest(model=embedded_engine.loaded.card.id, target=one.target, n_tokens=MOST_RANK)
        lens = next(embedded_engine.lens(request))
        assert lens.promoted[one.rank - 1].text == " soccer"
        assert lens.promoted[one.rank - 1].logit == pytest.approx(one.token.logit, rel=1e-4)


def test_the_shipped_models_latents_are_found_by_what_they_mean(embedded_engine: Engine) -> None:
    """The best for "movie" fires wherever the sample says it and nearly nowhere else; a word that nothing says finds
    nothing, and a second search reads nothing again."""
    best = asked(embedded_engine, "Movie").fires[0]
    read = asked(embedded_engine, "movie")
    assert best == read.fires[0] and best.n_fired == read.n_places > 100
    assert best.n_elsewhere < 0.01 * read.n_tokens and best.snippet.texts[best.snippet.peak] == " movie"
    card, n_tokens = embedded_engine.loaded.card, len(embedded_engine.loaded.tokenizer)
    assert (read.n_latents, read.n_vocabulary) == (sum(one.d_sae for one in card.dictionaries), n_tokens)
    nothing = asked(embedded_engine, "zzz")
    assert (nothing.n_places, nothing.tokens, nothing.writes, nothing.fires) == (0, (), (), ())
    steps = list(embedded_engine.search(SearchRequest(model=embedded_engine.loaded.card.id, query="movie")))
    assert len(steps) < 40


def test_without_a_sample_the_lens_still_tells(random_model: Loaded) -> None:
    read = found(dataclasses.replace(random_model, corpus=()), "S")
    assert (read.n_tokens, read.n_places, read.fires) == (0, 0, ()) and read.writes


def asked(engine: Engine, query: str) -> LatentsFound:
    stream = engine.search(SearchRequest(model=engine.loaded.card.id, query=query))
    return next(frame for frame in stream if isinstance(frame, LatentsFound))
