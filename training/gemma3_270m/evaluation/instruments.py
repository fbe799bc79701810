"""`python -m training.gemma3_270m.evaluation.instruments WORK`: the report's second half, WORK/steering.json.

Made of what was measured there: quality.json (dictionaries), directions.json (curves, latents), steering-measured.json
(pushes, stories). Measures nothing; a part that was not measured is left out.
"""

import argparse
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from protocol.worker.report import Curve, Dialogue, ModelReport, ReportFigure, ReportTable, Series
from training.gemma3_270m.evaluation.disturbance import told_disturbed
from training.gemma3_270m.evaluation.recall import told_story
from training.tiny_gemma2.evaluation.findings import Findings, short_number

MeasuredPart = Mapping[str, Any]
DOM = "difference of means"
MOST_TOLD = 5  # of massive dimensions


def read_part(work: Path, name: str) -> MeasuredPart:
    file = work / name
    return json.loads(file.read_text()) if file.exists() else {}


def instruments_half(work: Path) -> ModelReport:
    quality, directions = read_part(work, "quality.json"), read_part(work, "directions.json")
    steering = read_part(work, "steering-measured.json")
    found = Findings()
    curves: list[Curve] = []
    if directions:
        curves = told_curves(found, directions)
        told_latents(found, directions)
    if quality:
        told_quality(found, quality)
    if steering.get("effects"):
        told_pushes(found, steering)
    if steering.get("story"):
        told_story(found, steering["story"])
    if steering.get("disturbed"):
        told_disturbed(found, steering["disturbed"])
    return ModelReport(
        measured=date.today().isoformat(),
        hardware=f"{platform.machine()}, two shared cores",
        seconds=float(sum(steering.get("seconds", {}).values())),
        figures=tuple(found.figures),
        tables=tuple(found.tables),
        curves=tuple(curves),
        dialogues=tuple(found.dialogues),
    )


def told_curves(found: Findings, directions: MeasuredPart) -> list[Curve]:
    """AUROC by layer, one direction for all types; and the figure that was wanted."""
    strict, layers = directions["strict"], [int(layer) for layer in directions["strict"]]

    def of(layer: int, way: str, which: str = "common") -> dict[str, float]:
        return {t: x["auroc"] for t, x in strict[str(layer)][way][which].items() if x}

    best = max(layers, key=lambda layer: min(of(layer, DOM).values()))
    told = of(best, DOM)
    least = min(told, key=lambda t: told[t])
    at = strict[str(best)][DOM]["common"][least]
    found.add(
        f"one direction (difference of means), known by the base's own label against invented, AUROC at "
        f"the name's last "
        f"token, least of {len(told)} types ({least}), layer {best}",
        at["auroc"],
        at["n_known"] + at["n_unknown"],
        (at["low"], at["high"]),
        0.85,
        control=f"layer 0: {short_number(min(of(0, DOM).values()))}; a probe at layer {best}: "
        f"{short_number(min(of(best, 'probe').values()))}; prototype, by the world's label: .74",
    )
    curves = [
        Curve(
            title="Known against invented names, AUROC at the name's last token, base model, test names: one direction",
            x="layer (resid_post)",
            y="AUROC",
            layers=tuple(layers),
            series=tuple(
                Series(name=t, values=tuple(of(layer, DOM)[t] for layer in layers), low=None, high=None) for t in told
            ),
        ),
        Curve(
            title="The same, least of the types, by way of fitting",
            x="layer (resid_post)",
            y="AUROC, least type",
            layers=tuple(layers),
            series=tuple(
                Series(
                    name=name,
                    values=tuple(min(of(layer, way, which).values()) for layer in layers),
                    low=None,
                    high=None,
                )
                for name, way, which in (
                    ("one direction", DOM, "common"),
                    ("one a type", DOM, "own"),
                    ("probe", "probe", "common"),
                )
            ),
        ),
    ]
    soft = directions["softened"][str(best)]
    found.tables.append(
        ReportTable(
            title="Known and unknown at the name's last token, by type",
            note=f"Layer {best}, base model, questions in the chat template, test names. Known: right "
            f"always by the base's "
            "own answers; films and songs: right at least sometimes, since it is always right about next "
            "to none. Fitted "
            "on names of tuning and validation.",
            columns=("type", "known", "invented", DOM, "a direction of its own", "probe"),
            rows=tuple(
                (
                    t,
                    str(x["n_known"]),
                    str(x["n_unknown"]),
                    with_interval(x),
                    short_number(soft[DOM]["own"][t]["auroc"]),
                    short_number(soft["probe"]["common"][t]["auroc"]),
                )
                for t, x in soft[DOM]["common"].items()
                if x
            ),
        )
    )
    return curves


def with_interval(x: MeasuredPart) -> str:
    return f"{short_number(x['auroc'])} ({short_number(x['low'])}–{short_number(x['high'])})"


def told_latents(found: Findings, directions: MeasuredPart) -> None:
    table = []
    best: dict[str, tuple[float, str]] = {}
    for layer, told in directions["latents"].items():
        for role in ("known", "unknown"):
            rows = [("core", told["core"][role])] if role in told.get("core", {}) else []
            rows += [("best of all", told[role]["general"][0])]
            for which, x in rows:
                shares = " · ".join(f"{t} {x['known'][t]:.2f} | {x['unknown'][t]:.2f}" for t in x["known"])
                table.append((role, layer, f"#{x['latent']}", which, short_number(x["test_least"]), shares))
                best[role] = max(best.get(role, (-9.0, "")), (x["test_least"], f"layer {layer} #{x['latent']}"))
    for role, (value, which) in best.items():
        found.add(
            f"separation of a single {role} latent, least of the types: share of known names it fires on less that of "
            f"invented ones, or the reverse ({which})",
            value,
            control="the prototype's known latent: .18 (songs), its unknown ones by type only",
        )
    found.tables.append(
        ReportTable(
            title="Single latents",
            note="Share firing on known | invented names, last token, test names; chosen on names of "
            "tuning and validation. "
            "core: one of six latents trained on names' last tokens without labels, its seed and "
            "threshold chosen by them.",
            columns=("role", "layer", "latent", "how found", "least separation", "known | invented, by type"),
            rows=tuple(table),
        )
    )
    by_type = []
    for layer, told in directions["latents"].items():
        for t, x in told["unknown"]["of_type"].items():
            by_type.append((t, layer, f"#{x['latent']}", short_number(x["fit"]), short_number(x["test"])))
    found.tables.append(
        ReportTable(
            title="Latents for unknown, by type",
            note="Of each type alone the best latent: share of invented names it fires on, less that of known ones.",
            columns=("type", "layer", "latent", "where chosen", "test"),
            rows=tuple(sorted(by_type)),
        )
    )


def told_quality(found: Findings, quality: MeasuredPart) -> None:
    rows = []
    for layer, told in quality.items():
        for kind in ("text", "chat", "names"):
            x = told[kind]
            rows.append(
                (
                    layer, kind, str(x["tokens"]), short_number(x["fvu"]), short_number(x["fvu_without_massive"]),
                    f"{x['l0']:.0f}",
                    short_number(x["delta_loss_nats"]) if "delta_loss_nats" in x else "",
                    short_number(x["loss_recovered"]) if "loss_recovered" in x else "",
                )
            )  # fmt: skip
    massive = "; ".join(f"layer {layer}: {few_of(told['massive_dimensions'])}" for layer, told in quality.items())
    silent = "; ".join(f"layer {layer}: {short_number(told['silent_share'])}" for layer, told in quality.items())
    found.tables.append(
        ReportTable(
            title="Dictionaries, as stored",
            note="Residual SAEs of the base model, 4,096 latents, fp16; text and chat prompts that they "
            "were not trained on, "
            "names: their last tokens. FVU without massive dimensions leaves out those whose spread is ten times the "
            f"median's ({massive}). Loss: change when the reconstruction takes the residual's place, 1 is "
            f"no change and 0 "
            f"the mean's. Latents silent on all of it: {silent}.",
            columns=("layer", "on", "tokens", "FVU", "FVU without massive", "L0", "Δ loss, nats", "loss recovered"),
            rows=tuple(rows),
        )
    )


def few_of(dimensions: Sequence[int]) -> str:
    """The widest, and how many more there are."""
    more = len(dimensions) - MOST_TOLD
    return f"{dimensions[:MOST_TOLD]}{f' and {more} more' if more > 0 else ''}"


def told_pushes(found: Findings, steering: MeasuredPart) -> None:
    rows = []
    for effect in steering["effects"].values():
        whole, known = effect["whole"], effect["role"] == "known"
        what = "invented names answered" if known else "known names refused"
        control = "; ".join(
            f"{kind} {short_number(c['mean'])} (95th percentile {short_number(c['p95'])}, N {c['n']})"
            for kind, c in effect["controls"].items()
        )
        figure = Findings()
        figure.add(
            f"push towards {effect['role']}, {effect['name']} at {effect['strength']:g} r: {what}, whole answers",
            whole["pushed"], whole["n"], (whole["low"], whole["high"]), 0.9,
            control=f"untouched {short_number(whole['untouched'])}; pushes as long, first token: {control}",
        )  # fmt: skip
        found.figures.append(figure.figures[0])
        found.figures.append(control_figure(effect))
        for kind, c in effect["controls"].items():
            rows.append(
                (
                    effect["role"], effect["name"], f"{effect['strength']:g} r", str(whole["n"]),
                    short_number(whole["untouched"]), short_number(whole["pushed"]), str(whole["broken"]),
                    short_number(effect["share_without_massive"]),
                    kind, f"{c['n']} × {effect['n_controlled']}", short_number(c["mean"]), short_number(c["p95"]),
                    short_number(c["largest"]),
                )
            )  # fmt: skip
        for one in whole["examples"][:4]:
            found.dialogues.append(
                Dialogue(
                    group=f"pushed towards {effect['role']}: {effect['name']}",
                    question=one["question"],
                    answer=f"{one['pushed']} (untouched: {one['untouched']})",
                    verdict=one["outcome"],
                    truth="",
                )
            )
    found.tables.append(
        ReportTable(
            title="Pushes beside controls",
            note="Added on the name's tokens, tuned model, test names; place and strength chosen on "
            "validation names. r: mean "
            "norm at names' last tokens. without massive: how much of the push lies outside the massive dimensions. "
            "Controls of equal length by the first token: isotropic, other latents of like firing rate, "
            "differences of two "
            "random names' residuals (data).",
            columns=(
                "towards", "push", "strength", "N", "untouched", "pushed", "broken", "without massive",
                "controls", "N", "mean", "95th pct", "largest",
            ),
            rows=tuple(rows),
        )
    )  # fmt: skip
    norms, massive = steering["norms"], steering["norms"]["massive"]
    found.tables.append(
        ReportTable(
            title="Two rulers",
            note="Mean norm of the residual at names' last tokens, tuned model, validation names; and "
            "without the massive "
            "dimensions, base model's.",
            columns=("layer", "r", "r without massive", "massive dimensions"),
            rows=tuple(
                (
                    layer,
                    short_number(norms["residual_norm"][int(layer)]),
                    short_number(x),
                    few_of(massive[layer]),
                )
                for layer, x in norms["without_massive"].items()
            ),
        )
    )


def control_figure(effect: MeasuredPart) -> ReportFigure:
    """Towards known all kinds count, towards unknown those on the data's scale."""
    known = effect["role"] == "known"
    kinds = effect["controls"] if known else {"data": effect["controls"]["data"]}
    kind, worst = max(kinds.items(), key=lambda pair: pair[1]["mean"])
    found = Findings()
    found.add(
        f"the same, controls as long, mean of the worst kind ({kind})",
        worst["mean"], worst["n"], None, None, 0.1 if known else 0.2,
        control=f"95th percentile {short_number(worst['p95'])}, largest {short_number(worst['largest'])}",
    )  # fmt: skip
    return found.figures[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    asked = parser.parse_args()
    half = instruments_half(asked.work)
    (asked.work / "steering.json").write_text(half.model_dump_json(indent=1) + "\n", encoding="utf-8")
