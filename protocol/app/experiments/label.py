"""Which names the model knows, by asking it (Ferrando et al., section 3, figure 7)."""

from collections import Counter

from protocol.app.experiments.cost import Cost, NameCounts, asked_questions, cost_of
from protocol.app.experiments.experiment import Experiment, ExperimentAbout
from protocol.app.experiments.form import FormField, number_field
from protocol.worker.models import ModelCard
from protocol.worker.names import WorldNames
from protocol.worker.studies import Asked, LabelRequest, StudyRequest


class LabelExperiment(Experiment[LabelRequest]):
    draft = LabelRequest
    most_names = 25
    title = "Asking"
    about = ExperimentAbout(
        id="label",
        study="label",
        title="Label your own names",
        redoes="Section 3, figure 7",
        question="Which of these names does this model know, by asking it?",
        control="Thresholds can be moved afterwards: every answer is kept.",
    )

    def preset(self, card: ModelCard) -> LabelRequest:
        """A name counts as known by two attributes, as in the paper, or by as many as its type has."""
        asked = Asked(names=WorldNames(most=self.most_names), split="all", per_name="all")
        draft = LabelRequest(model=card.id, asked=asked)
        has = Counter(one.entity_type for one in card.attributes if one.can_be_put)
        return draft.model_copy(update={"tau": min(draft.tau, *has.values())}) if has else draft

    def fields(self, card: ModelCard, draft: LabelRequest) -> tuple[FormField, ...]:
        note = "of each question, at temperature 1, beside a greedy one"
        return (
            number_field(LabelRequest, "n_samples", label="Samples", note=note),
            number_field(LabelRequest, "k", label="An attribute counts if", note="samples are right"),
            number_field(
                LabelRequest,
                "tau",
                label="A name is known with",
                note="attributes that count. Both can be moved afterwards.",
            ),
        )

    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        assert isinstance(request, LabelRequest)
        return cost_of(asked_questions(request.asked, names, card), 1 + request.n_samples, "answers each")

    def doubt(self, cost: Cost, names: NameCounts) -> str | None:
        """Names are counted, and nothing is held against anything."""
        return None
