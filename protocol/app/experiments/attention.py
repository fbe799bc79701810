"""Ferrando et al., section 6, figures 4c-f and 15-21: which heads look at the name."""

from protocol.app.experiments.cost import Cost, NameCounts, apart, asked_questions, cost_of, labelled, n_passes
from protocol.app.experiments.directions import PUSHED_ROLES, latent_push, no_direction, push_controls, push_fields
from protocol.app.experiments.experiment import Experiment, ExperimentAbout
from protocol.app.experiments.form import FormField, TickField, WordsField, number_field
from protocol.worker.models import ModelCard
from protocol.worker.studies import Asked, AttentionRequest, Push, StudyRequest


class AttentionExperiment(Experiment[AttentionRequest]):
    draft = AttentionRequest
    about = ExperimentAbout(
        id="attention",
        study="attention",
        title="Attention to the name",
        redoes="Figures 4c–f, 15–21",
        question="Which heads look at the name, and does a push change how much?",
        control="Random pushes; as many other heads where heads are knocked out. Counted by prompt.",
    )

    def preset(self, card: ModelCard) -> AttentionRequest:
        known, unknown = (latent_push(card, role) for role in PUSHED_ROLES)
        return AttentionRequest(model=card.id, asked=Asked(groups=PUSHED_ROLES), known=known, unknown=unknown)

    def fields(self, card: ModelCard, draft: AttentionRequest) -> tuple[FormField, ...]:
        return (
            *push_fields(card, latent=True),
            WordsField(words="Known is pushed on unknown names, unknown on known ones, at the last token of the name."),
            *push_controls(draft),
            number_field(AttentionRequest, "n_heads", label="Knock out", note="heads that read the name most"),
            TickField(path="value_weighted", label="Weigh attention by the length of the value"),
        )

    def request(self, card: ModelCard, draft: AttentionRequest) -> AttentionRequest:
        """With the card's pushes where none are named, as the worker would take them."""
        pushes: dict[str, Push | None] = {
            role: getattr(draft, role) or latent_push(card, role) for role in PUSHED_ROLES
        }
        if not any(pushes.values()):
            raise no_direction(card, "known")
        return draft.model_copy(update=pushes)

    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        """Without the runs in which heads are cut, on half of the known names."""
        assert isinstance(request, AttentionRequest)
        questions = labelled(asked_questions(request.asked, names, card))
        return cost_of(questions, n_passes(request.known, request.unknown), "passes", makes="passes")

    def doubt(self, cost: Cost, names: NameCounts) -> str | None:
        return apart(names)
