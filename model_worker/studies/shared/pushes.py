"""Which push a study makes: the one that was asked, or the card's own. Knows nothing about what it is held against."""

from model_worker.answering.prompt import PromptTokens
from model_worker.model.loading import Loaded
from model_worker.steering.formula import Delta
from model_worker.steering.interventions import resolved_direction
from model_worker.steering.targets import require_latent
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget
from protocol.vocabulary import Label, Role
from protocol.worker.models import DirectionCard
from protocol.worker.studies import Push

AIM: dict[Label, Label] = {"known": "unknown", "unknown": "known"}
"""What a name of each label is pushed towards."""


def latent_of(loaded: Loaded, role: Role, asked: LatentTarget | None = None) -> LatentTarget:
    """The asked one, else the card's first of that role. Raises Refused (422) if there is none."""
    if asked is not None:
        require_latent(loaded, asked)
        return asked
    return _direction(loaded, role)[1]


def push_of(loaded: Loaded, role: Role, asked: Push | None) -> Push:
    """The asked one, else the card's first latent of that role at the strength that was validated for it, on the
    name's last token. Raises Refused (422) if there is none."""
    if asked is not None:
        require_latent(loaded, asked.target)
        return asked
    card, target = _direction(loaded, role)
    assert card.unit == "residual_norm" or card.unit == "raw"  # as every direction is added
    return Push(target=target, strength=card.strength, unit=card.unit)


def held_of(push: Push) -> Held:
    return Held(target=push.target, mode="add", unit=push.unit, scope=push.scope, strength=push.strength)


def delta_of(loaded: Loaded, push: Push, prompt: PromptTokens) -> Delta:
    """Raises Refused for a unit that this model has no norm for, or a direction of norm 0."""
    return resolved_direction(loaded, held_of(push), prompt.entity, prompt.tokens).delta(push.strength)


def _direction(loaded: Loaded, role: Role) -> tuple[DirectionCard, LatentTarget]:
    for card in (*loaded.card.directions, *loaded.card.more_directions):
        if card.role == role and isinstance(card.target, LatentTarget):
            return card, card.target
    raise Refused(
        422,
        "no_direction_of_role",
        f"The {role} latent of {loaded.card.id} asked.",
        "Its card names none.",
        f"Name the latent that is to count as {role}.",
    )
