"""Which studies there are, by kind."""

from collections.abc import Mapping

from model_worker.studies.answers.study import answers
from model_worker.studies.attention.study import attention
from model_worker.studies.discover.study import discover
from model_worker.studies.knowledge.study import knowledge
from model_worker.studies.label.study import label
from model_worker.studies.patching.study import patching
from model_worker.studies.run import Planner
from model_worker.studies.transfer.study import transfer
from model_worker.studies.uncertainty.study import uncertainty

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
