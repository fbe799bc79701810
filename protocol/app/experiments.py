"""The paper's experiments as requests about a model's own sliders, so that page, client and report ask the same.

A push has the scope and the strength that were validated for it.
"""

from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget, Strength
from protocol.vocabulary import Scope
from protocol.worker.models import DirectionCard, ModelCard
from protocol.worker.names import WorldNames
from protocol.worker.studies import AnswersRequest, ArmSpec, Asked, ControlSpec

KNOWN_OR_NOT = ("known", "unknown")
MOST_STRENGTHS = 8
COMPARED_SCOPES: tuple[Scope, ...] = ("last_entity", "entity", "entity_to_end", "last_entity_to_end")


def refusals_by_arm(card: ModelCard, *, most: int = 25, n_controls: int = 5, n_projected: int = 3) -> AnswersRequest:
    """Experiment 1 (Ferrando et al., figures 3, 11 and 26): refusals of known and of unknown names, by arm.

    In the place of their orthogonalised weights the direction is projected out at its layer, at every token."""
    known, unknown = _direction(card, "known"), _direction(card, "unknown")
    return AnswersRequest(
        model=card.id,
        asked=Asked(groups=KNOWN_OR_NOT, most=most),
        arms=(
            ArmSpec(name="+known", role="known", hold=(pushed(known),)),
            ArmSpec(name="+unknown", role="unknown", hold=(pushed(unknown),)),
            ArmSpec(name="project out known", role="known", hold=(_projected_out(known),)),
            ArmSpec(name="project out unknown", role="unknown", hold=(_projected_out(unknown),)),
        ),
        controls=tuple(
            ControlSpec(of=of, n=n, kinds=kinds)
            for of, n, kinds in (
                ("+known", n_controls, ("silent", "matched", "random")),
                ("+unknown", n_controls, ("silent", "matched", "random")),
                ("project out known", n_projected, ("matched", "random")),
                ("project out unknown", n_projected, ("matched", "random")),
            )
        ),
    )


def dose_response(card: ModelCard, role: str, *, most: int = 25, n_controls: int = 4) -> AnswersRequest:
    """Experiment 2 (table 6, over a set): the role's first slider at its drawn strengths, at most eight of them, with
    random directions at each."""
    direction = _direction(card, role)
    strengths = _some(direction.strengths)
    return AnswersRequest(
        model=card.id,
        asked=Asked(groups=KNOWN_OR_NOT, most=most),
        arms=tuple(
            ArmSpec(name=f"{role} {one:+g}", role=direction.role, hold=(pushed(direction, one),)) for one in strengths
        ),
        controls=tuple(ControlSpec(of=f"{role} {one:+g}", n=n_controls, kinds=("random",)) for one in strengths),
        by=("group",),
        plot="dose",
    )


def where_to_steer(card: ModelCard, role: str, *, most: int = 25, n_controls: int = 5) -> AnswersRequest:
    """Experiment 3 (the paper's last entity token against the rest of the prompt): one push in every scope, and at
    generated tokens too."""
    direction = _direction(card, role)
    places = [(scope, False) for scope in COMPARED_SCOPES] + [("last_entity_to_end", True)]
    names = [f"{role} at {scope}{', generated too' if generated else ''}" for scope, generated in places]
    return AnswersRequest(
        model=card.id,
        asked=Asked(groups=KNOWN_OR_NOT, most=most),
        arms=tuple(
            ArmSpec(
                name=name,
                role=direction.role,
                hold=(pushed(direction).model_copy(update={"scope": scope, "generated": generated}),),
            )
            for name, (scope, generated) in zip(names, places, strict=True)
        ),
        controls=tuple(ControlSpec(of=name, n=n_controls, kinds=("random",)) for name in names),
        by=("group",),
        plot="scopes",
    )


def misfires(card: ModelCard, *, most: int = 40, n_controls: int = 5) -> AnswersRequest:
    """Experiment 8: every tier, both halves of the set; the known latent ablated at the name, against latents that
    fire as often and against random directions."""
    known = _direction(card, "known", latent=True)
    name = "ablate known"
    return AnswersRequest(
        model=card.id,
        asked=Asked(names=WorldNames(most=most), split="all", most=most),
        arms=(ArmSpec(name=name, role="known", hold=(_ablated(known),)),),
        controls=(ControlSpec(of=name, n=n_controls, kinds=("matched", "random")),),
        by=("group",),
        plot="misfires",
        watch=tuple(one.target for one in card.watch[:8]),
    )


def pushed(direction: DirectionCard, strength: Strength | None = None) -> Held:
    """None: as it was validated."""
    return Held(
        target=direction.target,
        unit=direction.unit,
        scope=direction.scope,
        strength=direction.strength if strength is None else strength,
    )


def _direction(card: ModelCard, role: str, *, latent: bool = False) -> DirectionCard:
    """Raises Refused (422) where the card has none."""
    for one in card.directions:
        if one.role == role and (not latent or isinstance(one.target, LatentTarget)):
            return one
    raise Refused(
        422,
        "no_direction",
        f"An experiment with a direction of the role {role} asked.",
        f"The card of {card.id} has none.",
        "Find one with Discover, and name it in a request of your own.",
    )


def _projected_out(direction: DirectionCard) -> Held:
    return Held(target=direction.target, mode="project_out", scope="prompt", generated=True, strength=1.0)


def _ablated(direction: DirectionCard) -> Held:
    return Held(target=direction.target, mode="ablate", scope="entity", strength=1.0)


def _some(strengths: tuple[Strength, ...]) -> list[Strength]:
    """Evenly spread, with both ends."""
    if len(strengths) <= MOST_STRENGTHS:
        return list(strengths)
    step = (len(strengths) - 1) / (MOST_STRENGTHS - 1)
    return [strengths[round(place * step)] for place in range(MOST_STRENGTHS)]
