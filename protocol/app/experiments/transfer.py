"""Ferrando et al., sections 5 and 8, figure 10, equation 9: a base dictionary on the chat model."""

from protocol.app.experiments.cost import Cost, NameCounts, apart, asked_questions, cost_of
from protocol.app.experiments.directions import PUSHED_ROLES, direction_of, no_direction
from protocol.app.experiments.experiment import Experiment, ExperimentAbout
from protocol.app.experiments.form import FormField, WordsField, number_field
from protocol.steering import LatentTarget
from protocol.vocabulary import Role
from protocol.worker.models import ModelCard
from protocol.worker.studies import Asked, StudyRequest, TransferRequest

TRANSFER_WAYS = 2  # of taking a direction out: the paper's, and exactly


class TransferExperiment(Experiment[TransferRequest]):
    draft = TransferRequest
    about = ExperimentAbout(
        id="transfer",
        study="transfer",
        title="Base to chat",
        redoes="Sections 5, 8; figure 10, equation 9",
        question="Does a dictionary of the base model still read the chat model, and what is left of a direction taken "
        "out?",
        control="Random directions taken out instead.",
    )

    def preset(self, card: ModelCard) -> TransferRequest:
        known, unknown = (_latent(card, role) for role in PUSHED_ROLES)
        return TransferRequest(model=card.id, asked=Asked(groups=PUSHED_ROLES), known=known, unknown=unknown)

    def fields(self, card: ModelCard, draft: TransferRequest) -> tuple[FormField, ...]:
        targets = [(role, getattr(draft, role)) for role in PUSHED_ROLES]
        return (
            WordsField(words="Every dictionary is read on both models."),
            *(
                WordsField(words="is taken out of the weights.", role=role, target=target)
                if target
                else WordsField(words=f"This model's card has no {role} latent.")
                for role, target in targets
            ),
            number_field(TransferRequest, "n_controls", label="Controls", note="random directions taken out instead"),
        )

    def request(self, card: ModelCard, draft: TransferRequest) -> TransferRequest:
        """With the card's latents where none are named, as the worker would take them."""
        targets: dict[str, LatentTarget | None] = {
            role: getattr(draft, role) or _latent(card, role) for role in PUSHED_ROLES
        }
        for role in PUSHED_ROLES:
            if targets[role] is None:
                raise no_direction(card, role)
        return draft.model_copy(update=targets)

    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        """Answers of the untouched model, and of models without a direction: both latents' and each random one."""
        assert isinstance(request, TransferRequest)
        n_models = 1 + TRANSFER_WAYS * (len(PUSHED_ROLES) + request.n_controls)
        return cost_of(asked_questions(request.asked, names, card), n_models, "models")

    def doubt(self, cost: Cost, names: NameCounts) -> str | None:
        return apart(names)


def _latent(card: ModelCard, role: Role) -> LatentTarget | None:
    found = direction_of(card, role, latent=True)
    return found.target if found and isinstance(found.target, LatentTarget) else None
