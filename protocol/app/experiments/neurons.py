"""Hallucination neurons (Gao et al. 2025): a few that tell errors, beside what tells them without any; and the dial."""

from protocol.app.experiments.cost import Cost, NameCounts, asked_questions, cost_of
from protocol.app.experiments.experiment import Experiment, ExperimentAbout
from protocol.app.experiments.form import FormField, number_field
from protocol.worker.models import ModelCard
from protocol.worker.names import Asked, WorldNames
from protocol.worker.studies import StudyRequest
from protocol.worker.study_requests.neurons import NeuronsRequest


class NeuronsExperiment(Experiment[NeuronsRequest]):
    draft = NeuronsRequest
    most_names = 100
    about = ExperimentAbout(
        id="neurons",
        study="neurons",
        title="Hallucination neurons",
        page="neurons",
        redoes="Gao et al. 2025",
        question="Do a few neurons tell errors from right answers, and does turning them do anything?",
        control="Within one attribute: entropy, words and names alone, random neurons; neurons that do turn refusals.",
    )

    def preset(self, card: ModelCard) -> NeuronsRequest:
        names = WorldNames(most=self.most_names)
        asked = Asked(names=names, split="all", most=50, per_name="all")
        return NeuronsRequest(model=card.id, asked=asked, n_samples=0)

    def fields(self, card: ModelCard, draft: NeuronsRequest) -> tuple[FormField, ...]:
        note = "of each question; 0: right is what greedy says. All must agree where there are as many as below"
        return (
            number_field(NeuronsRequest, "n_samples", label="Samples", note=note),
            number_field(
                NeuronsRequest, "k", label="That agree", note="at least so many; 0: the greedy answer decides"
            ),
            number_field(NeuronsRequest, "n_bootstraps", label="Drawn again", note="fits to names drawn again"),
        )

    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        assert isinstance(request, NeuronsRequest)
        return cost_of(asked_questions(request.asked, names, card), 1 + request.n_samples, "answers each")
