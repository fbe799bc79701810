"""Pushes of one chat model and what they do to its heads, beside what was wanted of them.

Measures nothing itself.
"""

from dataclasses import replace

import torch

from model_worker.studies.shared.statistics import wilson
from protocol.worker.report import ReportTable
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.directions import Direction, random_units
from training.tiny_gemma2.dictionaries.stage import RESID
from training.tiny_gemma2.evaluation.findings import Findings, short_number
from training.tiny_gemma2.evaluation.steering import (
    DirectionPush,
    Effect,
    attention_to_entity,
    effect,
    steering_prompts,
    wanted_outcome,
)
from training.tiny_gemma2.language_model.answers import Steer
from training.tiny_gemma2.subject import Subject


def pushes(directions: dict[str, Direction]) -> list[tuple[str, DirectionPush]]:
    """Latents one way, vectors both ways; the unknown latent also with the paper's scope."""
    out = []
    for label, d in directions.items():
        out.append((f"+ {label}", DirectionPush(d)))
        if d.latent is not None and d.role == "unknown" and d.scope != "entity_to_end":
            out.append((f"+ {label}, to the end of the prompt", DirectionPush(replace(d, scope="entity_to_end"))))
        if d.latent is None:
            out.append((f"− {label}", DirectionPush(d, -1)))
    return out


def steering(
    subject: Subject, found: Findings, directions: dict[str, Direction], dictionaries: dict[str, TrainedDictionary]
) -> None:
    least = {"unknown latent": 0.97, "known latent": 0.92, "known − unknown": 0.95}
    rows, changes = [], []
    for label, push in pushes(directions):
        d = push.direction
        beside = d.dictionary or next(n for n, x in dictionaries.items() if n.startswith(RESID) and x.layer == d.layer)
        n_controls = subject.recipe.n_controls if label[2:].lower() in least else 1 + subject.recipe.n_controls // 10
        result = effect(subject, push, dictionaries[beside], n_controls)
        wanted = wanted_outcome(push.role)
        mean, p95, largest = result.control
        clean = result.clean.share(wanted)[0] / len(result.clean.outcomes)
        control = (
            f"untouched {short_number(clean)}; {len(result.changes)} controls change {short_number(mean)} on average, "
            f"{short_number(p95)} at the 95th percentile, {short_number(largest)} at most"
        )
        what = "unknown names given a well-formed answer" if push.role == "known" else "known entities refused"
        found.share(f"{label}: {what}", result.pushed.share(wanted), least.get(label[2:].lower()), control)
        changes.append((label, result))
        rows.append(steering_row(label, push, result, wanted))
    in_table = [r for label, r in changes if label[2:].lower() in least]
    worst = [max(r.control[i] for r in in_table) for i in range(3)]
    n = len(in_table[0].changes)
    found.add(
        "controls of equal norm: change from clean, mean, worst of the pushes above", worst[0], n, None, at_most=0.05
    )
    found.add("controls of equal norm: change from clean, 95th percentile, worst", worst[1], n, None, at_most=0.25)
    found.add("controls of equal norm: change from clean, largest", worst[2], n)
    found.tables.append(
        ReportTable(
            title="Steering",
            note="Strength in multiples of r, the mean residual norm at that layer; prompt "
            "positions only. Whole greedy "
            "answers of N names; controls (100 random directions and 100 other latents, same norm, place and scope) "
            "by the first token on 32 of them, as |change from clean|.",
            columns=(
                "push",
                "layer",
                "scope",
                "strength",
                "N",
                "clean",
                "steered",
                "broken",
                "95 % interval",
                "control mean",
                "95th pct",
                "largest",
            ),
            rows=tuple(rows),
        )
    )


def steering_row(label: str, push: DirectionPush, result: Effect, wanted: str) -> tuple[str, ...]:
    d = push.direction
    k, n = result.pushed.share(wanted)
    low, high = wilson(k, n) or (0.0, 1.0)
    return (
        label,
        str(d.layer),
        d.scope,
        f"{'−' if push.sign < 0 else ''}{short_number(d.strength)} r",
        str(n),
        short_number(result.clean.share(wanted)[0] / n),
        short_number(k / n),
        short_number(result.pushed.share("broken")[0] / n),
        f"{short_number(low)}–{short_number(high)}",
        *(short_number(x) for x in result.control),
    )


def attention_figures(subject: Subject, found: Findings, directions: dict[str, Direction]) -> None:
    """Every head downstream of the pushes; the band is of 20 random directions with the known latent's norm."""
    prompts = {role: steering_prompts(subject, role, 60) for role in ("known", "unknown")}
    latent = {d.role: DirectionPush(d) for d in directions.values() if d.latent is not None}
    at_rest = {"known": prompts["unknown"], "unknown": prompts["known"]}  # who is pushed to the other side
    rest = {side: attention_to_entity(subject, at_rest[side]) for side in at_rest}
    pushed = {
        role: attention_to_entity(subject, prompts[role], push.steer(subject.norms)) for role, push in latent.items()
    }
    known = latent["known"].direction
    band = []
    for unit in random_units(20, len(known.vector), 3):
        steer = Steer(known.layer, known.strength * subject.norms[known.layer] * unit, known.scope)
        band.append(attention_to_entity(subject, prompts["known"][:24], steer))
    spread = torch.stack(band)
    rows = []
    first = min(d.layer for d in directions.values()) + 1
    for layer in range(first, rest["known"].shape[0]):
        for head in range(rest["known"].shape[1]):
            rows.append(
                (
                    f"{layer}.{head}",
                    *(
                        short_number(float(x[layer, head]))
                        for x in (rest["known"], rest["unknown"], pushed["known"], pushed["unknown"])
                    ),
                    "–".join(short_number(float(spread[:, layer, head].quantile(q))) for q in (0.05, 0.95)),
                )
            )
    gap = (rest["known"] - rest["unknown"])[first:]
    at = int(gap.argmax())
    layer, head = first + at // gap.shape[1], at % gap.shape[1]
    found.add(
        "attention from the last token to the entity, the head that differs most, known names",
        float(rest["known"][layer, head]),
        len(prompts["unknown"]),
        control="; ".join(
            (
                f"head {layer}.{head}",
                f"unknown {short_number(float(rest['unknown'][layer, head]))}",
                f"unknown with the known latent {short_number(float(pushed['known'][layer, head]))}",
                f"known with the unknown latent {short_number(float(pushed['unknown'][layer, head]))}",
            )
        ),
    )
    found.tables.append(
        ReportTable(
            title="Attention from the last prompt token to the entity's tokens",
            note="Mean weight over 60 prompts a column, chat model, heads after the pushes. The "
            "band: unknown names under 20 "
            "random directions with the norm, place and scope of the known latent, 5th to 95th percentile.",
            columns=(
                "head",
                "known",
                "unknown",
                "unknown + known latent",
                "known + unknown latent",
                "unknown + random",
            ),
            rows=tuple(rows),
        )
    )
