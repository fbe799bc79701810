"""The search for latents: against sae-lens and plain transformers, against leaks, interruptions and batches."""

import dataclasses
import json
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from model_worker.engine import Engine
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import card_folders, read_row
from model_worker.model.sae import Dictionary
from model_worker.model.world import World
from model_worker.studies.discover import probe, ranking
from model_worker.studies.discover.figures import borne_out
from model_worker.studies.discover.measure import Discovery
from model_worker.studies.discover.plan import discover
from model_worker.studies.discover.probe import Directed
from model_worker.studies.discover.ranking import Latent, best_of, told
from model_worker.studies.discover.reading import Stratum, chunks, name_batches
from model_worker.studies.discover.separability import name_auroc
from model_worker.studies.discover.tally import Counts, FiringCounter, tally, unpacked
from model_worker.studies.run import study
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.statistics import share_difference
from protocol.refusal import Refused
from protocol.worker.frames import FRAME, Done, Frame
from protocol.worker.names import GivenName, GivenNames, WorldNames
from protocol.worker.studies import DiscoverRequest
from protocol.worker.study_frames import Figure, Progress, RankedLatent, Ranking, Study, Tally
from tests.model_worker.random_gemma import write
from tests.model_worker.reference import teacher_forced

BASE = card_folders()[0] / "base"
FEW = WorldNames(types=("player", "city"), most=40, match_lengths=False)
TYPES = ("city", "player")


@pytest.fixture(scope="module")
def bench(embedded: Loaded) -> Bench:
    engine = Engine(embedded, row=read_row(card_folders()[0]))
    return Bench(embedded, engine.prompts, engine.lanes["background"], engine.base)


def asked(bench: Bench, **more: object) -> DiscoverRequest:
    return DiscoverRequest(**{"model": bench.loaded.card.id, "names": FEW, "corpus_tokens": 600, "top": 5} | more)


def stream(
    bench: Bench, request: DiscoverRequest, recorded: Sequence[Frame] = (), rows: int | None = None
) -> Iterator[Frame | None]:
    def planner(bench: Bench, request: DiscoverRequest) -> Generator[None, None, Discovery]:
        return (yield from discover(bench, request, rows))

    return study({"discover": planner}, bench, request, recorded)


def frames_of(*args: object, **more: object) -> list[Frame]:
    return [frame for frame in stream(*args, **more) if frame is not None]


def of(kind: type, frames: Sequence[Frame]) -> list:
    return [frame for frame in frames if isinstance(frame, kind)]


def figure(frames: Sequence[Frame], name: str) -> Figure:
    return [one for one in of(Figure, frames) if one.id == name][-1]


@pytest.fixture(scope="module")
def whole(bench: Bench) -> list[Frame]:
    return frames_of(bench, asked(bench))


def transformers_own() -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32, attn_implementation="eager")


class Plain:
    """transformers' own pass over one name at a time, and sae-lens' own SAE."""

    def __init__(self, loaded: Loaded, names: Study) -> None:
        from sae_lens import SAE  # 10-30 s

        model = transformers_own()
        self.names = names.names
        cards = {one.id: one for one in loaded.card.dictionaries}
        self.saes = {one.id: SAE.load_from_disk(card_folders()[0] / cards[one.id].source) for one in names.dictionaries}
        hidden: dict[str, list[torch.Tensor]] = {name: [] for name in self.saes}
        with torch.no_grad():
            for one in self.names:
                ids = loaded.tokenizer(f"<bos>The {one.type} {one.name}", add_special_tokens=False)["input_ids"]
                states = teacher_forced(model, ids).residuals  # hidden_states has the final norm in its last one
                for name in self.saes:
                    hidden[name].append(states[cards[name].layer][-1])
            self.acts = {name: sae.encode(torch.stack(hidden[name])) for name, sae in self.saes.items()}
            pre = {name: torch.stack(hidden[name]) @ sae.W_enc + sae.b_enc for name, sae in self.saes.items()}
            self.near = {name: ((pre[name] - sae.threshold).abs() < 1e-4).any(0) for name, sae in self.saes.items()}

    def fired(self, dictionary: str, latent: int, kind: str, label: str, split: str) -> list[bool]:
        chosen = [n for n, one in enumerate(self.names) if (one.type, one.label, one.split) == (kind, label, split)]
        return [bool(self.acts[dictionary][n, latent] > 0) for n in chosen]

    def f(self, dictionary: str, latent: int, kind: str, label: str, split: str) -> float:
        return float(np.mean(self.fired(dictionary, latent, kind, label, split)))

    def s_known(self, dictionary: str, latent: int, kind: str, split: str) -> float:
        known, unknown = (self.f(dictionary, latent, kind, label, split) for label in ("known", "unknown"))
        return known - unknown


@pytest.fixture(scope="module")
def plain(embedded: Loaded, whole: list[Frame]) -> Plain:
    return Plain(embedded, whole[0])


def counted(frames: Sequence[Frame], d_sae: int) -> dict[tuple, tuple[int, np.ndarray]]:
    found: dict[tuple, tuple[int, np.ndarray]] = {}
    for one in of(Tally, frames):
        key = one.dictionary, one.type, one.label, one.split
        n, fired = found.get(key, (0, 0))
        found[key] = (n + one.n, fired + unpacked(one, d_sae))
    return found


# --- what is counted is so ---


def test_every_count_is_that_of_sae_lens_on_transformers_own_pass(whole: list[Frame], plain: Plain) -> None:
    """Of every latent, but where one comes within 1e-4 of its threshold, where two ways to add jump apart."""
    n_compared = n_fired = 0
    for (dictionary, kind, label, split), (n, fired) in counted(whole, 514).items():
        chosen = [k for k, one in enumerate(plain.names) if (one.type, one.label, one.split) == (kind, label, split)]
        expected = (plain.acts[dictionary][chosen] > 0).sum(0).numpy()
        far = ~plain.near[dictionary].numpy()
        assert n == len(chosen) and far.mean() > 0.95
        assert (fired == expected)[far].all(), (dictionary, kind, label, split)
        n_compared, n_fired = n_compared + int(far.sum()), n_fired + int(fired.sum())
    assert n_compared > 0.95 * 5 * 12 * 514 and n_fired > 4_000


def test_scores_are_what_a_straightforward_reading_of_the_paper_gives(whole: list[Frame], plain: Plain) -> None:
    from sklearn.metrics import roc_auc_score  # takes a second

    final = of(Ranking, whole)[-1]
    assert final.final and final.n_names == sum(one.split == "train" for one in plain.names)
    assert len(final.known) == 5 and 0 < len(final.unknown) <= 5
    for side, sign in (("known", 1), ("unknown", -1)):
        for one in getattr(final, side):
            for split, score, shares in (("train", one.score, one.train), ("test", one.test_score, one.test)):
                s = [sign * plain.s_known(one.dictionary, one.latent, kind, split) for kind in TYPES]
                assert score == pytest.approx(min(s), abs=1e-5)
                assert [own.type for own in shares] == list(TYPES)
                for own in shares:
                    for label, f in (("known", own.f_known), ("unknown", own.f_unknown)):
                        assert f == pytest.approx(plain.f(one.dictionary, one.latent, own.type, label, split), abs=1e-5)
            test = [n for n, name in enumerate(plain.names) if name.split == "test"]
            labels = [(plain.names[n].label == "known") == (side == "known") for n in test]
            acts = plain.acts[one.dictionary][test, one.latent].numpy()
            assert one.auroc == pytest.approx(roc_auc_score(labels, acts), abs=2e-3)
            assert one.auroc_low <= one.auroc <= one.auroc_high
            assert one.test_low <= one.test_score + 0.2 and one.test_low < one.test_high + 1e-9
        for one in getattr(final, f"specialists_{side}"):
            s = sign * plain.s_known(one.dictionary, one.latent, one.only, "train")
            assert one.score == pytest.approx(s, abs=1e-5)


def test_the_best_are_the_best_of_all_latents_of_all_dictionaries(bench: Bench, plain: Plain) -> None:
    final = of(Ranking, frames_of(bench, asked(bench, corpus_tokens=0)))[-1]
    every: list[tuple[float, float]] = []
    for acts in plain.acts.values():
        fires = (acts > 0).double().numpy()

        def mean(kind: str, label: str, fires: np.ndarray = fires) -> np.ndarray:
            own = [(one.type, one.label, one.split) == (kind, label, "train") for one in plain.names]
            return fires[np.array(own)].mean(0)

        s = np.stack([mean(kind, "known") - mean(kind, "unknown") for kind in TYPES])
        every += list(zip(s.min(0), (-s).min(0), strict=True))
    for side, column in (("known", 0), ("unknown", 1)):
        best = sorted((scores[column] for scores in every), reverse=True)[:5]
        assert [one.score for one in getattr(final, side)] == pytest.approx([b for b in best if b > 0], abs=1e-5)
        assert all(one.corpus_share is None for one in getattr(final, side))


def test_what_fires_on_much_of_ordinary_text_is_left_out(bench: Bench, whole: list[Frame]) -> None:
    strict = of(Ranking, frames_of(bench, asked(bench, max_corpus_share=0.06)))
    before, after = strict[-3], strict[-2]
    assert whole[0].request.max_corpus_share == bench.loaded.card.max_corpus_share == 0.25
    assert any(one.corpus_share is None for one in before.known) and not after.final
    for side in ("known", "unknown"):
        wide = {(one.dictionary, one.latent): one.corpus_share for one in getattr(of(Ranking, whole)[-1], side)}
        kept = {(one.dictionary, one.latent): one.corpus_share for one in getattr(strict[-1], side)}
        assert all(share < 0.06 for share in kept.values()) and all(share < 0.25 for share in wide.values())
        assert {key for key, share in wide.items() if share < 0.06} <= kept.keys()


def test_shares_of_text_are_of_at_least_as_many_tokens_as_asked_and_bos_is_none(whole: list[Frame]) -> None:
    corpora = [frame for frame in whole if frame.kind == "corpus"]
    assert len(corpora) == 5 and len({one.n for one in corpora}) == 1 and 600 <= corpora[0].n < 700


def test_text_is_counted_as_transformers_reads_it(bench: Bench, plain: Plain) -> None:
    loaded = dataclasses.replace(bench.loaded, corpus=bench.loaded.corpus[::40])
    small = dataclasses.replace(bench, loaded=loaded)
    frames = frames_of(small, asked(small, corpus_tokens=200_000))
    assert any("ends after" in one for one in frames[0].warnings)
    found = [one for one in frames if one.kind == "corpus" and one.dictionary == "resid_post/layer_3_known"]
    model, sae = transformers_own(), plain.saes["resid_post/layer_3_known"]
    n, fired = 0, np.zeros(514)
    with torch.no_grad():
        for ids in loaded.tokenizer(list(loaded.corpus), add_special_tokens=False)["input_ids"]:
            state = model(torch.tensor([[2, *ids]]), output_hidden_states=True).hidden_states[4][0, 1:]
            n, fired = n + len(ids), fired + (sae.encode(state) > 0).sum(0).numpy()
    assert n > 300 and [one.n for one in found] == [n]
    assert np.abs(unpacked(found[0], 514) - fired).sum() <= 1, "one at its threshold may jump"


# --- nothing leaks, nothing depends on how it was read ---


def leaking(dictionary: Dictionary, residuals: torch.Tensor, fires: torch.Tensor, latent: int) -> Dictionary:
    """With `latent` made to fire on these of the residuals (n, d_model) and on no other."""
    weights = torch.linalg.lstsq(
        torch.cat([residuals, torch.ones(len(residuals), 1)], 1).double(), torch.where(fires, 2.0, -2.0).double()
    ).solution.float()
    w_enc, b_enc, threshold = dictionary.W_enc.clone(), dictionary.b_enc.clone(), dictionary.threshold.clone()
    w_enc[:, latent], b_enc[latent], threshold[latent] = weights[:-1], weights[-1], 0.5
    return dataclasses.replace(dictionary, W_enc=w_enc, b_enc=b_enc, threshold=threshold)


def test_a_latent_that_knows_the_test_half_and_nothing_else_is_not_ranked(bench: Bench, plain: Plain) -> None:
    """It would be the best of all, if a name of the test half had a say."""
    name = "resid_post/layer_3_known"
    loaded, gemma = bench.loaded, bench.part("base").gemma
    opening = frames_of(bench, asked(bench, corpus_tokens=0, dictionaries=(name,)))[0]
    from model_worker.studies.discover.reading import at_tokens

    texts = [
        tuple(loaded.tokenizer(f"<bos>The {one.type} {one.name}", add_special_tokens=False)["input_ids"])
        for one in opening.names
    ]
    residuals = torch.stack([at_tokens(gemma, [ids], [3])[3][-1] for ids in texts])
    fires = torch.tensor([one.split == "test" and one.label == "known" for one in opening.names])
    planted = leaking(loaded.dictionaries[name], residuals, fires, 13)
    told = dataclasses.replace(loaded, dictionaries={**loaded.dictionaries, name: planted})
    frames = frames_of(
        dataclasses.replace(bench, loaded=told), asked(bench, corpus_tokens=0, dictionaries=(name,), top=200)
    )
    clean = frames_of(bench, asked(bench, corpus_tokens=0, dictionaries=(name,), top=200))
    ranked = [[one.latent for one in of(Ranking, those)[-1].known] for those in (frames, clean)]
    assert 13 not in ranked[0] and ranked[0] == [latent for latent in ranked[1] if latent != 13]

    counts = Counts({name: planted.d_sae})
    for one in of(Tally, frames):
        counts.add(one)
    assert best_of(counts, 1.0, 5, split="test").ranked["known"][0] == Latent(name, 13), "so it was planted"


def test_the_ranking_is_settled_before_a_name_of_the_test_half_is_read(whole: list[Frame]) -> None:
    first_test = next(n for n, one in enumerate(whole) if isinstance(one, Tally) and one.split != "train")
    *_, settled, final = of(Ranking, whole)
    assert whole.index(settled) < first_test < whole.index(final)
    for side in ("known", "unknown", "specialists_known", "specialists_unknown"):
        pairs = zip(getattr(settled, side), getattr(final, side), strict=True)
        assert all(
            (a.dictionary, a.latent, a.score, a.train) == (b.dictionary, b.latent, b.score, b.train) for a, b in pairs
        )
        assert all(one.test_score is None for one in getattr(settled, side))


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_how_many_names_are_read_at_once_changes_nothing(bench: Bench, whole: list[Frame], rows: int) -> None:
    """Counts and ranks to the last name; what hangs on the last bits of a float, such as an AUROC, within 1e-3."""
    other = frames_of(bench, asked(bench), rows=rows)
    assert [one.kind for one in other] == [one.kind for one in whole]
    for ours, theirs in zip(other, whole, strict=True):
        if ours.kind in ("study", "progress", "tally", "corpus") or (ours.kind == "ranking" and not ours.final):
            assert ours == theirs
        elif ours.kind != "done":
            assert_alike(json.loads(ours.model_dump_json()), json.loads(theirs.model_dump_json()))


def assert_alike(one: object, other: object) -> None:
    """But for floats within 1e-3."""
    if isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_alike(*pair)
    elif isinstance(one, dict):
        assert_alike(list(map(list, one.items())), list(map(list, other.items())))
    else:
        assert one == (pytest.approx(other, abs=1e-3) if isinstance(other, float) else other)


def cuts(frames: Sequence[Frame]) -> list[int]:
    """After the first frame; after the first, the middle and the last of every kind but done; before the last frame."""
    places = {1, len(frames) - 1}
    for kind in {one.kind for one in frames} - {"done"}:
        own = [n for n, one in enumerate(frames) if one.kind == kind]
        places |= {own[0] + 1, own[len(own) // 2] + 1, own[-1] + 1}
    return sorted(places)


def test_who_was_interrupted_is_told_the_rest_and_nothing_twice(bench: Bench) -> None:
    """Wherever it was, and through JSON, as a worker gets it."""
    names = WorldNames(types=("player", "city"), most=14, match_lengths=False)
    request = asked(bench, names=names, corpus_tokens=300, dictionaries=("resid_post/layer_4", "resid_post/layer_0"))
    small = frames_of(bench, request)
    places = cuts(small)
    assert len(places) >= 15
    for place in places:
        recorded = [FRAME.validate_json(one.model_dump_json()) for one in small[:place]]
        rest = frames_of(bench, request, recorded)
        assert rest[:-1] == small[place:-1], place
        assert isinstance(rest[-1], Done) and rest[-1].seq == small[-1].seq


def test_text_that_was_counted_is_not_read_again(bench: Bench, whole: list[Frame], monkeypatch) -> None:
    last = max(n for n, one in enumerate(whole) if one.kind == "corpus")
    monkeypatch.setattr("model_worker.studies.discover.measure.at_tokens", lambda *_: pytest.fail("read again"))
    assert frames_of(bench, asked(bench), whole[: last + 1])[:-1] == whole[last + 1 : -1]


def test_counts_of_what_was_recorded_are_those_of_the_frames(bench: Bench, whole: list[Frame]) -> None:
    """Not what a second reading would find: frames are the checkpoint."""
    first = next(n for n, one in enumerate(whole) if isinstance(one, Tally))
    silent = whole[first].model_copy(update={"latents": "", "counts": ""})
    last = max(n for n, one in enumerate(whole) if isinstance(one, Tally) and one.split == "train")
    rest = frames_of(bench, asked(bench), [*whole[:first], silent, *whole[first + 1 : last + 1]])
    dictionary = silent.dictionary
    ranked = of(Ranking, rest)[-1]
    shares = {
        own.f_known
        for one in ranked.unknown + ranked.known
        if one.dictionary == dictionary
        for own in one.train
        if own.type == silent.type
    }
    assert silent.label == "known" and shares <= {0.0}
    assert rest[-2] != whole[-2]


def test_a_study_of_another_set_is_not_gone_on_with(bench: Bench, whole: list[Frame]) -> None:
    with pytest.raises(Refused) as refused:
        frames_of(bench, asked(bench, top=6), whole[:9])
    assert (refused.value.status, refused.value.refusal.code) == (409, "study_changed")


# --- what is said on the way ---


def test_progress_counts_to_the_number_of_steps_and_never_back(whole: list[Frame]) -> None:
    opening, told = whole[0], [one.n_done for one in of(Progress, whole)]
    assert told == sorted(set(told)) and told[-1] == opening.n_steps and len(told) >= 15
    assert opening.n_steps >= len(opening.names) == sum(Counter(one.split for one in opening.names).values())
    assert [one.seq for one in whole] == list(range(len(whole)))


def test_every_name_is_tallied_once_in_every_dictionary(whole: list[Frame]) -> None:
    cells = Counter((one.type, one.label, one.split) for one in whole[0].names)
    for used in whole[0].dictionaries:
        assert {
            cell: n for (of, *cell), (n, _) in counted(whole, 514).items() if of == used.id for cell in [tuple(cell)]
        } == cells


def test_rankings_come_while_the_training_half_is_read(whole: list[Frame]) -> None:
    told = of(Ranking, whole)
    assert len(told) == 4 + 1 + 1 and [one.n_names for one in told[:4]] == sorted({one.n_names for one in told[:4]})
    assert not told[0].known, "of one label there is nothing to rank"
    assert {own.type for one in told[1].known for own in one.train} == {"city"}, "what was read counts as it is"
    assert [one.final for one in told] == [False] * 5 + [True]


def test_a_large_cell_is_tallied_in_parts(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr("model_worker.studies.discover.reading.CHUNK", 8)
    parts = frames_of(bench, asked(bench, corpus_tokens=0))
    assert max(one.n for one in of(Tally, parts)) == 8
    assert len(of(Ranking, parts)) == 4 * 3 + 1 + 1, "20 names in 3 parts"
    together = frames_of(bench, asked(bench, corpus_tokens=0))
    ours, theirs = counted(parts, 514), counted(parts, 514)
    assert of(Ranking, parts)[-1].known[0].train == of(Ranking, together)[-1].known[0].train
    assert ours.keys() == theirs.keys()


def test_torch_is_as_it_was_between_two_steps(bench: Bench) -> None:
    for _ in stream(bench, asked(bench, corpus_tokens=0)):
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


def test_figures_have_what_their_plots_draw_and_their_controls(whole: list[Frame]) -> None:
    assert {one.id for one in of(Figure, whole)} == {"layers", "baselines", "latents", "types"}
    for one in of(Figure, whole):
        assert (all(len(row) == len(one.columns) for row in one.rows) and one.rows) or one.id == "layers"
    layers, baselines = figure(whole, "layers"), figure(whole, "baselines")
    assert {row[5] for row in layers.rows} == {"every type", "every type, filtered", "city", "player", "shuffled"}
    for row in layers.rows:
        assert row[1] == row[0] + 1
        if row[7] is not None:
            assert row[7] <= row[6] <= row[8], "least, mean and greatest, in this order"
    by = {(row[2], row[3], row[5]): row[6] for row in layers.rows}
    assert by["resid_post/layer_4", "known", "every type"] > 2 * by["resid_post/layer_4", "known", "shuffled"]
    assert {row[2] for row in baselines.rows} >= {"difference of means", "logistic probe", "length in tokens"}
    assert all(row[6] <= row[5] <= row[7] and row[6] >= 0 and row[7] <= 1 for row in baselines.rows)
    assert len(figure(whole, "latents").rows) == sum(
        len(getattr(of(Ranking, whole)[-1], side))
        for side in ("known", "unknown", "specialists_known", "specialists_unknown")
    )


def test_baselines_are_scikit_learns_own(whole: list[Frame], plain: Plain, bench: Bench) -> None:
    """Difference of means and length, from transformers' residuals."""
    from sklearn.metrics import roc_auc_score  # takes a second

    model = transformers_own()
    names = whole[0].names
    with torch.no_grad():
        residuals = np.stack(
            [
                model(
                    torch.tensor(
                        [
                            bench.loaded.tokenizer(f"<bos>The {one.type} {one.name}", add_special_tokens=False)[
                                "input_ids"
                            ]
                        ]
                    ),
                    output_hidden_states=True,
                )
                .hidden_states[4][0, -1]
                .double()
                .numpy()
                for one in names
            ]
        )
    known, split = np.array([one.label == "known" for one in names]), np.array([one.split for one in names])
    train, test = split == "train", split == "test"
    along = residuals[train & known].mean(0) - residuals[train & ~known].mean(0)
    rows = {row[2]: row for row in figure(whole, "baselines").rows if row[0] == 3}
    assert rows["difference of means"][5] == pytest.approx(
        roc_auc_score(known[test], residuals[test] @ along), abs=2e-3
    )
    lengths = np.array([one.n_tokens for one in names])
    assert rows["length in tokens"][5] == pytest.approx(roc_auc_score(known[test], lengths[test]), abs=1e-5)
    assert rows["logistic probe"][5] > 0.9 and rows["logistic probe"][4].startswith("C = 0.")


# --- parts of it, by hand ---


def hand_tally(label: str, split: str, fired: dict[int, int], n: int = 10, kind: str = "player") -> Tally:
    firing = FiringCounter.__new__(FiringCounter)
    firing._fired, firing.n = torch.zeros(6, dtype=torch.int64), n
    for latent, times in fired.items():
        firing._fired[latent] = times
    return tally("d", Stratum(kind, label, split), firing)


@pytest.mark.core
def test_a_worked_example() -> None:
    """Latent 1: 0.9 - 0.1 of players, 0.5 - 0.1 of cities. 2: best for players alone. 3: for unknown names."""
    counts = Counts({"d": 6})
    for frame in (
        hand_tally("known", "train", {1: 9, 2: 10, 3: 1}),
        hand_tally("unknown", "train", {1: 1, 3: 5}),
        hand_tally("known", "train", {1: 5, 3: 0, 5: 1}, kind="city"),
        hand_tally("unknown", "train", {1: 1, 3: 2, 4: 3}, kind="city"),
        hand_tally("known", "test", {1: 5, 4: 10}),
        hand_tally("unknown", "test", {}),
        hand_tally("known", "test", {1: 6, 4: 10}, kind="city"),
        hand_tally("unknown", "test", {1: 2}, kind="city"),
    ):
        counts.add(frame)
    best = best_of(counts, 0.02, 5)
    assert best.ranked == {"known": (Latent("d", 1),), "unknown": (Latent("d", 3),)}
    assert best.alone == {
        ("known", "player"): Latent("d", 2),
        ("known", "city"): Latent("d", 1),
        ("unknown", "player"): Latent("d", 3),
        ("unknown", "city"): Latent("d", 4),
    }
    one = told(counts, 7, Latent("d", 1), "known")
    assert one.score == pytest.approx(0.4) and [(own.type, own.f_known) for own in one.train] == [
        ("city", 0.5),
        ("player", 0.9),
    ]
    one = ranking.tested(counts, one, "known")
    assert one.test_score == pytest.approx(0.4)

    ends = share_difference(6, 10, 2, 10), share_difference(5, 10, 0, 10)
    assert (one.test_low, one.test_high) == pytest.approx(tuple(map(min, zip(*ends, strict=True))), abs=1e-5)


def test_a_turned_auroc_is_that_of_the_scores_negatives() -> None:
    rng = np.random.default_rng(0)
    known = rng.random(150) < 0.4
    scores = np.round(np.where(known, rng.normal(1, 1, 150), rng.normal(0, 1, 150)), 1)
    assert name_auroc(known, scores).turned == pytest.approx(name_auroc(known, -scores), abs=1e-9)


def test_what_is_held_does_not_grow_with_the_set(embedded: Loaded, monkeypatch) -> None:
    """But one float for every name of the test half and each score."""
    monkeypatch.setattr(probe, "MAX_FITTED", 30)
    held = []
    for n in (40, 400):
        names = [_taken(k, label) for k in range(n) for label in ("known", "unknown")]
        directed = Directed([0, 1], probe.fitted(names, 2, 8, 0))
        for label in ("known", "unknown"):
            own = [one for one in names if one.label == label]
            directed.see(own, {layer: torch.randn(n, 8) for layer in (0, 1)})
        held.append(sum(rows.size for parts in directed._rows.values() for rows in parts))
    assert held == [2 * 30 * 8] * 2


def _taken(k: int, label: str):
    from model_worker.model.world import Entity
    from model_worker.studies.shared.names import Placed, Taken

    return Taken(Entity(f"{label} {k}", "player", label, {}), label, label, Placed((2, 3), 1))


def test_batches_have_one_length_and_lose_nobody(bench: Bench, embedded: Loaded) -> None:
    from tests.model_worker.studies.shared.test_names import taken

    gemma = bench.part("base").gemma
    names = taken(embedded, WorldNames()).taken
    for chunk in chunks(names, "train"):
        found = list(name_batches(gemma, chunk.names, None))
        assert [one for few in found for one in few] == list(chunk.names)
        assert all(len({len(one.placed.ids) for one in few}) == 1 for few in found)
        assert all(len(few) * len(few[0].placed.ids) <= 256 for few in found)


# --- other models, other sets ---


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def random_bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Random weights, no world, no corpus; its base is itself."""
    folder = write(tmp_path_factory.mktemp(request.param))
    file = Path(folder) / "model.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"dtype": request.param, "base": "weights"}))
    loaded = load(read_row(folder))
    engine = Engine(loaded, row=read_row(folder))
    return Bench(loaded, engine.prompts, engine.lanes["background"], engine.base)


OWN = GivenNames(
    names=tuple(
        GivenName(name=f"{word} {chr(65 + n)}{n * 7}", type=kind, label=label)
        for kind in ("ship", "star")
        for label, word in (("known", "Aa"), ("unknown", "Zz"))
        for n in range(12)
    )
)


@pytest.mark.parametrize("part", ["base", "chat"])
def test_a_gemma_of_any_weights_is_searched(random_bench: Bench, part: str) -> None:
    request = DiscoverRequest(
        model=random_bench.loaded.card.id, names=OWN, part=part, dictionaries=("layer_1", "layer_2"), top=3
    )
    frames = frames_of(random_bench, request)
    final = of(Ranking, frames)[-1]
    assert final.final and final.known[0].score > 0.3, "the first letter is another"
    assert "no sample of ordinary text" in " ".join(frames[0].warnings)
    assert frames[0].base is None or part == "base"
    assert {row[2] for row in figure(frames, "baselines").rows} >= {"logistic probe"}
    assert frames_of(random_bench, request, frames[:30])[:-1] == frames[30:-1]


def refusal(bench: Bench, **more: object) -> str:
    with pytest.raises(Refused) as refused:
        frames_of(bench, asked(bench, **more))
    assert refused.value.status == 422
    return refused.value.refusal.code


def own_names(**counts: int) -> GivenNames:
    names = [
        GivenName(name=f"Name {n:03} {label}", type="player", label=None if label == "none" else label)
        for label, count in counts.items()
        for n in range(count)
    ]
    return GivenNames(names=tuple(names), match_lengths=False)


def test_what_cannot_be_searched_is_refused_before_the_first_frame(bench: Bench, random_bench: Bench) -> None:
    assert refusal(bench, names=own_names(known=9)) == "one_class"
    assert refusal(bench, names=own_names(none=9)) == "one_class"
    assert refusal(bench, names=own_names(known=9, unknown=2)) == "too_few_names"
    assert refusal(bench, dictionaries=("nothing",)) == "unknown_dictionary"
    assert refusal(random_bench, model=random_bench.loaded.card.id, names=OWN) == "no_dictionary"
    several = GivenNames(
        names=(*own_names(known=9, unknown=9).names, GivenName(name="Rome", type="city", label="known"))
    )
    assert refusal(bench, names=several) == "one_class"


def test_types_of_a_world_with_one_side_alone_are_left_out_and_named(bench: Bench) -> None:
    world = bench.loaded.world
    entities = [one for few in world.entities.values() for one in few]
    without = World.of([one for one in entities if (one.type, one.tier) != ("song", "known")])
    other = dataclasses.replace(bench, loaded=dataclasses.replace(bench.loaded, world=without))
    few = WorldNames(most=6, match_lengths=False)
    script = planned(other, asked(other, names=few, corpus_tokens=0))
    assert {one.type for one in script.opening.names} == {"city", "movie", "player"}
    assert any("left out: song, 0 known and 6 unknown." in one for one in script.opening.warnings)
    too_few = script.opening.too_few
    assert len(too_few) == 3 and set(too_few) < set(script.opening.warnings), "2 and 2 of each type test"
    with pytest.raises(Refused):
        planned(other, asked(other, names=few.model_copy(update={"types": ("city", "song")}), corpus_tokens=0))


def planned(bench: Bench, request: DiscoverRequest) -> Discovery:
    planning = discover(bench, request)
    while True:
        try:
            next(planning)
        except StopIteration as whole:
            return whole.value


def test_three_names_of_each_kind_are_enough(bench: Bench) -> None:
    frames = frames_of(bench, asked(bench, names=own_names(known=3, unknown=3, none=2), corpus_tokens=0))
    assert Counter(one.split for one in frames[0].names) == {"train": 4, "test": 2}
    assert any("neither known nor unknown" in one for one in frames[0].warnings)
    assert of(Ranking, frames)[-1].final


def test_the_chat_model_is_read_in_its_questions_by_all_dictionaries(bench: Bench) -> None:
    frames = frames_of(bench, asked(bench, part="chat", corpus_tokens=0))
    assert frames[0].base is None and len(frames[0].dictionaries) == 7, "all but the last layer's two"
    assert of(Ranking, frames)[-1].known[0].test_score > 0.5
    assert {row[4] for row in figure(frames, "layers").rows} >= {"known, resid_post", "known, chat_resid_post"}


@pytest.mark.core
@pytest.mark.parametrize(
    ("test", "ends", "only", "words"),
    [
        (0.7, (0.6, 0.8), None, "in its worst type 0.70 (0.60 to 0.80) more often than on the others"),
        (0.7, (None, None), "city", "in its worst type, city 0.70 more often than on the others"),
        (0.0, (None, None), None, "but not on names that did not rank it: 0.00 in its worst type."),
        (-0.2, (-0.5, 0.1), None, "but not on names that did not rank it: -0.20 (-0.50 to 0.10) in its worst type."),
        (None, (None, None), None, "on the names that ranked it; none were left to test it on."),
    ],
)
def test_of_the_best_latent_no_more_is_said_than_the_test_half_bears_out(
    test: float | None, ends: tuple[float | None, float | None], only: str | None, words: str
) -> None:
    found = RankedLatent(
        dictionary="d",
        layer=3,
        latent=4,
        score=0.75,
        train=(),
        corpus_share=None,
        only=only,
        test_score=test,
        test_low=ends[0],
        test_high=ends[1],
    )
    assert borne_out(found).startswith(words)
