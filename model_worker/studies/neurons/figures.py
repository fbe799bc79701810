"""Tables of the study `neurons` about reading. In short steps, where intervals take their time. Knows nothing about
models."""

from collections import Counter
from collections.abc import Generator, Sequence

import numpy as np

from model_worker.studies.neurons.analysis import Analysis
from model_worker.studies.neurons.claims import NeuronClaim, ReadIn
from model_worker.studies.neurons.elsewhere import Carried, Origin
from model_worker.studies.neurons.readers import KEPT_OUT, POOLED_VIEW, VIEWS, WITHIN, ErrorReader
from model_worker.studies.neurons.sides import sided
from model_worker.studies.shared.questions import Question
from model_worker.studies.shared.statistics import auroc
from model_worker.studies.shared.tables import IntervalColumns, Table
from model_worker.studies.shared.within.auroc import WithinAuroc
from model_worker.studies.shared.within.views import AUROC_ENDS, auroc_bars
from protocol.worker.study_frames import Figure, Trial
from protocol.worker.study_requests.neurons import NeuronsRequest

ANSWER_SIDES = ("right", "error", "refused", "mixed")
SIDE_ROLES = {"right": "right", "error": "wrong", "refused": "refused", "mixed": "broken"}
MOST_NEURONS_TOLD = 200
"""Neurons in a table."""


def sides_figure(request: NeuronsRequest, questions: Sequence[Question], trials: Sequence[Trial]) -> Figure:
    """trials: of the first so many questions."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for question, trial in zip(questions, trials, strict=False):
        counts[question.taken.entity.type, question.taken.group, sided(trial, request.k)] += 1
    table = Table("type", "group", "side", "role", ("questions", "prompts"), ("share", "share"))
    for kind, group in sorted({cell[:2] for cell in counts}):
        total = sum(counts[kind, group, side] for side in ANSWER_SIDES)
        for side in ANSWER_SIDES:
            own = counts[kind, group, side]
            table.add(kind, group, side, SIDE_ROLES[side], own, own / total)
    by = Counter(sided(trial, request.k) for trial in trials)
    notes = [f"{len(trials):,} of {len(questions):,} questions."]
    if request.n_samples:
        moved = []
        for k in range(1, request.n_samples + 1):
            at = Counter(sided(trial, k) for trial in trials)
            moved.append(f"{k}: {at['right']}/{at['error']}/{at['refused']}")
        notes.append(f"Right/wrong/refused where so many of {request.n_samples} must agree: {'; '.join(moved)}.")
        notes.append("Who agrees every time is chosen by entropy; what is mixed is in no headline.")
    return table.figure(
        "labels",
        "Who is asked, and what comes of it",
        claim=f"{by['right']} right, {by['error']} wrong, {by['refused']} refused, {by['mixed']} mixed or not judged.",
        plot=table.plot("bars", x="group", y="share", series="side", role="role", panel="type", y_min=0, y_max=1),
        notes=notes,
    )


def nothing_figure(id: str, trials: Sequence[Trial], k: int) -> Figure:
    by = Counter(sided(trial, k) for trial in trials)
    table = Table("side", ("questions", "prompts"))
    for side in ANSWER_SIDES:
        table.add(side, by[side])
    return table.figure(
        id,
        "Nothing can be fitted",
        claim=f"{by['right']} right and {by['error']} wrong answers that state a value are too few. Ask about more "
        "names, or about rarer ones.",
    )


def verdicts_figure(claims: Sequence[NeuronClaim]) -> Figure:
    table = Table("claim", "holds", "value", IntervalColumns(), ("N", "prompts"), "sentence")
    for one in claims:
        holds = {True: "yes", False: "no", None: "not told"}[one.holds]
        table.add(one.what, holds, one.value, one.interval, one.n, one.sentence)
    return table.figure(
        "verdicts",
        "What is claimed, by one rule",
        claim=" ".join(one.sentence for one in claims),
        notes=(
            "reads: above .5 and above every random set, within one attribute and with answers kept out of the fit. "
            "adds: over entropy at the value, answers kept out, on the same draws of names. steers: the slope's "
            "interval excludes 0, and it lies beyond all random sets. carries over: above .5 on types that it wasn't "
            "fitted on. A null has the place of a finding.",
        ),
    )


def readers_figure(found: Analysis) -> Generator[None, None, Figure]:
    table = Table(
        *("read", "view", "role", "AUROC", AUROC_ENDS),
        *(("pairs", "pairs"), ("errors", "prompts"), ("right", "prompts")),
    )
    for view in VIEWS:
        for reader in found.readers:
            told = found.held.told(reader, view)
            numbers = (told.auroc, told.interval, told.n_pairs, told.n_errors, told.n_right)
            table.add(reader.name, view, reader.role, *numbers)
            yield None
        random = _aurocs(found, found.random, view)
        if random:
            name = f"{len(random)} random sets, matched: mean and range"
            table.add(name, view, "control", float(np.mean(random)), (min(random), max(random)), None, None, None)
        yield None
    own = {view: found.held.told(found.readers[0], view) for view in (KEPT_OUT, WITHIN, POOLED_VIEW)}
    entropy = found.held.told(found.entropy, KEPT_OUT)
    return table.figure(
        "readers",
        "What errors are told by",
        claim="Within one attribute, by fits that never saw what is answered, the neurons have "
        f"{_said(own[KEPT_OUT])}, entropy {_said(entropy)}. With answers let in they have {_said(own[WITHIN])}: a "
        f"score can be good by telling what is said. With all questions pooled {_said(own[POOLED_VIEW])}: or what was "
        "asked.",
        plot=auroc_bars(table, "read", role="role", panel="view"),
        notes=(
            "Every fit is out of fold: no row is scored by a fit that saw its name; where answers are kept out, by "
            "none that saw what it says. Intervals: names drawn again, 1,000 times. 0.5 is chance.",
        ),
    )


def sweep_figure(request: NeuronsRequest, found: Analysis, n_neurons: int) -> Generator[None, None, Figure]:
    table = Table(
        *("C", ("positive", "neurons"), ("negative", "neurons"), "positive, ‰ of all", "view", "AUROC", AUROC_ENDS)
    )
    for place, c in enumerate(request.cs):
        positive = float(np.median([int((path[place].weights > 0).sum()) for path in found.fit.paths]))
        negative = float(np.median([int((path[place].weights < 0).sum()) for path in found.fit.paths]))
        reader = ErrorReader("", "", found.fit.by_c[place], found.fit_by_value.by_c[place])
        for view in (KEPT_OUT, WITHIN, POOLED_VIEW):
            told = found.held.told(reader, view)
            table.add(f"{c:g}", positive, negative, 1000 * positive / n_neurons, view, told.auroc, told.interval)
            yield None
    return table.figure(
        "sweep",
        "How few neurons",
        claim=f"C {found.c:g} is the usual choice of the folds: the sparsest within .01 of the best, on a fold that is "
        "neither fitted nor scored.",
        plot=auroc_bars(table, "C", panel="view"),
        notes=("Numbers of neurons: the median over five folds.",),
    )


def neurons_figure(request: NeuronsRequest, found: Analysis, width: int) -> Figure:
    table = Table(
        *("neuron", "layer", "index", "weight", "AUROC alone"),
        *(("mean before right", "share"), ("mean before errors", "share"), ("drawn again", "fits")),
    )
    rows, weights = found.rows, found.chosen.weights
    at = np.flatnonzero(weights)
    for one in at[np.argsort(-weights[at], kind="stable")][:MOST_NEURONS_TOLD].tolist():
        values = found.x[:, one]
        alone = auroc(values[rows.is_error], values[~rows.is_error])
        means = (float(values[~rows.is_error].mean()), float(values[rows.is_error].mean()))
        name = f"L{one // width} {one % width}"
        table.add(name, one // width, one % width, weights[one], alone, *means, found.bootstraps[one])
    n_positive = int((weights > 0).sum())
    share = n_positive / len(weights)
    again = f"{np.mean(found.overlaps):.2f}" if found.overlaps else "not asked"
    return table.figure(
        "neurons",
        "Which neurons",
        claim=f"{n_positive} of {len(weights):,} neurons have a positive weight "
        f"({1000 * n_positive / len(weights):.2f} ‰), {len(at) - n_positive} a negative one. Fitted to names drawn "
        f"again, two such sets share {again} (Jaccard; random ones {share / (2 - share):.3f}): the set is one draw.",
        plot=table.plot("bars", x="neuron", y="weight"),
        notes=(
            f"CETT at {request.reading}, fitted to all names but the test part's, C {found.c:g}. H-neurons: those of a "
            "positive weight. A weight isn't importance: the AUROC alone stands beside it, all rows, attributes mixed.",
            f"drawn again: of {request.n_bootstraps} fits to names drawn with replacement, in how many it is positive.",
        ),
    )


def layers_figure(found: Analysis, n_layers: int) -> Figure:
    """Where the chosen neurons sit, and how much of what their MLPs write is theirs."""
    table = Table(
        *("layer", ("neurons", "neurons"), ("positive", "neurons"), ("negative", "neurons")),
        *("weight, positive", "weight, negative", ("share before right", "share"), ("share before errors", "share")),
    )
    rows, by_layer = found.rows, found.chosen.weights.reshape(n_layers, -1)
    shares = found.x.reshape(len(rows), n_layers, -1)
    for layer, weights in enumerate(by_layer):
        positive, negative = weights > 0, weights < 0
        own = shares[:, layer, positive].sum(1)
        table.add(
            *(layer, len(weights), int(positive.sum()), int(negative.sum())),
            *(float(weights[positive].sum()), float(weights[negative].sum())),
            *(float(own[~rows.is_error].mean()), float(own[rows.is_error].mean())),
        )
    most = int(np.argmax((by_layer > 0).sum(1)))
    return table.figure(
        "layers",
        "Where they sit",
        claim=f"Most of them, {int((by_layer[most] > 0).sum())}, are in layer {most}."
        if (by_layer > 0).any()
        else "No neuron has a positive weight.",
        plot=table.plot("bars", x="layer", y="positive"),
        notes=("Shares: the sum of CETT of the layer's positive neurons, mean over answers.",),
    )


def transfer_figure(carries: Carried) -> Figure:
    table = Table("fitted on", "tested on", "AUROC", AUROC_ENDS, ("pairs", "pairs"))
    for (kind, other), told in carries.cells.items():
        table.add(kind, other, told.auroc, told.interval, told.n_pairs)
    elsewhere = carries.elsewhere
    claim = f"Each type read by a fit to all others: {_said(elsewhere)}." if elsewhere else ""
    return table.figure(
        "transfer",
        "Whether they carry over between types",
        claim=claim or "Fewer than two types have enough of both.",
        plot=table.plot("heat", x="tested on", y="fitted on", value="AUROC"),
        notes=("Within one attribute. On its own type a fit is the one out of fold.",),
    )


def origin_figure(origin: Origin | None, why: str = "") -> Figure:
    """why: there is none."""
    table = Table("read in", "by", "AUROC", AUROC_ENDS)
    if origin is None:
        return table.figure("origin", "Where they come from", claim=why)
    for model, neurons, entropy in (
        ("chat", origin.chat, origin.chat_entropy),
        ("base", origin.base, origin.base_entropy),
    ):
        table.add(model, "the chat model's neurons", neurons.auroc, neurons.interval)
        table.add(model, "entropy at the value", entropy.auroc, entropy.interval)
    inertia = f"{origin.n_same:,} of {origin.n_rows:,} neurons are bit for bit the base's."
    if origin.n_same == origin.n_rows:
        inertia = (
            f"All {origin.n_rows:,} neurons are bit for bit the base's: the MLPs were not tuned, so how little they "
            "moved can't be asked."
        )
    return table.figure(
        "origin",
        "Where they come from",
        claim=f"In the base the same neurons have {_said(origin.base)}, in the chat model {_said(origin.chat)}. "
        + inertia,
        plot=auroc_bars(table, "read in", series="by"),
        notes=(
            "The chat model's texts, given to its base; within one attribute, each row by a fit that didn't see it.",
        ),
    )


def read_in(found: Analysis, view: str) -> ReadIn:
    told = found.held.told(found.readers[0], view)
    return ReadIn(told.auroc, told.interval, _aurocs(found, found.random, view))


def _aurocs(found: Analysis, readers: Sequence[ErrorReader], view: str) -> list[float]:
    told = (found.held.told(one, view).auroc for one in readers)
    return [one for one in told if one is not None]


def _said(told: WithinAuroc) -> str:
    if told.auroc is None:
        return "no pairs"
    ends = "" if told.interval is None else f" ({told.interval[0]:.2f} to {told.interval[1]:.2f})"
    return f"AUROC {told.auroc:.2f}{ends}"
