"""Ferrando et al., section 6.1, figures 5 and 22: whether the model is sure that it knows the name."""

from protocol.app.experiments.cost import Cost, NameCounts, cost_of, labelled, n_passes
from protocol.app.experiments.directions import PUSHED_ROLES, latent_push, no_direction, push_controls, push_fields
from protocol.app.experiments.experiment import Experiment, ExperimentAbout
from protocol.app.experiments.form import FormField
from protocol.worker.models import ModelCard
from protocol.worker.studies import Asked, KnowledgeRequest, Push, StudyRequest


class KnowledgeExperiment(Experiment[KnowledgeRequest]):
    draft = KnowledgeRequest
    about = ExperimentAbout(
        id="knowledge",
        study="knowledge",
        title="Self-knowledge",
        redoes="Figures 5, 22",
        question="Asked whether it is sure that it knows the name: does a push move yes against no?",
        control="Random pushes of the same norm.",
    )

    def preset(self, card: ModelCard) -> KnowledgeRequest:
        known, unknown = (latent_push(card, role) for role in PUSHED_ROLES)
        return KnowledgeRequest(model=card.id, asked=Asked(groups=PUSHED_ROLES), known=known, unknown=unknown)

    def fields(self, card: ModelCard, draft: KnowledgeRequest) -> tuple[FormField, ...]:
        return (*push_fields(card, latent=True), *push_controls(draft))

    def request(self, card: ModelCard, draft: KnowledgeRequest) -> KnowledgeRequest:
        """With the card's pushes where none are named, as the worker would take them."""
        pushes: dict[str, Push | None] = {
            role: getattr(draft, role) or latent_push(card, role) for role in PUSHED_ROLES
        }
        for role in PUSHED_ROLES:
            if pushes[role] is None:
                raise no_direction(card, role)
        return draft.model_copy(update=pushes)

    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        """A name is asked about once, whatever its attributes."""
        assert isinstance(request, KnowledgeRequest)
        return cost_of(labelled(names), n_passes(request.known, request.unknown), "passes", makes="passes")
