"""The notebook of a study, run: studies of the embedded model, counted again by cells that know nothing of ours."""

import contextlib
import io
import json

import pytest
import torch

from app.exports.study.notebook import study_notebook_of
from app.recordings.study import read_study
from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import card_folders, read_row
from protocol.app.experiments.answers.dose import DoseExperiment
from protocol.app.experiments.answers.misfires import MisfiresExperiment
from protocol.app.experiments.answers.refusals import RefusalsExperiment
from protocol.app.experiments.answers.risk import RiskExperiment
from protocol.app.experiments.answers.scopes import ScopesExperiment
from protocol.app.findings import Answers, Finding, View
from protocol.worker.frames import Done
from protocol.worker.names import WorldNames
from protocol.worker.studies import (
    Asked,
    AttentionRequest,
    CircuitsRequest,
    DiscoverRequest,
    KnowledgeRequest,
    LabelRequest,
    PatchingRequest,
    StudyRequest,
    TransferRequest,
    UncertaintyRequest,
)
from protocol.worker.study_requests.neurons import NeuronsDial, NeuronsRequest
from tests.model_worker.study_runs import studied

pytestmark = pytest.mark.timeout(300)
FEW = Asked(names=WorldNames(types=("player", "song")), split="all", groups=("known", "unknown"), most=2)
ERRING = Asked(
    names=WorldNames(types=("city", "movie"), most=30), split="all", most=30, groups=("known", "withheld", "misled")
)
HOSTILE = '"""); raise SystemExit("run") #</script>'


@pytest.fixture(scope="module")
def engine() -> Engine:
    torch.set_num_threads(1)
    row = read_row(card_folders()[0])
    return Engine(load(row), row=row)


def requests() -> dict[str, StudyRequest]:
    card = read_row(card_folders()[0]).card
    found: dict[str, StudyRequest] = {
        "label": LabelRequest(model=card.id, asked=FEW.model_copy(update={"per_name": "all"}), n_samples=4, k=2),
        "knowledge": KnowledgeRequest(model=card.id, asked=FEW),
        "attention": AttentionRequest(model=card.id, asked=FEW, knockout=(0.9, 1.0)),
        "patching": PatchingRequest(model=card.id, asked=FEW.model_copy(update={"most": 6}), n_pairs=3),
        "transfer": TransferRequest(model=card.id, asked=FEW, n_controls=2),
        "uncertainty": UncertaintyRequest(
            model=card.id, asked=ERRING, dictionaries=("chat_resid_post/layer_4",), top=2
        ),
        "discover": DiscoverRequest(
            model=card.id, names=WorldNames(types=("player", "song"), most=20), corpus_tokens=300, top=3
        ),
    }
    found["neurons"] = NeuronsRequest(
        model=card.id,
        asked=Asked(
            names=WorldNames(types=("city",), most=16, match_lengths=False),
            split="all",
            most=16,
            groups=("known", "withheld", "misled", "unknown"),
            per_name="all",
        ),
        n_samples=1,
        k=1,
        cs=(3.0,),
        n_bootstraps=1,
        n_random=1,
        base=False,
        dial=NeuronsDial(alphas=(0.0, 3.0), n_random=2, most=2),
    )
    found["circuits"] = CircuitsRequest(
        model=card.id,
        asked=Asked(names=WorldNames(types=("player",), most=12), split="all", attributes=("sport",)),
        n_pairs=3,
        n_role_names=8,
        n_tier=2,
        n_controls=2,
        rest=False,
    )
    for name, one in {
        "refusals": RefusalsExperiment(),
        "dose": DoseExperiment(),
        "scopes": ScopesExperiment(),
        "misfires": MisfiresExperiment(),
        "risk": RiskExperiment(),
    }.items():
        request = one.request(card, one.preset(card))
        controls = tuple(control.model_copy(update={"n": 2}) for control in request.controls)
        found[name] = request.model_copy(update={"asked": FEW, "controls": controls})
    return found


def run(notebook: bytes) -> str:
    """What its cells print, in this process; pictures are made and not shown."""
    space: dict[str, object] = {"__name__": "__main__"}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for cell in json.loads(notebook)["cells"]:
            if cell["cell_type"] == "code" and cell["id"] != "shown":
                exec(compile(cell["source"], cell["id"], "exec"), space)
    return said.getvalue()


READ_IN_THE_STREAM = {
    "patching": {"direct"},
    "uncertainty": {"latents", "roc"},
    "discover": {"layers", "baselines"},
    "neurons": {"sweep", "reliability", "neurons", "layers", "sets", "transfer", "verdicts"},
}
"""Figures that are of what no recording holds, or of shuffles."""
KINDS = ("refusals", "dose", "scopes", "misfires", "risk", "label", "knowledge")
KINDS_READ = ("circuits", "attention", "patching", "transfer", "uncertainty", "discover", "neurons")


@pytest.mark.parametrize("name", KINDS + KINDS_READ)
def test_a_studys_figures_are_counted_again_from_its_trials_number_by_number(name: str, engine: Engine) -> None:
    frames = [*studied(engine, requests()[name]), Done(seq=0, elapsed_s=1.0, n_tokens=0)]
    recording = b"".join(frame.model_dump_json().encode() + b"\n" for frame in frames)
    told = read_study(recording)
    finding = Finding(
        slug="7kq2mrVw9a",
        title=HOSTILE,
        note=HOSTILE,
        view=View(),
        created="2026-11-30T00:00:00Z",
        request=told.opening.request,
        answers=Answers(),
        study=told.told,
        recording_sha256="0" * 64,
        n_frames=len(frames),
        size_bytes=len(recording),
    )
    said = run(study_notebook_of(finding, recording))
    counted = [figure for figure in told.figures if f"\n{figure}: " in said and "numbers in" in said]
    assert counted and "beyond rounding: none" in said, said
    as_recorded = {figure for figure in told.figures if f"{figure}: drawn below as it was recorded" in said}
    assert as_recorded == READ_IN_THE_STREAM.get(name, set()) & set(told.figures)

    # a recording whose figure is another one's fails
    changed = recording.replace(b'"outcome":"refused"', b'"outcome":"right"', 3)
    if name in (*KINDS, "neurons") and name != "knowledge":
        with pytest.raises(AssertionError):
            run(study_notebook_of(finding, changed))
