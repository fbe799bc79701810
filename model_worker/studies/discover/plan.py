"""The study `discover`: which latents tell known names from unknown ones (Ferrando et al., sections 3 and 4).

1. which names, which dictionaries, how long it takes                                     -> study
2. the training half, cell by cell: on how many of its names each latent fires            -> progress, tally, ranking
3. ordinary text: on what share of its tokens                                             -> progress, corpus, ranking
4. which latents are best is settled; baselines are fitted (probe.py)
5. the validation tenth, which chooses the probes' C, then the test half                  -> progress, tally
6. the best latents and the baselines on the test half                                    -> ranking, figure

What it says is a fixed sequence, whatever the batches; what was recorded of it is not made again. Counts are restored
from the recorded tallies. Names are read again all the same, silently: the baselines are fitted on what no frame holds.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence

from model_worker.decoding.states import Ids
from model_worker.model.loading import Loaded
from model_worker.steering.targets import require_dictionary
from model_worker.studies.discover.measure import Discovery
from model_worker.studies.discover.reading import (
    document_batches,
    documents,
)
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.names import NameSet, in_question, in_statement, names_of
from protocol.refusal import Refused
from protocol.worker.names import LABELS, WorldNames
from protocol.worker.studies import DiscoverRequest

MIN_NAMES = 3  # of a type and label: with fewer, none is left to test on


def discover(bench: Bench, request: DiscoverRequest, rows: int | None = None) -> Generator[None, None, Discovery]:
    """rows: names of a batch at the most; None: as many as a short step takes. Nothing that is said depends on it but
    by rounding: see reading.py."""
    loaded = bench.loaded
    part = bench.part(request.part)
    yield None
    place = (in_statement if request.part == "base" else in_question)(loaded, request.template)
    wanted = _wanted(loaded, request)
    names = yield from names_of(loaded, request.names, place)
    left_out: tuple[str, ...] = ()
    if isinstance(request.names, WorldNames) and not request.names.types:
        names, left_out = _with_both(names)
    _require_both(names)
    for name in wanted:
        bench.dictionary_used(name)  # loads it, a step each
        yield None
    read = yield from documents(loaded, request.corpus_tokens, request.names.seed)
    texts = document_batches(part.gemma, read)
    labelled = tuple(one for one in names.taken if one.label is not None)
    common = loaded.card.max_corpus_share if request.max_corpus_share is None else request.max_corpus_share
    resolved = request.model_copy(update={"dictionaries": wanted, "max_corpus_share": common})
    yield None
    opening = bench.opening(
        resolved,
        base=part.used if request.part == "base" else None,
        dictionaries=wanted,
        names=labelled,
        n_steps=len(labelled) + len(texts),
        warnings=(*names.warnings, *left_out, *_warnings(loaded, request, names, texts)),
        too_few=names.too_few,
    )
    dictionaries = {name: loaded.dictionaries[name] for name in wanted}
    return Discovery(opening, part.gemma, dictionaries, loaded.layer_of, labelled, texts, rows)


def _wanted(loaded: Loaded, request: DiscoverRequest) -> tuple[str, ...]:
    """Ids of dictionaries. Without being asked for: base is read by those that were trained on it, and the last layer
    is left out as in the paper, since nothing behind it reads what is pushed at a name."""
    for name in request.dictionaries:
        require_dictionary(loaded, name)
    cards = loaded.card.dictionaries
    fits = [one for one in cards if request.part == "chat" or one.trained_on.endswith("base")]
    inner = [one for one in fits if one.layer < loaded.card.n_layers - 1]
    wanted = tuple(dict.fromkeys(request.dictionaries)) or tuple(one.id for one in inner or fits)
    if not wanted:
        raise Refused(
            422,
            "no_dictionary",
            f"Latents of the {request.part} model of {loaded.card.id} asked.",
            "No dictionary here was trained on it.",
            "Name the dictionaries to read, or read the chat model.",
        )
    return wanted


def _with_both(names: NameSet) -> tuple[NameSet, tuple[str, ...]]:
    """Of a whole world the types that can be held apart, and in words those that can't; all of them, where none can."""
    taken = Counter((one.entity.type, one.label) for one in names.taken)
    kinds = sorted({one.entity.type for one in names.taken})
    kept = {kind for kind in kinds if min(taken[kind, label] for label in LABELS) >= MIN_NAMES}
    if not kept or len(kept) == len(kinds):
        return names, ()
    few = "; ".join(
        f"{kind}, {' and '.join(f'{taken[kind, label]} {label}' for label in LABELS)}"
        for kind in kinds
        if kind not in kept
    )
    own = NameSet(*(tuple(one for one in of if one.entity.type in kept) for of in (names.taken, names.everyone)))
    return own, (f"Types with fewer than {MIN_NAMES} names of a side are left out: {few}.",)


def _require_both(names: NameSet) -> None:
    """Raises Refused (422)."""
    found = Counter((one.entity.type, one.label) for one in names.everyone)
    taken = Counter((one.entity.type, one.label) for one in names.taken)
    types = sorted({kind for kind, label in found if label is not None})
    sides = [(kind, label) for kind in types or ["any"] for label in LABELS]
    for kind, label in sides:
        if not found[kind, label]:
            raise Refused(
                422,
                "one_class",
                f"Known against unknown names of the type {kind} asked.",
                f"None of them is {label}.",
                "Give names of both kinds for each type, or label them first.",
            )
    for kind, label in sides:
        if taken[kind, label] < MIN_NAMES:
            raise Refused(
                422,
                "too_few_names",
                f"A search with {taken[kind, label]} {label} names of the type {kind} asked, of "
                f"{found[kind, label]} given.",
                f"At least {MIN_NAMES} of each type and label are needed, to rank by some and to test on others.",
                "Give more names of the same lengths, or don't match lengths.",
            )


def _warnings(
    loaded: Loaded, request: DiscoverRequest, names: NameSet, texts: Sequence[Sequence[Ids]]
) -> Iterator[str]:
    n_without = sum(one.label is None for one in names.everyone)
    if n_without:
        yield f"{n_without:,} names are neither known nor unknown; they are left out."
    n_tokens = sum(len(ids) - 1 for few in texts for ids in few)
    if not loaded.corpus and request.corpus_tokens:
        yield "This model has no sample of ordinary text: latents that fire everywhere are not left out."
    elif n_tokens < request.corpus_tokens:
        yield f"The sample of ordinary text ends after {n_tokens:,} of {request.corpus_tokens:,} tokens."
