"""Lindsey et al. 2025, entity recognition, over a whole set: is refusing the default, and does recognition lift it?"""

from typing import Literal

from protocol.app.experiments.cost import PAIR_RUNS, Cost, NameCounts, asked_questions, how_many
from protocol.app.experiments.directions import PUSHED_ROLES
from protocol.app.experiments.experiment import Experiment, ExperimentAbout
from protocol.app.experiments.form import ChoiceField, FormField, TickField, number_field, options
from protocol.circuit import BASES
from protocol.enough import too_few_of_one_kind
from protocol.worker.circuits import OpeningTarget
from protocol.worker.models import ModelCard
from protocol.worker.studies import Asked, CircuitsRequest, StudyRequest

PRESET_PAIRS = 12


class CircuitsExperiment(Experiment[CircuitsRequest]):
    draft = CircuitsRequest
    about = ExperimentAbout(
        id="circuits",
        study="circuits",
        title="Circuits",
        redoes="Lindsey et al. 2025, entities",
        question="Is refusing the default, and does recognising the name lift it?",
        control="Random directions of equal norm at the same places; as many other tokens hidden.",
    )

    def preset(self, card: ModelCard) -> CircuitsRequest:
        basis: Literal["latents", "neurons"] = "latents" if card.dictionaries else "neurons"
        return CircuitsRequest(
            model=card.id,
            asked=Asked(split="all"),
            n_pairs=PRESET_PAIRS,
            basis=basis,
            target=OpeningTarget(weighs="all"),
            rest=bool(card.dictionaries),
        )

    def fields(self, card: ModelCard, draft: CircuitsRequest) -> tuple[FormField, ...]:
        bases = {basis: words for basis, words in BASES.items() if basis != "transcoder"}
        offered = bases if card.dictionaries else {"neurons": bases["neurons"]}
        return (
            number_field(CircuitsRequest, "n_pairs", label="Pairs", note="a known and an unknown name of one length"),
            ChoiceField(path="basis", label="Made of", options=options(offered)),
            number_field(CircuitsRequest, "n_tier", label="Names of each tier", note="each asked about alone"),
            number_field(CircuitsRequest, "n_controls", label="Random directions", note="beside each effect"),
            TickField(path="rest", label="The question's and the template's tokens too"),
        )

    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        """A pair is a known and an unknown name of a type; there is another unknown one of its length."""
        assert isinstance(request, CircuitsRequest)
        questions = asked_questions(request.asked, names, card)
        types = {kind for kind, _ in questions}
        known, unknown = ({kind: questions[kind, label] for kind in types} for label in PUSHED_ROLES)
        most = sum(min(known[kind], unknown[kind]) for kind in types if unknown[kind] > 1)
        n = min(request.n_pairs, most)
        return Cost(n_questions=n, n_each=2, unit=PAIR_RUNS, words=f"Up to {how_many(n, 'pair')} of questions.")

    def doubt(self, cost: Cost, names: NameCounts) -> str | None:
        return too_few_of_one_kind(cost.n_questions, "pairs")
