"""Ferrando et al., section 7, figures 6, 23, 24, table 2: latents before the answer."""

from protocol.app.experiments.cost import Cost, NameCounts, asked_questions, cost_of
from protocol.app.experiments.experiment import Experiment, ExperimentAbout
from protocol.app.experiments.form import FormField, number_field
from protocol.worker.models import ModelCard
from protocol.worker.names import WorldNames
from protocol.worker.studies import Asked, StudyRequest, UncertaintyRequest


class UncertaintyExperiment(Experiment[UncertaintyRequest]):
    draft = UncertaintyRequest
    most_names = 200
    about = ExperimentAbout(
        id="uncertainty",
        study="uncertainty",
        title="Uncertainty latents",
        redoes="Figures 6, 23, 24, table 2",
        question="Right before it answers: does a latent tell right answers from wrong ones?",
        control="First-token entropy and log-probability, a probe and a difference of means.",
    )

    def preset(self, card: ModelCard) -> UncertaintyRequest:
        names = WorldNames(most=self.most_names)
        return UncertaintyRequest(model=card.id, asked=Asked(names=names, split="all", most=200))

    def fields(self, card: ModelCard, draft: UncertaintyRequest) -> tuple[FormField, ...]:
        note = "of each question; 0: right is what greedy says"
        return (
            number_field(UncertaintyRequest, "n_samples", label="Samples", note=note),
            number_field(UncertaintyRequest, "top", label="Ranked", note="latents each way"),
        )

    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        assert isinstance(request, UncertaintyRequest)
        return cost_of(asked_questions(request.asked, names, card), 1 + request.n_samples, "answers each")
