"""Which studies there are, by kind."""

from collections.abc import Mapping

from model_worker.studies.answers import answers
from model_worker.studies.attention import attention
from model_worker.studies.discover import discover
from model_worker.studies.knowledge import knowledge
from model_worker.studies.label import label
from model_worker.studies.patching import patching
from model_worker.studies.run import Planner
from model_worker.studies.transfer import transfer
from model_worker.studies.uncertainty import uncertainty

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
