"""The exports of a finding: a picture that fits whatever is written, a page that is inert, numbers that are right."""

import hashlib
import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.exports.card import compose, draw_card
from app.exports.lettering import LACKING, NOTHING_DRAWABLE, Type, broken, cut, drawable
from app.exports.notebook import notebook_of
from app.exports.palette import palette
from app.recordings.arms import read_recording
from app.recordings.dose import control, dose_points, monotone, segments, sigmoid
from app.wording.numbers import probability
from app.wording.provenance import provenance
from app.wording.words import control_sentence
from protocol.amounts import amount
from protocol.app.findings import Answers, Finding, View
from protocol.canonical import sha256
from protocol.steering import Held, LatentTarget, RandomTarget, Sweep, VectorTarget
from protocol.version import PROTOCOL
from protocol.vocabulary import MODES
from protocol.worker import frames
from protocol.worker.requests import Controls, GenerateRequest, Sampling
from tests.app.frames import INVENTION, REFUSAL, TARGET

ROOT = Path(__file__).parents[3]
PROMPT = "What sport does Michael Batkin play?"
VECTOR = VectorTarget(name="known-unknown")
HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    '<!-- <img src=x onerror="window.pwned = 1"> <a href=http://e.x>a</a> -->\'\'\'"""',
    "\u2028\u2029 \\u0027 \\' {{ 7 * 7 }} ${7 * 7} ![x](http://e.x/y.png) [a](javascript:alert(1)) $$\\href{a}{b}$$",
    "\u202ethgir ot tfel\u2066 مرحبا שלום",
    "👩‍👩‍👧 漢字 W" + "\u0301\u0336" * 60,
    "W" * 140,
    "line\nbreak\ttab\x07\x1b[31mred\r\x85",
)
BASELINE = View()
CASES: dict[str, tuple[GenerateRequest, View]] = {}


def case(name: str, *, view: View = BASELINE, **request: object) -> None:
    CASES[name] = GenerateRequest(model="scripted", prompt=PROMPT, watch=(TARGET,), **request), view


case("nothing swept")
case("a sweep", sweeps=(Sweep(target=TARGET, strengths=(-0.5, 0.5, 1.0, 1.5)),), view=View(sweep=0, strength=1.0))
case("a sweep, untouched shown", sweeps=(Sweep(target=TARGET, strengths=(-0.5, 0.5, 1.0)),))
case("one strength", sweeps=(Sweep(target=TARGET, strengths=(1.0,)),), view=View(sweep=0, strength=1.0))
case(
    "no control",
    sweeps=(Sweep(target=TARGET, strengths=(0.5, 1.0)),),
    controls=Controls(n_directions=0),
    view=View(sweep=0, strength=0.5),
)
case("raw", sweeps=(Sweep(target=VECTOR, unit="raw", strengths=(-400.0, 400.0)),), view=View(sweep=0, strength=400.0))
case(
    "clamped, also to 0",
    sweeps=(Sweep(target=TARGET, mode="clamp", strengths=(0.0, 20.0)),),
    view=View(sweep=0, strength=0.0),
)
case("one clamp", sweeps=(Sweep(target=TARGET, mode="clamp", strengths=(20.0,)),), view=View(sweep=0, strength=20.0))
case(
    "scaled, also by 0",
    sweeps=(Sweep(target=TARGET, mode="scale", strengths=(0.0, 2.0)),),
    view=View(sweep=0, strength=0.0),
)
case("ablated", sweeps=(Sweep(target=TARGET, mode="ablate", strengths=(0.5, 1.0)),), view=View(sweep=0, strength=1.0))
case(
    "projected out",
    sweeps=(Sweep(target=VECTOR, mode="project_out", strengths=(1.0,), generated=True),),
    view=View(sweep=0, strength=1.0),
)
case(
    "moved to another latent",
    sweeps=(Sweep(target=TARGET, mode="swap", to=LatentTarget(dictionary="scripted-sae", latent=3), strengths=(1.0,)),),
    view=View(sweep=0, strength=1.0),
)
case(
    "held",
    hold=(Held(target=TARGET, mode="ablate", strength=1.0), Held(target=VECTOR, unit="raw", strength=3.0)),
    sweeps=(Sweep(target=TARGET, strengths=(0.5, 1.0)), Sweep(target=VECTOR, unit="raw", strengths=(9.0,))),
    view=View(sweep=1, strength=9.0),
)
case(
    "along a random direction",
    sweeps=(
        Sweep(target=TARGET, strengths=(0.5, 1.0)),
        Sweep(target=RandomTarget(like=TARGET, seed=7, index=3), strengths=(0.5, 1.0)),
    ),
    controls=Controls(n_directions=0),
    view=View(sweep=1, strength=1.0),
)
case(
    "sampled",
    sweeps=(Sweep(target=TARGET, strengths=(1.0,)),),
    sampling=Sampling(temperature=1.0, seed=3, n_samples=5),
    view=View(sweep=0, strength=1.0),
)


def recording_of(request: GenerateRequest, *, text: str | None = None, verdicts: bool = True) -> bytes:
    """Frames as a worker would send them: of a sweep's higher half the answers are inventions, the others refusals."""
    request = request.model_copy(
        update={"sweeps": tuple(s.model_copy(update={"unit": s.measured_in}) for s in request.sweeps)}
    )
    arms = [frames.Arm(sweep=None, strength=0.0, alpha=0.0)]
    if request.hold:
        arms.append(frames.Arm(sweep=None, strength=0.0, alpha=0.0, held=True))
    for n, sweep in enumerate(request.sweeps):
        held = bool(request.hold)
        arms += [frames.Arm(sweep=n, strength=one, alpha=2.0 * one, held=held) for one in sweep.strengths]

    def used(steering: Sweep | Held) -> frames.SteeringUsed:
        role = "known" if steering.target == TARGET else "other"
        words = text or ("Known entity (latent 7)" if role == "known" else "")
        if steering.target.kind == "random" and not text:
            words = f"Random direction {steering.target.index}"
        return frames.SteeringUsed(
            role=role, label=words, layer=1, paper_layer=2, norm=1.0, residual_norm=2.0, positions=(1, 2)
        )

    top = (
        frames.NextToken(id=5, text=text or " I", prob=0.88, opens_refusal=True),
        frames.NextToken(id=6, text="<he>", prob=0.0001, opens_refusal=False),
    )
    readings = tuple(
        frames.PromptReading(activations=((0.0, 2.5, 30.25),), refusal_logodds=3.0 - 3.5 * n, top=top)
        for n in range(len(arms))
    )
    said: list[frames.Frame] = [
        frames.Start(
            seq=0,
            protocol=PROTOCOL,
            request=request,
            request_sha256=sha256(request),
            model=frames.ModelUsed(id="scripted", sha256="1" * 64, dtype="float32", device="cpu"),
            dictionaries=(frames.DictionaryUsed(id="scripted-sae", layer=1, paper_layer=2, d_sae=16, sha256="2" * 64),),
            tokens=(
                frames.Token(id=1, text="<bos>", role="bos"),
                frames.Token(id=2, text=text or "Michael", role="entity"),
                frames.Token(id=3, text=" Batkin", role="entity"),
            ),
            entity=frames.EntityTokens(start=1, end=3, text=text or "Michael Batkin", found="capitals"),
            watched=(),
            sweeps=tuple(used(sweep) for sweep in request.sweeps),
            held=tuple(used(held) for held in request.hold),
            arms=tuple(arms),
        ),
        frames.Prompt(seq=1, arms=readings, fvu=(0.1,)),
    ]
    places = [(arm, sample) for arm in range(len(arms)) for sample in range(request.sampling.n_samples)]
    said.append(
        frames.Step(
            seq=2,
            step=0,
            tokens=tuple(frames.NewToken(arm=a, sample=s, id=5, text=text or " word", logprob=-0.1) for a, s in places),
            readings=tuple(frames.Reading(arm=a, sample=s, activations=(1.5,)) for a, s in places),
        )
    )
    for arm, sample in places if verdicts else ():
        invents = arm > len(arms) / 2 and sample != 4
        said.append(
            frames.Verdict(
                seq=len(said),
                arm=arm,
                sample=sample,
                text=text or (INVENTION if invents else REFUSAL),
                outcome="invented" if invents else "refused",
                rule="scripted",
                phrase=None if invents else text or "I don't know",
            )
        )
    for own in arms:
        if own.sweep is not None and request.controls.n_directions:
            drawn = tuple(3.0 - 0.02 * k * k * own.strength for k in range(request.controls.n_directions))
            said.append(frames.Control(seq=len(said), sweep=own.sweep, strength=own.strength, refusal_logodds=drawn))
    said.append(frames.Done(seq=len(said), elapsed_s=0.25, n_tokens=len(places)))
    return b"".join(frame.model_dump_json().encode() + b"\n" for frame in said)


def finding_of(recording: bytes, view: View, title: str = "A finding", note: str = "A note.") -> Finding:
    return Finding(
        slug="7kq2mrVw9a",
        title=title,
        note=note,
        view=view,
        created="2025-11-21T10:00:00+00:00",
        request=read_recording(recording).start.request,
        answers=Answers(),
        recording_sha256=hashlib.sha256(recording).hexdigest(),
        n_frames=recording.count(b"\n"),
        size_bytes=len(recording),
    )


def made(name: str, **more: str) -> tuple[Finding, bytes]:
    request, view = CASES[name]
    recording = recording_of(request, text=more.pop("text", None))
    return finding_of(recording, view, **more), recording


def require_that_it_fits(finding: Finding, recording: bytes, second: bytes | None = None) -> None:
    """No text leaves the picture, none covers another, and the words stay in their column."""
    beside = None if second is None else read_recording(second)
    written = compose(finding, read_recording(recording), beside).written
    for place, (text, box) in enumerate(written):
        left, top, right, bottom = box
        assert left >= 40 and right <= 1160 and top >= 30 and bottom <= 612, (text, box)
        assert left >= 540 or right <= 510 or top > 575, (text, box)
        for other, (x0, y0, x1, y1) in written[:place]:
            apart = left + 0.5 >= x1 or x0 + 0.5 >= right or top + 0.5 >= y1 or y0 + 0.5 >= bottom
            assert apart, (text, other)


def words_of(finding: Finding, recording: bytes) -> list[str]:
    return [text for text, _ in compose(finding, read_recording(recording)).written]


@pytest.mark.parametrize(
    ("name", "text"), [("nothing swept", None), ("a sweep", None), ("a sweep", "Too long for half a picture. " * 30)]
)
def test_the_card_of_a_pair_has_both_prompts_and_says_which_one_the_curve_is_of(name: str, text: str | None) -> None:
    (first, recording), (second, beside) = made(name, text=text), made(name, text=text or "Beside it.")
    pair = first.model_copy(update={"second": second})
    require_that_it_fits(pair, recording, beside)
    written = [text for text, _ in compose(pair, read_recording(recording), read_recording(beside)).written]
    asked = [line for line in written if line.endswith("?")]
    assert len(asked) == 2 and any("first prompt" in line for line in written)
    assert text or any("Beside it." in line for line in written)


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_finding_has_a_card_and_a_notebook(name: str) -> None:
    finding, recording = made(name)
    picture = Image.open(io.BytesIO(draw_card(finding, recording)))
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    require_that_it_fits(finding, recording)
    assert json.loads(notebook_of(finding, recording))["nbformat"] == 4


def test_the_card_says_what_was_asked_and_answered_and_by_how_much_it_differs_from_its_control() -> None:
    finding, recording = made("a sweep", title="Pushed, it invents")
    recorded = read_recording(recording)
    seen = control(recorded, 0, 1.0)
    words = words_of(finding, recording)
    assert {"What sport does Michael Batkin play?", "Baseline refuses", "Steered, it invents a fact"} <= set(words)
    assert REFUSAL in " ".join(words) and INVENTION in " ".join(words)
    assert {probability(sigmoid(3.0 - 3.5 * 3)), probability(sigmoid(seen.mean))} <= set(words)
    assert {"grey: 32 random directions", "Known entity +1 × r̄", "untouched", "Pushed, it invents"} <= set(words)
    assert words[-2] == "scripted · L1 #7 · 2 raw · N = 1 · control seed 0 · f/7kq2mrVw9a"


def test_the_card_counts_samples_and_names_what_was_not_judged_or_not_controlled() -> None:
    assert {"Baseline refuses · 5 of 5", "Steered, it refuses · 5 of 5"} <= set(words_of(*made("sampled")))
    assert "no control was run" in words_of(*made("no control"))
    request, view = CASES["a sweep"]
    unjudged = recording_of(request, verdicts=False)
    words = words_of(finding_of(unjudged, view), unjudged)
    assert {"Baseline", "Steered", "word"} <= set(words)


def test_a_random_direction_is_called_one_wherever_a_finding_says_what_was_pushed() -> None:
    finding, recording = made("along a random direction")
    assert "Random direction 3 +1 × r̄" in words_of(finding, recording)
    told = provenance(finding)["direction"]
    assert told.value == told.more == "random 3 of seed 7, like scripted-sae #7"


def test_a_clamp_or_a_factor_of_0_is_a_strength_and_not_the_untouched_model() -> None:
    for name, said in (("clamped, also to 0", "clamped to 0"), ("scaled, also by 0", "scaled ×0")):
        finding, recording = made(name)
        recorded = read_recording(recording)
        assert recorded.arm_of(finding.view) == 1
        assert f"Known entity {said}" in words_of(finding, recording)
    assert [point.strength for point in dose_points(read_recording(made("scaled, also by 0")[1]), 0)] == [0, 1, 2]
    assert [point.strength for point in dose_points(read_recording(made("clamped, also to 0")[1]), 0)] == [0, 20]


def test_a_sweep_over_something_held_begins_at_what_is_held_alone() -> None:
    finding, recording = made("held")
    untouched = next(point for point in dose_points(read_recording(recording), 1) if point.untouched)
    assert (untouched.arm, untouched.logodds) == (1, -0.5)
    assert "held alone" in words_of(finding, recording)


def test_the_band_is_numpys_5_and_95_percent_quantiles_of_the_log_odds() -> None:
    recorded = read_recording(made("a sweep")[1])
    values = recorded.controls[0, 1.5]
    seen = control(recorded, 0, 1.5)
    assert (seen.low, seen.high) == pytest.approx(np.quantile(values, (0.05, 0.95)), abs=1e-12)
    assert (seen.mean, seen.n) == (pytest.approx(np.mean(values), abs=1e-12), 32)
    told = f"{sum(v <= 0 for v in values)} of 32 random pushes of that size open with an answer. "
    assert control_sentence(seen, "refused", "invented").startswith(told)


def test_the_ribbon_has_one_segment_for_each_answer_and_covers_the_axis() -> None:
    recorded = read_recording(made("a sweep")[1])
    found = segments(recorded, dose_points(recorded, 0))
    assert [(s.low, s.high, s.text) for s in found] == [(-0.5, 0.75, REFUSAL), (0.75, 1.5, INVENTION)]


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=12))
def test_the_curve_never_overshoots_a_measured_point(ys: list[float]) -> None:
    _, y = monotone(list(range(len(ys))), ys)
    for i in range(len(ys) - 1):
        between = y[12 * i : 12 * i + 13] if len(ys) > 2 else y
        low, high = sorted(ys[i : i + 2])
        assert min(between) >= low - 1e-9 and max(between) <= high + 1e-9


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["a sweep", "nothing swept"])
def test_whatever_is_written_the_card_fits(name: str, text: str) -> None:
    finding, recording = made(name, text=text * 9, title=text[:140])
    require_that_it_fits(finding, recording)
    ground = Image.open(io.BytesIO(draw_card(finding, recording))).convert("RGB")
    paper = tuple(bytes.fromhex(palette()["bg"][1:]))
    for margin in ((0, 0, 40, 630), (1160, 0, 1200, 630), (0, 0, 1200, 30), (0, 616, 1200, 630)):
        assert ground.crop(margin).getcolors() == [((margin[2] - margin[0]) * (margin[3] - margin[1]), paper)]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=140)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(title=texts, note=texts, text=texts, name=st.sampled_from(["a sweep", "nothing swept", "sampled"]))
def test_no_text_breaks_an_export(title: str, note: str, text: str, name: str) -> None:
    finding, recording = made(name, title=title, note=note, text=text)
    require_that_it_fits(finding, recording)
    record = executed_record(notebook_of(finding, recording))
    assert (record["finding"]["title"], record["finding"]["note"], record["prompt"]) == (title, note, PROMPT)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_notebook_holds_what_was_written_as_data_alone(text: str) -> None:
    finding, recording = made("a sweep", title=text, note=text, text=text)
    notebook = json.loads(notebook_of(finding, recording))
    plain = json.loads(notebook_of(*made("a sweep")))
    own = {cell["id"]: cell["source"] for cell in notebook["cells"] if cell["id"] != "record"}
    assert own == {cell["id"]: cell["source"] for cell in plain["cells"] if cell["id"] != "record"}
    (source,) = (cell["source"] for cell in notebook["cells"] if cell["id"] == "record")
    assert not set("<>&'`$") & set(source.split('r"""')[1].split('"""')[0]) and source.count('"""') == 4
    assert executed_record(json.dumps(notebook).encode())["finding"]["title"] == text


def executed_record(notebook: bytes) -> dict:
    (source,) = (cell["source"] for cell in json.loads(notebook)["cells"] if cell["id"] == "record")
    namespace: dict = {"print": lambda *_: None}
    exec(source, namespace)
    return namespace["RECORDED"]


def test_what_the_font_lacks_is_a_neutral_mark_and_never_a_box() -> None:
    assert drawable("Who is 漢字?") == f"Who is {LACKING * 2}?"
    assert drawable("Кто это? Ποιος; Žluťoučký ½ ≥ α") == "Кто это? Ποιος; Žluťoučký ½ ≥ α"
    assert drawable("\u202eabc\u2066\ufeff d\x00e\n\nf") == "abc d e f"
    assert drawable("漢字") == NOTHING_DRAWABLE
    assert len(drawable("a" + "\u0301" * 50)) == 2
    assert drawable("") == drawable("\n") == ""


@given(st.text(max_size=300), st.floats(60, 500))
def test_no_line_is_wider_than_its_column(text: str, width: float) -> None:
    kind = Type("regular", 20)
    clean = drawable(text)
    assert all(kind.width(line) <= width for line in broken(clean, kind, width))
    assert "".join(broken(clean, kind, width)).replace(" ", "") == clean.replace(" ", "")
    assert kind.width(cut(clean, kind, width)) <= width


def test_amounts_name_their_unit() -> None:
    steerings = {name: request.sweeps[0] for name, (request, _) in CASES.items() if request.sweeps}
    assert amount(steerings["raw"], -400.0) == "−400 raw"
    assert amount(steerings["clamped, also to 0"], 20.0) == "clamped to 20"
    assert amount(steerings["ablated"], 0.5) == "50 % ablated"
    assert amount(steerings["moved to another latent"], 1.0) == "100 % swapped into another latent"


def test_a_card_takes_less_than_half_a_second_of_cpu() -> None:
    finding, recording = made("a sweep", title="W" * 140)
    draw_card(finding, recording)
    began = time.process_time()
    draw_card(finding, recording)
    assert time.process_time() - began < 0.5


def test_the_app_starts_without_pillow_and_plotly() -> None:
    code = (
        "import app.main, app.exports.card, app.exports.kept_page, app.exports.notebook, sys; "
        "print([name for name in ('PIL', 'plotly', 'nbformat', 'torch') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_notebook_knows_every_mode_by_its_formula() -> None:
    """It computes them by itself, without our code."""
    notebook = (ROOT / "templates" / "export" / "notebook.py").read_text("utf-8")
    table = dict(re.findall(r"^# \| (\w+) \| (.+) \|$", notebook, re.MULTILINE))
    assert table.pop("mode") == "delta" and table == {mode: term.delta for mode, term in MODES.items()}
    code = notebook.split("# %% steer\n", 1)[1]
    assert [mode for mode in MODES if f'"{mode}"' not in code] == []
