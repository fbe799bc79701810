"""A card's directions as a form's first values: pushed as they were validated. Knows nothing about any experiment."""

from protocol.app.experiments.form import FieldOption, FormField, PushField, WordsField, number_field, options
from protocol.base import Message
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget, Steered, Strength, Target, VectorTarget
from protocol.vocabulary import MAX_CONTROLLED_ARMS, SCOPES, UNITS, LengthUnit, Role, Scope, Unit
from protocol.worker.models import DirectionCard, ModelCard
from protocol.worker.studies import Push

PUSHED_ROLES: tuple[Role, ...] = ("known", "unknown")
LENGTHS: dict[Unit, LengthUnit] = {"residual_norm": "residual_norm", "raw": "raw"}
PLACES: dict[Scope, str] = {scope: words for scope, words in SCOPES.items() if scope != "positions"}
"""Where a study can push: what can be said of any prompt."""


def directions_of(card: ModelCard) -> tuple[DirectionCard, ...]:
    """That can be pushed: the sliders first."""
    return (*card.directions, *card.more_directions)


def direction_of(card: ModelCard, role: Role, *, latent: bool = False) -> DirectionCard | None:
    """The first slider of that role."""
    for one in card.directions:
        if one.role == role and (not latent or isinstance(one.target, LatentTarget)):
            return one
    return None


def direction_to(card: ModelCard, target: Target) -> DirectionCard:
    """Raises Refused (422) for one that the card doesn't have."""
    for one in directions_of(card):
        if one.target == target:
            return one
    raise Refused(
        422,
        "unknown_direction",
        "A push along a direction is asked that the model's card doesn't name.",
        f"The card of {card.id} names {len(directions_of(card))}.",
        "Choose one of them, or write a request of your own.",
    )


def has_latents(card: ModelCard, target: Steered) -> bool:
    """Whether latents of its layer can stand in for it: a vector's layer may have no dictionary."""
    if not isinstance(target, VectorTarget):
        return isinstance(target, LatentTarget)
    layers = [one.layer for one in card.vectors if one.name == target.name]
    return any(one.layer in layers for one in card.dictionaries)


def no_direction(card: ModelCard, role: Role) -> Refused:
    return Refused(
        422,
        "no_direction",
        f"A latent of the role {role} is asked.",
        f"The card of {card.id} has none.",
        "Find one with Discover, and name it in a request of your own.",
    )


def held_along(direction: DirectionCard | None) -> Held | None:
    """As it was validated."""
    if direction is None:
        return None
    return Held(target=direction.target, unit=direction.unit, scope=direction.scope, strength=direction.strength)


def latent_push(card: ModelCard, role: Role) -> Push | None:
    """Of the card's first latent of that role, at the name's last token."""
    found = direction_of(card, role, latent=True)
    if found is None or not isinstance(found.target, LatentTarget) or found.unit not in LENGTHS:
        return None
    return Push(target=found.target, unit=LENGTHS[found.unit], strength=found.strength)


def doses_of(direction: DirectionCard) -> tuple[Strength, ...]:
    """At most as many of the drawn strengths as may have controls, evenly spread, with both ends."""
    strengths, most = direction.strengths, MAX_CONTROLLED_ARMS
    if len(strengths) <= most:
        return strengths
    step = (len(strengths) - 1) / (most - 1)
    return tuple(strengths[round(place * step)] for place in range(most))


def unit_words(direction: DirectionCard) -> str:
    name = UNITS[direction.unit].name
    return f"{name}, the mean norm of the residual stream there" if direction.unit == "residual_norm" else name


def push_fields(
    card: ModelCard, *, latent: bool = False, optional: bool = False, placed: bool = False
) -> tuple[FormField, ...]:
    """One for each role; words where the card has no such direction.

    latent: latents alone. optional: it may be left out. placed: where is to be chosen"""
    places = options(PLACES) if placed else ()
    return tuple(_push_field(role, direction_of(card, role, latent=latent), optional, places) for role in PUSHED_ROLES)


def push_controls(draft: Message) -> tuple[FormField, ...]:
    """One number for both pushes."""
    paths = [f"{role}.n_controls" for role in PUSHED_ROLES if getattr(draft, role) is not None]
    return (number_field(type(draft), *paths, label="Controls", note="random directions for each"),) if paths else ()


def _push_field(
    role: Role, found: DirectionCard | None, optional: bool, places: tuple[FieldOption, ...]
) -> PushField | WordsField:
    if found is None:
        return WordsField(words=f"This model's card has no {role} latent.")
    return PushField(path=role, role=role, optional=optional, note=UNITS[found.unit].name, places=places)
