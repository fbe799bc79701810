"""The tables of the study `discover`, and how they are drawn. Counts and scores in, figures out."""

from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np

from model_worker.studies.discover.probe import MEANS, PROBE
from model_worker.studies.discover.ranking import SIDES, Best, Side, is_common, separations
from model_worker.studies.discover.separability import Auroc
from model_worker.studies.discover.tally import Counts, Shares
from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.enough import too_few_of_kinds
from protocol.worker.study_frames import Figure, RankedLatent, Ranking

LENGTH = "length in tokens"
OF_A_TYPE = 5  # latents that are averaged, as in the paper's figure 2
SHUFFLES = 5


def layers(counts: Counts, layer_of: Mapping[str, int], max_corpus_share: float, seed: int) -> Figure:
    """The paper's figure 2, of the training half so far."""
    families = {_family(name) for name in layer_of}
    table = Table(
        *("layer", "paper layer", "dictionary", "side", "panel", "of"),
        ("score", "share"),
        IntervalColumns(unit="share"),
    )
    for name in counts.d_sae:
        shares = counts.shares(name, "train")
        if shares is None:
            continue
        common = is_common(counts, name, max_corpus_share) if counts.corpus_share(name) is not None else None
        for side in SIDES:
            panel = side if len(families) == 1 else f"{side}, {_family(name)}"
            for of, score, low, high in _by_layer(shares, side, common, seed):
                layer = layer_of[name]
                table.add(layer, layer + 1, name, side, panel, of, score, (low, high))
    return table.figure(
        "layers",
        "The best latent of each layer, training half",
        plot=table.plot("line", x="layer", y="score", low="low", high="high", series="of", role="side", panel="panel"),
        notes=(
            "In its worst type, how much more often the best latent of a layer fires on one kind of names than on the "
            "other; beside it the best of as many latents that fire as often on shuffled labels.",
            "every type: max over latents of the min over types of s (MaxMin). filtered: without latents that fire on "
            f"{100 * max_corpus_share:g} % of ordinary text or more. The paper's curve is not filtered.",
            f"A type's line is the mean of its {OF_A_TYPE} best latents, unfiltered, from the least to the greatest of "
            "them. The paper's code has the two lengths of these bars swapped.",
            f"shuffled: mean, least and greatest of {SHUFFLES} shuffles of the labels, each latent by itself.",
        ),
    )


def baselines(
    layer_of: Mapping[str, int], best: Best, aurocs: Mapping[Hashable, Auroc], c_of: Mapping[int, float]
) -> Figure:
    """Beside the latents, what needs no dictionary."""
    table = Table("layer", "paper layer", "what", "role", "which", "auroc", IntervalColumns())
    for layer in sorted(c_of):
        found: list[tuple[str, str, str, Auroc]] = []
        for side in SIDES:
            latents = [
                latent for (of, name), latent in best.of_dictionary.items() if of == side and layer_of[name] == layer
            ]
            for latent in latents:
                told = aurocs[latent] if side == "known" else aurocs[latent].turned
                found.append((f"best {side} latent", side, f"{latent.dictionary} {latent.index}", told))
        found += [
            (MEANS, "other", "known less unknown", aurocs[MEANS, layer]),
            (PROBE, "other", f"C = {c_of[layer]:g}", aurocs[PROBE, layer]),
            (LENGTH, "control", "", aurocs[LENGTH]),
        ]
        for what, role, which, own in found:
            table.add(layer, layer + 1, what, role, which, own.value, (own.low, own.high))
    return table.figure(
        "baselines",
        "Known against unknown, test names",
        claim="How well each tells known from unknown test names, types pooled, with 95 % "
        "intervals (Newcombe, by the numbers of names); the control is the length of the name alone.",
        plot=table.plot(
            "line",
            x="layer",
            y="auroc",
            low="low",
            high="high",
            series="what",
            role="role",
            y_min=0,
            y_max=1,
        ),
        notes=(
            "Latents are chosen on the training half: the best score of each dictionary in its worst type, unfiltered.",
            "Difference of means and probe are fitted on the training half; the probe is standardised, its C chosen on "
            "the validation tenth. The paper has neither.",
        ),
    )


def latents(final: Ranking, length: Auroc, counts: Counts) -> Figure:
    """The ranking as a table."""
    table = Table(
        *("side", "rank", "of", "dictionary", "layer", "paper layer", "latent"),
        *(("train", "share"), ("test", "share")),
        IntervalColumns(unit="share"),
        "auroc",
        IntervalColumns("auroc low", "auroc high"),
        ("ordinary text", "share"),
    )
    for side, place, one in _all(final):
        named = (side, place, one.only or "every type", one.dictionary, one.layer, one.layer + 1, one.latent)
        scores = (one.score, one.test_score, (one.test_low, one.test_high))
        table.add(*named, *scores, one.auroc, (one.auroc_low, one.auroc_high), one.corpus_share)
    return table.figure(
        "latents",
        "Ranked latents",
        claim="\n".join(
            (
                *_best(final, counts),
                "Ranked on the training half; the length of a name alone has AUROC "
                f"{length.value:.2f} ({length.low:.2f} to {length.high:.2f}).",
            )
        ),
        notes=(
            "Intervals: 95 %, Newcombe, by the numbers of names; of a score in its worst type the least of the types' "
            "ends. The best of a list is a little flattered on train, not on test.",
        ),
    )


def _best(final: Ranking, counts: Counts) -> Iterator[str]:
    for side, ranked in (("known", final.known), ("unknown", final.unknown)):
        for one in ranked[:1]:
            if few := _too_few(counts, one.dictionary):
                yield few
                return
            yield f"Fires on {side} names: {one.dictionary} #{one.latent}, {borne_out(one)}"
        if not ranked:
            yield f"No latent fires more on {side} names in every type."


def borne_out(one: RankedLatent) -> str:
    """By names that did not rank it."""
    if one.test_score is None:
        return "on the names that ranked it; none were left to test it on."
    apart = f"{one.test_score:.2f}"
    if one.test_low is not None and one.test_high is not None:
        apart += f" ({one.test_low:.2f} to {one.test_high:.2f})"
    where = f"in its worst type{'' if one.only is None else f', {one.only}'}"
    if one.test_score <= 0:
        return f"but not on names that did not rank it: {apart} {where}."
    return f"{where} {apart} more often than on the others, on names that did not rank it."


def _too_few(counts: Counts, dictionary: str) -> str | None:
    """Of the test names, in the type that has the fewest."""
    shares = counts.shares(dictionary, "test")
    if shares is None:
        return None
    of_type = zip(shares.n_known.tolist(), shares.n_unknown.tolist(), shares.types, strict=True)
    n_known, n_unknown, kind = min(of_type, key=lambda one: min(one[:2]))
    return too_few_of_kinds(n_known, n_unknown, what=f"names of the type {kind} that did not rank")


def types(final: Ranking) -> Figure:
    """The paper's figure of shares, latent by latent."""
    table = Table(
        *("side", "rank", "dictionary", "latent", "type"), ("fires on known", "share"), ("on unknown", "share")
    )
    for side, place, one in _all(final):
        for own in one.test:
            if one.only in (None, own.type):
                table.add(side, place, one.dictionary, one.latent, own.type, own.f_known, own.f_unknown)
    return table.figure(
        "types",
        "Shares of known and unknown names on which they fire, test names",
        claim="A latent on the diagonal says nothing about whether a name is known.",
        plot=table.plot("points", x="fires on known", y="on unknown", role="side", panel="type", y_min=0, y_max=1),
        notes=("With each type's own best latent.",),
    )


def _by_layer(
    shares: Shares, side: Side, common: np.ndarray | None, seed: int
) -> Iterator[tuple[str, float, float | None, float | None]]:
    s = separations(shares, side)
    yield "every type", float(s.min(0).max()), None, None
    if common is not None:
        yield "every type, filtered", float(np.where(common, 0.0, s.min(0)).max()), None, None
    for kind, own in zip(shares.types, s, strict=True):
        top = np.sort(own)[-OF_A_TYPE:]
        yield kind, float(top.mean()), float(top.min()), float(top.max())
    by_chance = _shuffled(shares, side, seed)
    yield "shuffled", float(by_chance.mean()), float(by_chance.min()), float(by_chance.max())


def _shuffled(shares: Shares, side: Side, seed: int) -> np.ndarray:
    """MaxMin of SHUFFLES shuffles of the labels within each type. Of as many names as fire, those that a shuffle calls
    known are hypergeometric."""
    fires = (shares.known + shares.unknown).any(0)
    fired = (shares.known + shares.unknown)[:, fires]
    n_known, n_unknown = shares.n_known[:, None], shares.n_unknown[:, None]
    rng = np.random.default_rng(seed)
    known = rng.hypergeometric(fired, n_known + n_unknown - fired, n_known, size=(SHUFFLES, *fired.shape))
    s = known / n_known - (fired - known) / n_unknown
    worst = (s if side == "known" else -s).min(1)
    return worst.max(1, initial=0.0)


def _all(final: Ranking) -> Iterator[tuple[Side, int, RankedLatent]]:
    for side in SIDES:
        ranked: Sequence[RankedLatent] = getattr(final, side)
        yield from ((side, place, one) for place, one in enumerate(ranked, 1))
        yield from ((side, 1, one) for one in getattr(final, f"specialists_{side}"))


def _family(dictionary: str) -> str:
    return dictionary.rpartition("/")[0]
