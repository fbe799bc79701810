"""The capability `names`: what a set amounts to before a study of it is begun. Reads no activation."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence

from model_worker.model.loading import Loaded
from model_worker.rounding import rounded
from model_worker.studies.shared.names import NameSet, Taken, in_statement, length_auroc, names_of
from protocol.vocabulary import Label
from protocol.worker.frames import Done, Frame
from protocol.worker.names import NamesRequest
from protocol.worker.study_frames import LengthsOf, NamesChecked


def names_summary(loaded: Loaded, request: NamesRequest) -> Generator[Frame | None]:
    """Raises Refused for a set that no study would take."""
    names = yield from names_of(loaded, request.names, in_statement(loaded, request.template))
    attributes: dict[str, tuple[str, ...]] = {}
    for one in loaded.card.attributes:
        if one.question is not None:
            attributes[one.entity_type] = (*attributes.get(one.entity_type, ()), one.name)
    yield NamesChecked(
        seq=0,
        n=len(names.everyone),
        n_known=len(names.of("known")),
        n_unknown=len(names.of("unknown")),
        n_left_out=len(names.everyone) - len(names.taken),
        types=tuple(sorted({one.entity.type for one in names.everyone})),
        lengths=tuple(_lengths(names)),
        length_auroc=_rounded(length_auroc(names.taken)),
        length_auroc_unmatched=_rounded(length_auroc(names.everyone)),
        attributes=attributes,
        warnings=names.warnings,
    )
    yield Done(seq=1, elapsed_s=0.0, n_tokens=0)


def _lengths(names: NameSet) -> Iterator[LengthsOf]:
    def cells(of: Sequence[Taken]) -> Counter[tuple[str, Label | None, int]]:
        return Counter((one.entity.type, one.label, one.placed.n_tokens) for one in of)

    kept, everyone = cells(names.taken), cells(names.everyone)
    for cell in sorted(everyone, key=lambda cell: (cell[0], cell[1] or "", cell[2])):
        kind, label, n_tokens = cell
        yield LengthsOf(type=kind, label=label, n_tokens=n_tokens, n=everyone[cell], n_kept=kept[cell])


def _rounded(value: float | None) -> float | None:
    return None if value is None else rounded(value)
