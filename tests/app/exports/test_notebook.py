"""The notebook of a finding, run: on a real recording of the embedded model, with public libraries alone.

One run in a real kernel, as a reader would have it; the other cases run the same cells in this process.
"""

import contextlib
import io
import itertools
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import nbclient
import nbformat
import pytest
import torch

from app.exports.notebook import notebook_of
from app.recordings.arms import read_recording
from protocol.app.findings import View
from protocol.canonical import canonical_json
from protocol.worker.models import ModelCard
from protocol.worker.requests import GenerateRequest
from tests.app.exports.test_exports import CASES, finding_of, made
from tests.model_worker.live import serving

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "model_worker" / "cards" / "tiny-gemma2-chat"
CARD = ModelCard.model_validate_json((FOLDER / "model.json").read_bytes())
KNOWN, UNKNOWN, VECTOR = (direction.target.model_dump() for direction in CARD.directions[:3])
OTHER = KNOWN | {"latent": 9}
BATKIN, JORDAN = "What sport does Michael Batkin play?", "What sport does Michael Jordan play?"


def drawn(like: dict, index: int) -> dict:
    return {"kind": "random", "like": like, "seed": 11, "index": index}


pytestmark = pytest.mark.timeout(300)  # sae-lens alone takes 10-30 s to import


@pytest.fixture(scope="module", autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def worker() -> Iterator[httpx2.Client]:
    with serving(FOLDER) as url, httpx2.Client(base_url=url, timeout=60) as client:
        yield client


def run(worker: httpx2.Client, prompt: str, **request: object) -> bytes:
    asked = GenerateRequest.model_validate_json(json.dumps({"model": CARD.id, "prompt": prompt, **request}))
    answer = worker.post("/v1/generate", content=canonical_json(asked))
    assert answer.status_code == 200, answer.text
    return answer.content


def story(worker: httpx2.Client, n_directions: int = 8, strengths: tuple[float, ...] = (-0.5, 0.75, 1.25)) -> bytes:
    sweep = {"target": KNOWN, "scope": "entity", "strengths": strengths}
    return run(worker, BATKIN, sweeps=[sweep], controls={"n_directions": n_directions})


STORY = View(sweep=0, strength=1.25)


def ran(recording: bytes, view: View, card: ModelCard | None = CARD) -> str:
    """Runs the cells here; what they print. Raises what they raise."""
    out = io.StringIO()
    namespace: dict = {"__name__": "__main__"}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        for cell in json.loads(notebook_of(finding_of(recording, view), recording, card))["cells"]:
            if cell["cell_type"] == "code":
                exec(compile(cell["source"], cell["id"], "exec"), namespace)
    return out.getvalue()


def table(printed: str, title: str) -> list[tuple[str, float, float]]:
    """The rows (name, recorded, reproduced) of the table with this title."""
    lines = printed.split(f"\n{title}, ", 1)[1].splitlines()[2:]
    found = (re.fullmatch(r"(.{32}) *([-+.e\d]+) +([-+.e\d]+) +[-+.e\d]+", line) for line in lines)
    return [(row[1].strip(), float(row[2]), float(row[3])) for row in itertools.takewhile(bool, found)]


def reproduced(printed: str, title: str) -> list[float]:
    return [again for _, _, again in table(printed, title)]


def test_a_notebook_run_in_a_kernel_reproduces_the_recordings_numbers(worker: httpx2.Client, tmp_path: Path) -> None:
    recording = story(worker)
    recorded = read_recording(recording)
    notebook = nbformat.reads(notebook_of(finding_of(recording, STORY), recording, CARD).decode(), 4)
    nbformat.validate(notebook)
    environment = os.environ | {"HALLUCINOSCOPE_MODEL_DIR": str(FOLDER), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    client = nbclient.NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=environment)
    printed = "".join(
        output["text"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output["output_type"] == "stream"
    )

    curve = table(printed, "Refusal log-odds")
    assert [name for name, _, _ in curve] == ["baseline", "−0.5 × r\u0304", "+0.75 × r\u0304", "+1.25 × r\u0304"]
    measured = [reading.refusal_logodds for reading in recorded.prompt.arms]
    assert [said for _, said, _ in curve] == pytest.approx(measured, abs=1e-5)
    assert reproduced(printed, "Refusal log-odds") == pytest.approx(measured, abs=1e-4)
    assert reproduced(printed, "Refusal log-odds, controls") == pytest.approx(recorded.controls[0, 1.25], abs=1e-4)
    for arm, name in ((0, "baseline"), (3, "+1.25 × r\u0304")):
        logprobs = [token.logprob for token in recorded.first(arm).tokens]
        assert reproduced(printed, f"Log-probabilities, {name}") == pytest.approx(logprobs, abs=1e-4)
        for place, target in enumerate(recorded.start.request.watch):
            read = reproduced(printed, f"Activations of {target.dictionary} #{target.latent}, {name}")
            assert read == pytest.approx(recorded.prompt.arms[arm].activations[place], abs=1e-3)
    assert "Model folder:" in printed and printed.count("as recorded") == 3 and "OTHER" not in printed
    (figure,) = (o for cell in notebook.cells for o in cell.get("outputs", ()) if o["output_type"] == "display_data")
    assert "application/vnd.plotly.v1+json" in figure["data"]


@pytest.mark.parametrize(
    ("view", "prompt", "request_"),
    [
        pytest.param(View(), BATKIN, {}, id="nothing steered"),
        pytest.param(
            View(sweep=0, strength=40.0),
            BATKIN,
            {"sweeps": [{"target": KNOWN, "mode": "clamp", "scope": "entity", "strengths": [0, 40]}]},
            id="clamp",
        ),
        pytest.param(
            View(sweep=0, strength=2.5),
            BATKIN,
            {"sweeps": [{"target": VECTOR, "mode": "clamp", "scope": "last_entity_to_end", "strengths": [2.5]}]},
            id="clamp a vector, which has an offset",
        ),
        pytest.param(
            View(sweep=0, strength=3.0),
            JORDAN,
            {
                "hold": [{"target": KNOWN, "scope": "entity", "strength": 0.5}],
                "sweeps": [
                    {
                        "target": {"kind": "neurons", "neurons": [[4, 12], [2, 600], [4, 3]]},
                        "mode": "scale",
                        "scope": "prompt",
                        "generated": True,
                        "strengths": [0, 3],
                    }
                ],
                "controls": {"n_directions": 4},
            },
            id="neurons of two layers, a latent held",
        ),
        pytest.param(
            View(sweep=0, strength=0.0),
            JORDAN,
            {"sweeps": [{"target": KNOWN, "mode": "scale", "scope": "entity", "strengths": [0, 3]}]},
            id="scale",
        ),
        pytest.param(
            View(sweep=0, strength=1.0),
            JORDAN,
            {
                "sweeps": [
                    {"target": VECTOR, "mode": "project_out", "scope": "prompt", "generated": True, "strengths": [1]}
                ]
            },
            id="project out",
        ),
        pytest.param(
            View(sweep=0, strength=30.0),
            JORDAN,
            {"sweeps": [{"target": VECTOR, "unit": "raw", "scope": "positions", "generated": True, "strengths": [30]}]},
            id="generated tokens alone",
        ),
        pytest.param(
            View(sweep=0, strength=1.0),
            JORDAN,
            {"sweeps": [{"target": KNOWN, "mode": "swap", "to": OTHER, "scope": "entity_to_end", "strengths": [1]}]},
            id="swap",
        ),
        pytest.param(
            View(sweep=1, strength=-20.0),
            BATKIN,
            {
                "hold": [
                    {"target": UNKNOWN, "mode": "ablate", "scope": "last_entity", "strength": 1},
                    {"target": KNOWN, "scope": "entity", "strength": 0.5, "generated": True},
                ],
                "sweeps": [
                    {"target": KNOWN, "strengths": [0.5]},
                    {"target": VECTOR, "unit": "raw", "scope": "last_prompt", "strengths": [-20, 20]},
                ],
            },
            id="held, another sweep shown",
        ),
        pytest.param(
            View(sweep=0, strength=1.25),
            BATKIN,
            {
                "hold": [{"target": drawn(VECTOR, 2), "mode": "project_out", "scope": "prompt", "strength": 1}],
                "sweeps": [{"target": drawn(KNOWN, 3), "scope": "entity", "strengths": [0.75, 1.25]}],
            },
            id="along a random direction",
        ),
        pytest.param(
            View(sweep=0, strength=40.0),
            BATKIN,
            {"sweeps": [{"target": drawn(KNOWN, 5), "mode": "clamp", "generated": True, "strengths": [40]}]},
            id="clamp along a random direction",
        ),
        pytest.param(
            View(sweep=0, strength=1.0),
            BATKIN,
            {
                "sweeps": [{"target": KNOWN, "scope": "entity", "strengths": [1]}],
                "sampling": {"temperature": 1.5, "n_samples": 3, "seed": 5},
            },
            id="sampled",
        ),
        pytest.param(
            View(sweep=0, strength=1.25),
            " Michael Jordan <bos> plays",
            {
                "format": "raw",
                "max_new_tokens": 8,
                "sweeps": [{"target": KNOWN, "scope": "positions", "positions": [1, 2], "strengths": [1.25]}],
            },
            id="raw, positions",
        ),
        pytest.param(
            View(sweep=0, strength=1.25, colour=0),
            "The movie Titanic was directed by",
            {"format": "base", "max_new_tokens": 8, "sweeps": [{"target": KNOWN, "strengths": [1.25]}]},
            id="the base model",
        ),
    ],
)
def test_every_mode_scope_and_way_of_decoding_is_reproduced(
    worker: httpx2.Client, monkeypatch: pytest.MonkeyPatch, view: View, prompt: str, request_: dict
) -> None:
    monkeypatch.setenv("HALLUCINOSCOPE_MODEL_DIR", str(FOLDER))
    recording = run(worker, prompt, **{"controls": {"n_directions": 4}} | request_)
    assert "\nReproduced: " in ran(recording, view)


def test_without_a_card_the_notebook_finds_the_models_folder_in_the_checkout_or_says_what_to_fill_in(
    worker: httpx2.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recording = story(worker, n_directions=0, strengths=(1.25,))
    monkeypatch.delenv("HALLUCINOSCOPE_MODEL_DIR", raising=False)
    monkeypatch.chdir(ROOT / "docs")
    assert "\nReproduced: " in ran(recording, STORY, card=None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        FileNotFoundError, match=r"Set HALLUCINOSCOPE_MODEL_DIR to the folder that holds its model\.json"
    ):
        ran(recording, STORY, card=None)


@pytest.mark.parametrize(
    ("kind", "pattern", "instead", "what"),
    [
        ("prompt", rb'"refusal_logodds":(\d\.\d)', rb'"refusal_logodds":9\1', "Refusal log-odds"),
        ("control", rb'"refusal_logodds":\[(\d)', rb'"refusal_logodds":[9\1', "controls"),
        ("step", rb'"logprob":-', rb'"logprob":-9', "Log-probabilities"),
        ("prompt", rb'"activations":\[\[0\.0', rb'"activations":[[0.01', "Activations"),
        ("step", rb'"risk":0\.(\d)', rb'"risk":0.9\1', "Risk, "),
        ("step", rb'"id":(\d+)', rb'"id":7\1', "Greedy tokens"),
        ("start", rb'"tokens":\[\{"id":2', rb'"tokens":[{"id":3', "other token ids than recorded"),
    ],
)
def test_a_tampered_recording_is_not_reproduced(
    worker: httpx2.Client, monkeypatch: pytest.MonkeyPatch, kind: str, pattern: bytes, instead: bytes, what: str
) -> None:
    monkeypatch.setenv("HALLUCINOSCOPE_MODEL_DIR", str(FOLDER))
    lines = story(worker, n_directions=2, strengths=(1.25,)).splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if line.startswith(b'{"kind":"%s"' % kind.encode()))
    lines[place], n_changed = re.subn(pattern, instead, lines[place], count=1)
    assert n_changed == 1
    with pytest.raises(AssertionError, match=what):
        ran(b"".join(lines), STORY)


@pytest.mark.parametrize("name", CASES)
def test_the_notebook_of_every_kind_of_finding_is_valid(name: str) -> None:
    finding, recording = made(name)
    for card in (None, CARD):
        nbformat.validate(nbformat.reads(notebook_of(finding, recording, card).decode(), 4))
