"""Every number that a measured effect needs beside it, and what would have to be the same to measure it again."""

from app.recordings.arms import Recorded
from app.wording.numbers import sig3
from app.wording.words import amount_in, decoding, intervention_label, target_name
from protocol.amounts import signed
from protocol.app.findings import Finding
from protocol.steering import RandomTarget, Steered, Steering
from protocol.vocabulary import FOUND, SCOPES, UNITS
from protocol.worker.frames import SteeringUsed

Facts = list[tuple[str, str]]


def readout_facts(finding: Finding, recorded: Recorded, arm: int) -> Facts:
    """Names and values, in the order in which they are read; hashes in full."""
    return [*_steering(recorded, arm), *_asked(recorded), *_model(recorded), *_recording(finding, recorded)]


def _steering(recorded: Recorded, arm: int) -> Facts:
    start, own = recorded.start, recorded.start.arms[arm]
    facts: Facts = []
    if own.sweep is not None:
        steering, used = start.request.sweeps[own.sweep], start.sweeps[own.sweep]
        facts += _push("steered", recorded, steering, used, own.strength)
        if used.residual_norm is not None and UNITS[steering.measured_in].is_length:
            raw, multiple = UNITS["raw"].name, UNITS["residual_norm"].name
            facts.append(
                ("α", f"{sig3(own.alpha)} {raw} = {signed(own.alpha / used.residual_norm * used.norm)} {multiple}")
            )
    for held, used in zip(start.request.hold, start.held, strict=True):
        facts += _push("held", recorded, held, used, held.strength)
    return facts


def _push(name: str, recorded: Recorded, steering: Steering, used: SteeringUsed, strength: float) -> Facts:
    where = SCOPES[steering.scope] + (", generated tokens too" if steering.generated else "")
    norms = f"‖d‖ {sig3(used.norm)}"
    if used.residual_norm is not None:
        norms += f", r̄ {sig3(used.residual_norm)} (mean residual norm at last entity tokens, this layer)"
    named, target = intervention_label(recorded, used, steering), target_name(recorded, steering.target)
    return [
        (name, f"{named}{'' if named == target else f' ({target})'}, {amount_in(recorded, steering, strength)}"),
        *_drawn(recorded, steering.target),
        ("site", f"L{used.layer} resid_post (the paper's layer {used.paper_layer}); {norms}"),
        ("scope", f"{where}: prompt tokens {', '.join(map(str, used.positions)) or 'none'}"),
    ]


def _drawn(recorded: Recorded, target: Steered) -> Facts:
    """Of a random target, which direction it is and what of it is not random."""
    if not isinstance(target, RandomTarget):
        return []
    like = target_name(recorded, target.like)
    drawn = f"random, of the norm that {like} writes with: number {target.index}, from 0, of the controls of seed"
    return [("direction", f"{drawn} {target.seed}; site, a and unit are those of {like}")]


def _asked(recorded: Recorded) -> Facts:
    start, request = recorded.start, recorded.start.request
    n, seed = request.controls.n_directions, request.controls.seed
    controlled = f"{n} random directions of equal norm at the same place, seed {seed}"
    span = f"tokens {start.entity.start} to {start.entity.end - 1}"
    return [
        ("controls", controlled if n and request.sweeps else "none"),
        ("decoding", decoding(request)),
        ("entity", f"“{start.entity.text}”, {span}, {FOUND[start.entity.found]}"),
        ("prompt", f"{request.format}, {len(start.tokens)} tokens"),
        *(("note", warning) for warning in start.warnings),
        ("request SHA-256", start.request_sha256),
    ]


def _model(recorded: Recorded) -> Facts:
    model, prompt = recorded.start.model, recorded.prompt
    facts = [("model", f"{model.id}, {model.dtype} on {model.device}"), ("weights SHA-256", model.sha256)]
    for place, used in enumerate(recorded.start.dictionaries):
        fvu = prompt.fvu[place] if prompt and place < len(prompt.fvu) else None
        missed = "" if fvu is None else f", FVU on this prompt {sig3(fvu)}"
        facts.append(("dictionary", f"{used.id}, L{used.layer} resid_post, {used.d_sae:,} latents{missed}"))
        facts.append(("its SHA-256", used.sha256))
    return facts


def _recording(finding: Finding, recorded: Recorded) -> Facts:
    start, done, checked = recorded.start, recorded.done, finding.verified
    facts = [
        ("recording", f"{finding.n_frames:,} frames, {finding.size_bytes:,} bytes, protocol {start.protocol}"),
        ("recording SHA-256", finding.recording_sha256),
    ]
    if done:
        facts.append(("run", f"{len(start.arms)} arms, {done.n_tokens:,} tokens, {sig3(done.elapsed_s)} s"))
    if checked:
        facts.append(("last checked", f"{checked.verdict.replace('_', ' ')}, {checked.checked[:10]}"))
    return facts
