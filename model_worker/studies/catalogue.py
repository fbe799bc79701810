"""Which studies there are, by kind.

A new study is a folder of its own beside this file and a line here; its request stands in protocol/worker/studies.py,
and what a reader is offered of it in protocol/app/experiments. In the folder: plan.py, what is asked and in which order
what is found is said (a Script, shared/script.py); measure.py, the numbers of a trial; figures.py, tables of the
trials so far. run.py plays it, goes on where it was interrupted and lets go of what is under way.
"""

from collections.abc import Mapping

from model_worker.studies.answers.plan import answers
from model_worker.studies.attention.plan import attention
from model_worker.studies.circuits.plan import circuits
from model_worker.studies.discover.plan import discover
from model_worker.studies.knowledge.plan import knowledge
from model_worker.studies.label.plan import label
from model_worker.studies.neurons.plan import neurons
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
    "circuits": circuits,
    "neurons": neurons,
}
