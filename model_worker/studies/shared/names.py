"""Which names of a set a study takes: their groups, their splits, their lengths, and what gives them away.

1. names of the model's world, or the reader's own, each with its label and its group
2. its length in tokens, in the place that the study reads it in; one that has no token is refused
3. of each type and length as many known as unknown names, if lengths are to be matched
4. of each type and group, dealt by a hash: train, validation, test

Knows nothing about activations.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat

from model_worker.answering.prompt import read_prompt
from model_worker.draw import draw
from model_worker.model.loading import Loaded
from model_worker.model.world import Entity
from model_worker.studies.shared.statistics import auroc
from protocol.enough import too_few_of_kinds
from protocol.refusal import Refused
from protocol.vocabulary import Label, Split
from protocol.worker.names import LABELS, GivenName, GivenNames, Names, WorldNames, dealt
from protocol.worker.requests import GenerateRequest, Span
from protocol.worker.study_frames import StudyName

NAMES_AT_ONCE = 64  # names of a step, so that it stays short
CONFOUNDED = 0.6


@dataclass(frozen=True)
class Placed:
    """Token ids up to and with the name's last token, and where its first one is; BOS is first."""

    ids: tuple[int, ...]
    first: int

    @property
    def n_tokens(self) -> int:
        return len(self.ids) - self.first


@dataclass(frozen=True)
class Taken:
    """A name that the study takes. `entity` holds its facts, which judge answers."""

    entity: Entity
    label: Label | None
    group: str
    placed: Placed
    split: Split = "train"

    @property
    def told(self) -> StudyName:
        return StudyName(
            name=self.entity.name,
            type=self.entity.type,
            label=self.label,
            group=self.group,
            split=self.split,
            n_tokens=self.placed.n_tokens,
        )


@dataclass(frozen=True)
class NameSet:
    """`taken`: in the set's order. everyone: with those that matching left out."""

    taken: tuple[Taken, ...]
    everyone: tuple[Taken, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*_warnings(self), *self.too_few)

    @property
    def too_few(self) -> tuple[str, ...]:
        """Those of the warnings that leave nothing to be said of a type."""
        return tuple(_too_few(self))

    def of(self, label: Label) -> tuple[Taken, ...]:
        return tuple(one for one in self.taken if one.label == label)


Placement = Callable[[Entity], Placed]


def names_of(loaded: Loaded, names: Names, place: Placement) -> Generator[None, None, NameSet]:
    """In short steps. Raises Refused (422) for a set that can't be used: no world, an unknown type, a name without
    any token, more tokens than the model takes."""
    found = list(_of_world(loaded, names) if isinstance(names, WorldNames) else _given(loaded, names))
    if isinstance(names, WorldNames) and names.most is not None:
        found = list(_few(found, names.most, names.seed))
    placed: list[Taken] = []
    for first in range(0, len(found), NAMES_AT_ONCE):
        some = found[first : first + NAMES_AT_ONCE]
        for number, (entity, label, group) in enumerate(some, first + 1):
            placed.append(Taken(entity, label, group, _numbered(place, entity, number)))
        yield None
    kept = _matched(placed, names.seed) if names.match_lengths else placed
    return NameSet(tuple(_dealt(kept, names.seed)), tuple(placed))


def _numbered(place: Placement, entity: Entity, number: int) -> Placed:
    """A refusal says which name of the set it is about: who pasted it knows its line."""
    try:
        return place(entity)
    except Refused as refused:
        told = refused.refusal
        asked = f"Name number {number} can't be read in its place. {told.asked}"
        raise Refused(refused.status, told.code, asked, told.allowed, told.change, name_number=number) from None


def in_statement(loaded: Loaded, template: str | None) -> Placement:
    """The name in raw text, read up to its last token: the card's statement, or a template with {name} and perhaps
    {type}."""
    pattern = template or loaded.card.statement

    def place(entity: Entity) -> Placed:
        before, after = pattern.replace("{type}", entity.type).split("{name}", 1)
        prompt, span = _spanned(before, entity, after)
        return _placed(loaded, GenerateRequest(model=loaded.card.id, format="raw", prompt=prompt, entity=span))

    return place


def in_question(loaded: Loaded, template: str | None) -> Placement:
    """The name in a chat turn: the template, or the first question that the card has for its type, or the statement."""
    questions: dict[str, str] = {}
    for attribute in loaded.card.attributes:
        if attribute.question is not None and attribute.can_be_put:
            questions.setdefault(attribute.entity_type, attribute.question)

    def place(entity: Entity) -> Placed:
        pattern = template or questions.get(entity.type) or loaded.card.statement
        before, after = pattern.replace("{type}", entity.type).split("{name}", 1)
        prompt, span = _spanned(before, entity, after)
        return _placed(loaded, GenerateRequest(model=loaded.card.id, prompt=prompt, entity=span))

    return place


def length_auroc(names: Iterable[Taken]) -> float | None:
    """How well the length in tokens alone tells known from unknown: of the type where it does best, whichever way."""
    sides: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"known": [], "unknown": []})
    for one in names:
        if one.label is not None:
            sides[one.entity.type][one.label].append(one.placed.n_tokens)
    found = [auroc(side["known"], side["unknown"]) for side in sides.values()]
    told = [max(one, 1 - one) for one in found if one is not None]
    return max(told, default=None)


def _of_world(loaded: Loaded, names: WorldNames) -> Iterable[tuple[Entity, Label | None, str]]:
    entities = [entity for namesakes in loaded.world.entities.values() for entity in namesakes]
    if not entities:
        raise Refused(
            422,
            "no_world",
            f"Names of the world of {loaded.card.id} asked.",
            "No list of names ships with this model.",
            "Give your own names.",
        )
    known = sorted({entity.type for entity in entities})
    if strange := [one for one in names.types if one not in known]:
        raise Refused(
            422,
            "unknown_type",
            f"Names of the type {strange[0]} asked.",
            f"This model's world has: {', '.join(known)}.",
            "Choose some of them.",
        )
    for entity in entities:
        if not names.types or entity.type in names.types:
            label: Label | None = "known" if entity.tier == "known" else "unknown" if entity.tier == "unknown" else None
            yield entity, label, entity.tier


def _given(loaded: Loaded, names: GivenNames) -> Iterable[tuple[Entity, Label | None, str]]:
    for one in names.names:
        entity = _entity(loaded, one)
        yield entity, one.label, one.label or "unlabelled"


def _entity(loaded: Loaded, one: GivenName) -> Entity:
    """With what the reader says of it; else what the world says, if it knows one of that type."""
    if not one.facts:
        for entity in loaded.world.named(one.name):
            if entity.type == one.type:
                return replace(entity, name=one.name.strip())
    return Entity(one.name.strip(), one.type, one.label or "unlabelled", dict(one.facts))


def _few(
    found: Iterable[tuple[Entity, Label | None, str]], most: int, seed: int
) -> Iterable[tuple[Entity, Label | None, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for entity, label, group in sorted(found, key=lambda one: draw(seed, "few", one[0].type, one[0].name)):
        counts[entity.type, group] += 1
        if counts[entity.type, group] <= most:
            yield entity, label, group


def _matched(names: Sequence[Taken], seed: int) -> list[Taken]:
    """Names without a label stay."""
    cells: dict[tuple[str, int], dict[Label, list[Taken]]] = defaultdict(lambda: {"known": [], "unknown": []})
    for one in names:
        if one.label is not None:
            cells[one.entity.type, one.placed.n_tokens][one.label].append(one)
    left_out: set[int] = set()
    for sides in cells.values():
        n = min(map(len, sides.values()))
        for side in sides.values():
            order = sorted(side, key=lambda one: draw(seed, "match", one.entity.type, one.entity.name))
            left_out |= {id(one) for one in order[n:]}
    return [one for one in names if id(one) not in left_out]


def _dealt(names: Sequence[Taken], seed: int) -> Iterable[Taken]:
    """Each type's groups by themselves: exact shares, to one name."""
    places: dict[int, Split] = {}
    groups: dict[tuple[str, str], list[Taken]] = defaultdict(list)
    for one in names:
        groups[one.entity.type, one.group].append(one)
    for group in groups.values():
        order = sorted(group, key=lambda one: draw(seed, "split", one.entity.type, one.entity.name))
        splits = chain.from_iterable(repeat(split, n) for split, n in dealt(len(order)).items())
        places |= {id(one): split for one, split in zip(order, splits, strict=True)}
    return (replace(one, split=places[id(one)]) for one in names)


def _spanned(before: str, entity: Entity, after: str) -> tuple[str, Span]:
    span = Span(start=len(before), end=len(before) + len(entity.name))
    return before + entity.name + after, span


def _placed(loaded: Loaded, request: GenerateRequest) -> Placed:
    prompt = read_prompt(loaded, request)
    return Placed(prompt.ids[: prompt.entity.end], prompt.entity.start)


def _tests(one: Taken, kind: str, label: Label) -> bool:
    return (one.entity.type, one.label, one.split) == (kind, label, "test")


def _warnings(names: NameSet) -> Iterable[str]:
    n_out = len(names.everyone) - len(names.taken)
    if n_out:
        yield (
            f"{n_out:,} of {len(names.everyone):,} names are left out, so that known and unknown names of a type have "
            "the same lengths in tokens."
        )
    told = length_auroc(names.taken)
    if told is not None and told > CONFOUNDED:
        yield (
            f"The length of a name in tokens alone tells known from unknown with AUROC {told:.2f} in one type: what a "
            "latent seems to know may be that. Match the lengths, or take other names."
        )
    for kind in sorted({one.entity.type for one in names.taken}):
        for label in ("known", "unknown"):
            n = sum(one.entity.type == kind and one.label == label for one in names.taken)
            if 0 < n < 20:
                yield f"Only {n} {label} names of the type {kind}: each moves a share by {100 / n:.0f} points."


def _too_few(names: NameSet) -> Iterable[str]:
    for kind in sorted({one.entity.type for one in names.taken}):
        known, unknown = (sum(_tests(one, kind, label) for one in names.taken) for label in LABELS)
        if known and unknown and (few := too_few_of_kinds(known, unknown)):
            yield f"Among the four tenths of {kind} names that a search tests on, {few}"
