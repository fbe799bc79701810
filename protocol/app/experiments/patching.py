"""Ferrando et al., section 6, figures 4a, b and 12-14: where the answer comes from."""

from protocol.app.experiments.cost import PAIR_RUNS, Cost, NameCounts, asked_questions, how_many
from protocol.app.experiments.directions import PUSHED_ROLES
from protocol.app.experiments.experiment import Experiment, ExperimentAbout
from protocol.app.experiments.form import FormField, number_field
from protocol.enough import too_few_of_one_kind
from protocol.worker.models import ModelCard
from protocol.worker.studies import Asked, PatchingRequest, StudyRequest


class PatchingExperiment(Experiment[PatchingRequest]):
    draft = PatchingRequest
    about = ExperimentAbout(
        id="patching",
        study="patching",
        title="Where the answer comes from",
        redoes="Figures 4a, b, 12–14",
        question="Which layer and head brings a known name's answer into an unknown name's run?",
        control="The clean and the corrupted run are the two ends of the scale.",
    )

    def preset(self, card: ModelCard) -> PatchingRequest:
        return PatchingRequest(model=card.id, asked=Asked(split="all", groups=PUSHED_ROLES))

    def fields(self, card: ModelCard, draft: PatchingRequest) -> tuple[FormField, ...]:
        note = "of a known and an unknown name, of one attribute and one length"
        return (number_field(PatchingRequest, "n_pairs", label="Pairs", note=note),)

    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        """A pair is a known and an unknown name of a type, and takes another unknown one as its control."""
        assert isinstance(request, PatchingRequest)
        questions = asked_questions(request.asked, names, card)
        types = {kind for kind, _ in questions}
        known, unknown = ({kind: questions[kind, label] for kind in types} for label in PUSHED_ROLES)
        most = sum(min(known[kind], unknown[kind]) for kind in types if unknown[kind] > 1)
        n = min(request.n_pairs, most)
        return Cost(n_questions=n, n_each=3, unit=PAIR_RUNS, words=f"Up to {how_many(n, 'pair')} of questions.")

    def doubt(self, cost: Cost, names: NameCounts) -> str | None:
        return too_few_of_one_kind(cost.n_questions, "pairs")
