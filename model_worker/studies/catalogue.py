"""Which studies there are, by kind."""

from collections.abc import Mapping

from model_worker.studies.answers.plan import answers
from model_worker.studies.attention.plan import attention
from model_worker.studies.discover.plan import discover
from model_worker.studies.knowledge.plan import knowledge
from model_worker.studies.label.plan import label
from model_worker.studies.patching.plan import patching
from model_worker.studies.run import Planner
from model_worker.studies.transfer.plan import transfer
from model_worker.studies.uncertainty.plan import uncertainty

PLANNERS: Mapping[str, Planner] = {
    "discover": discover,
    "label": label,
    "answers": answers,
    "attention": attention,
    "knowledge": knowledge,
    "transfer": transfer,
    "uncertainty": uncertainty,
    "patching": patching,
}
