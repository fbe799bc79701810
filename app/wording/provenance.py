"""Where a finding's numbers come from, in words: what was asked and, where its recording is at hand, what ran.

Knows nothing about pages. The browser says the same of what it draws itself in static/run/readout.js.
"""

from dataclasses import dataclass

from app.recordings.circuit import DrawnCircuit
from app.recordings.study import Studied
from app.wording.numbers import sig3
from app.wording.words import decoding
from protocol.amounts import amount
from protocol.app.findings import Finding, View
from protocol.circuit import BASES
from protocol.steering import LatentTarget, RandomTarget, Steered, Steering, Sweep, VectorTarget
from protocol.vocabulary import ANOTHER_LATENT, FORMATS, MODES, RUNS, SCOPES, UNITS
from protocol.worker.frames import Start
from protocol.worker.requests import GenerateRequest
from protocol.worker.studies import DiscoverRequest, StudyRequest


@dataclass(frozen=True)
class Detail:
    """`more`: what is too long to show, such as the whole of a hash."""

    value: str
    more: str = ""


def provenance(finding: Finding, start: Start | None = None) -> dict[str, Detail]:
    """By name, in the order in which they are read."""
    request = start.request if start else finding.request
    assert isinstance(request, GenerateRequest)
    facts = {"model": Detail(request.model)}
    if start:
        used = start.model
        facts["weights"] = Detail(f"{used.sha256[:12]}…", used.sha256)
        facts["device"] = Detail(f"{used.device} {used.dtype}")
    facts["format"] = Detail(FORMATS[request.format].about)
    facts |= _steering(finding.view, request, start)
    n, seed = request.controls.n_directions, request.controls.seed
    controlled = f"{n} random directions, seed {seed}" if request.sweeps else "none: nothing was swept"
    facts["controls"] = Detail(controlled if n else "none was asked for")
    facts["decoding"] = Detail(decoding(request))
    if start:
        held = [f"{_last(used.id)} {used.sha256[:8]}…" for used in start.dictionaries]
        facts["dictionaries"] = Detail(
            ", ".join(held) or "none", "\n".join(f"{used.id} {used.sha256}" for used in start.dictionaries)
        )
    return facts


def study_provenance(studied: Studied) -> dict[str, Detail]:
    """As `provenance`, of a study."""
    opening, request = studied.opening, studied.opening.request
    facts = {"study": Detail(RUNS[request.kind])}
    for name, used in (("model", opening.model), ("base model", opening.base)):
        if used:
            facts[name] = Detail(f"{used.id} {used.sha256[:8]}…", used.sha256)
    facts["device"] = Detail(f"{opening.model.device} {opening.model.dtype}")
    if opening.dictionaries:
        held = [f"{_last(used.id)} {used.sha256[:8]}…" for used in opening.dictionaries]
        whole = "\n".join(f"{used.id} {used.sha256}" for used in opening.dictionaries)
        facts["dictionaries"] = Detail(", ".join(held), whole)
    groups = [f"{n:,} {group}" for group, n in studied.n_by_group.items()]
    drawn = f", drawn from {len(opening.names):,}" if studied.n_names < len(opening.names) else ""
    facts["names"] = Detail(f"{studied.n_names:,}{drawn}: {'; '.join(groups)}" if groups else "none")
    if studied.n_trials:
        facts["prompts"] = Detail(f"{studied.n_trials:,}")
    facts["seed"] = Detail(_seeds(request))
    if studied.part:
        facts["part"] = Detail(f"{studied.n_done:,} of {studied.opening.n_steps:,} steps")
    if studied.done:
        facts["took"] = Detail(f"{sig3(studied.done.elapsed_s)} s since it was last begun")
    facts["request"] = Detail(f"{opening.request_sha256[:12]}…", opening.request_sha256)
    return facts


def circuit_provenance(drawn: DrawnCircuit) -> dict[str, Detail]:
    """As `provenance`, of a circuit."""
    opening, request = drawn.opening, drawn.opening.request
    facts = {"model": Detail(f"{opening.model.id} {opening.model.sha256[:8]}…", opening.model.sha256)}
    facts["device"] = Detail(f"{opening.model.device} {opening.model.dtype}, computed in {opening.precision}")
    facts["format"] = Detail(FORMATS[request.format].about)
    facts["basis"] = Detail(BASES[request.basis])
    if opening.dictionaries:
        held = [f"{_last(used.id)} {used.sha256[:8]}…" for used in opening.dictionaries]
        whole = "\n".join(f"{used.id} {used.sha256}" for used in opening.dictionaries)
        facts["dictionaries"] = Detail(", ".join(held), whole)
    if opening.without:
        facts["read by none"] = Detail(", ".join(f"L{layer}" for layer in opening.without) + ": all error")
    facts["nodes"] = Detail(f"{len(drawn.nodes):,} told, {len(drawn.checked):,} checked in the model")
    if drawn.fit is not None:
        facts["checked, r"] = Detail(sig3(drawn.fit))
    facts["controls"] = Detail(f"{request.n_controls} random directions, seed {request.seed}")
    if drawn.done:
        facts["took"] = Detail(f"{sig3(drawn.done.elapsed_s)} s")
    facts["request"] = Detail(f"{opening.request_sha256[:12]}…", opening.request_sha256)
    return facts


def _seeds(request: StudyRequest) -> str:
    names = request.names if isinstance(request, DiscoverRequest) else request.asked.names
    if isinstance(request, DiscoverRequest):
        return f"{names.seed} deals the names"
    return f"{request.seed}; {names.seed} deals the names"


def sweep_shown(finding: Finding) -> Sweep | None:
    """What the view steers with; None where it shows the baseline."""
    sweep, request = finding.view.sweep, finding.request
    if sweep is None or not isinstance(request, GenerateRequest) or sweep >= len(request.sweeps):
        return None
    return request.sweeps[sweep]


def target_id(target: Steered, *, whole: bool = False) -> str:
    """ "layer_3_known #4", a named direction's name, or which random direction is in whose place. whole: with the
    dictionary's whole name."""
    match target:
        case RandomTarget():
            return f"random {target.index} of seed {target.seed}, like {target_id(target.like, whole=whole)}"
        case LatentTarget():
            return f"{target.dictionary if whole else _last(target.dictionary)} #{target.latent}"
        case VectorTarget():
            return target.name
        case _:
            return target.words


def _steering(view: View, request: GenerateRequest, start: Start | None) -> dict[str, Detail]:
    if view.sweep is None or view.sweep >= len(request.sweeps):
        return {"direction": Detail("not pushed")}
    sweep = request.sweeps[view.sweep]
    facts = {"direction": Detail(target_id(sweep.target), target_id(sweep.target, whole=True))}
    strength = _amount(sweep, view.strength)
    if start:
        used = start.sweeps[view.sweep]
        if used.neurons:
            layers = ", ".join(f"L{layer}" for layer in sorted({layer for layer, _ in used.neurons}))
            places = ", ".join(f"L{layer} {index}" for layer, index in used.neurons)
            facts["site"] = Detail(f"down_proj's input, {layers}", places)
        else:
            facts["site"] = Detail(f"L{used.layer} resid_post (paper: layer {used.paper_layer})")
        alphas = [arm.alpha for arm in start.arms if (arm.sweep, arm.strength) == (view.sweep, view.strength)]
        if alphas and sweep.measured_in == "residual_norm":
            strength += f" = {sig3(alphas[0])} {UNITS['raw'].name}"
    facts["strength"] = Detail(strength)
    facts["mode"] = Detail(MODES[sweep.mode].name)
    facts["scope"] = Detail(SCOPES[sweep.scope] + (", generated tokens too" if sweep.generated else ""))
    if request.hold:
        held = [f"{target_id(held.target)} {_amount(held, held.strength)}" for held in request.hold]
        facts["held"] = Detail("; ".join(held))
    return facts


def _amount(steering: Steering, strength: float) -> str:
    return amount(steering, strength, to=target_id(steering.to) if steering.to else ANOTHER_LATENT)


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1]
