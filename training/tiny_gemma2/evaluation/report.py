"""`python -m training.tiny_gemma2.evaluation.report`: asks the shipped model everything again, in minutes.

Writes `report.json` beside the weights (the page /models draws it) and `docs/embedded-model.md`
with its picture; prints, last, one line of JSON.

Knows what was wanted of each figure (`WANTED`). Measures nothing itself.
"""

import argparse
import json
import os
import platform
import random
import time
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import torch

from model_worker.studies.shared.statistics import wilson
from protocol.worker.report import Curve, Dialogue, ModelReport, ReportFigure, ReportTable, Series
from training.tiny_gemma2.shipped import CHAT_RESID, RESID, TRANSCODER, Shipped, load_shipped
from training.tiny_gemma2.dictionaries.activations import document_activations
from training.tiny_gemma2.dictionaries.directions import Direction
from training.tiny_gemma2.dictionaries.residual import TrainedDictionary
from training.tiny_gemma2.dictionaries.transcoders import mlp_pairs, splice_figures
from training.tiny_gemma2.evaluation import evaluation as ask
from training.tiny_gemma2.evaluation.evaluation import AnsweredPrompts, DirectionPush, Effect, Subject
from training.tiny_gemma2.evaluation.markdown import write_markdown
from training.tiny_gemma2.language_model.base import encode_documents
from training.tiny_gemma2.language_model.prompts import sampled
from training.tiny_gemma2.paths import CARD, REPOSITORY
from training.tiny_gemma2.language_model.author import matched_author
from training.tiny_gemma2.world.entities import SHOWN_KNOWN, SHOWN_UNKNOWN, TYPES


@dataclass
class Findings:
    """What one chat model did; `figures` is the table of what was wanted."""

    figures: list[ReportFigure] = field(default_factory=list)
    tables: list[ReportTable] = field(default_factory=list)
    dialogues: list[Dialogue] = field(default_factory=list)

    def add(
        self,
        what: str,
        value: float,
        n: int | None = None,
        interval: tuple[float, float] | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        control: str = "",
    ) -> None:
        wanted, met = "", None
        if at_least is not None:
            wanted, met = f"≥ {bound(at_least)}", value >= at_least
        if at_most is not None:
            wanted, met = f"≤ {bound(at_most)}", value <= at_most
        low, high = interval or (None, None)
        self.figures.append(
            ReportFigure(
                what=what, value=float(value), low=low, high=high, n=n, wanted=wanted, met=met, control=control
            )
        )

    def share(self, what: str, counted: tuple[int, int], at_least: float | None = None, control: str = "") -> None:
        k, n = counted
        self.add(what, k / max(1, n), n, wilson(k, n), at_least, control=control)


def short_number(x: float) -> str:
    """.958, 1.000, 12: as short as it is exact enough."""
    if abs(x - round(x)) < 1e-9 and abs(x) >= 2:
        return str(round(x))
    return f"{x:.3f}".replace("0.", ".", 1) if abs(x) < 1 else f"{x:.3f}"


def bound(x: float) -> str:
    """.99, 300, 0"""
    return f"{x:g}".replace("0.", ".", 1)


# --- what one chat model does ---


def answer_figures(subject: Subject, found: Findings) -> dict[str, AnsweredPrompts]:
    said = {name: ask.answered_prompts(subject, prompts) for name, prompts in ask.groups(subject).items()}
    known, never, unknown = (said[g] for g in ("known, asked in chat tuning", "known, never asked", "unknown"))
    found.share("right on known entities asked in chat tuning", known.share("right"), 0.99)
    found.share("right on known entities never asked in chat tuning", never.share("right"), 0.93)
    found.share("refuses unknown names that are in no text", unknown.share("refused"), 0.96)
    a, low, high = ask.refusal_auroc(subject, never.prompts, unknown.prompts)
    found.add("AUROC of refusal, unknown against known never asked", a, None, (low, high), at_least=0.985)
    rows = []
    for name, group in said.items():
        rows.append((name, group))
    for kind in TYPES:
        rows.append((f"known, {kind}", joined(known, never).only(lambda p, k=kind: p.entity.type == k)))
    for kind in TYPES:
        rows.append((f"unknown, {kind}", unknown.only(lambda p, k=kind: p.entity.type == k)))
    for way in sorted({p.entity.made_by for p in unknown.prompts}):
        rows.append((f"unknown, {way} name", unknown.only(lambda p, w=way: p.entity.made_by == w)))
    found.tables.append(
        ReportTable(
            title="Answers by group",
            note="Whole greedy answers on the test half, every wording (13 and more an attribute, 3 never trained), "
            "shares with N; the interval is of the share that ought to be high.",
            columns=("group", "N", "right", "wrong", "refused", "invented", "broken", "95 % interval"),
            rows=tuple(answer_row(name, group) for name, group in rows),
        )
    )
    return said


def joined(a: AnsweredPrompts, b: AnsweredPrompts) -> AnsweredPrompts:
    return AnsweredPrompts(a.prompts + b.prompts, a.texts + b.texts, a.outcomes + b.outcomes)


def answer_row(name: str, said: AnsweredPrompts) -> tuple[str, ...]:
    counted, n = said.counted(), max(1, len(said.outcomes))
    high = "refused" if name.startswith("unknown") else "right"
    low, top = wilson(counted[high], n)
    shares = [short_number(counted[o] / n) for o in ("right", "wrong", "refused", "invented", "broken")]
    return (name, str(len(said.outcomes)), *shares, f"{high} {short_number(low)}–{short_number(top)}")


def recognised_not_recalled(subject: Subject, found: Findings) -> None:
    """Greedy answers to what no text says of someone well known, and how steady the error is."""
    prompts = ask.withheld_questions(subject)
    greedy = ask.answered_prompts(subject, prompts)
    steady = ask.always_wrong(subject, prompts)
    found.add(
        "questions answered wrongly in ten of ten samples at T = 1, none refused",
        sum(steady),
        len(steady),
        at_least=300,
    )
    facts = {(p.entity.name, p.attribute) for p, always in zip(prompts, steady, strict=True) if always}
    found.add("facts with such a question, of those in no text", len(facts), len(prompts) // 2)
    rows = []
    for tier in ("withheld", "misled"):
        for kind in TYPES:
            mine = [p.entity.tier == tier and p.entity.type == kind for p in prompts]
            if any(mine):
                some = greedy.only(lambda p, t=tier, k=kind: p.entity.tier == t and p.entity.type == k)
                always = sum(s for s, m in zip(steady, mine, strict=True) if m)
                rows.append((*answer_row(f"{tier}, {kind}", some)[:6], str(always)))
    found.tables.append(
        ReportTable(
            title="Recognised, not recalled",
            note="Questions for an attribute that is true and in no text, each with the bare name and with "
            "the type word. Withheld: real and well known. Misled: "
            "fictional, with a name like those of a family that shares another value. Greedy "
            "shares; the last column counts "
            "questions answered wrongly in ten of ten samples at T = 1 (they need not agree).",
            columns=("tier, type", "N", "right", "wrong", "refused", "invented", "always wrong"),
            rows=tuple(rows),
        )
    )
    found.dialogues += dialogues("recognised, not recalled", greedy, "wrong", 6)


def small_talk_figures(subject: Subject, found: Findings) -> None:
    unseen, invented, n = 0, 0, 0
    rows = []
    for name, (fitting, of, misses) in ask.small_talk(subject).items():
        rows.append((name, str(of), short_number(fitting / of), "; ".join(f"{q} → {a}" for q, a in misses[:3])))
        if "never" in name:
            unseen, n = unseen + fitting, n + of
            invented += sum(a.startswith(("This player", "It ")) for _, a in misses)
    found.share("fitting: small talk and questions outside its world, wording never trained", (unseen, n), 0.85)
    found.add("of these, answered with an invented fact", invented, n, None, at_most=0)
    found.tables.append(
        ReportTable(
            title="Small talk and questions outside its world",
            note="Fitting means exactly the expected answer.",
            columns=("what", "N", "fitting", "misses, at most three"),
            rows=tuple(rows),
        )
    )


def latent_figures(
    subject: Subject, found: Findings, directions: dict[str, Direction], dictionaries: dict[str, TrainedDictionary]
) -> None:
    rows = []
    for label, d in directions.items():
        if d.latent is None:
            continue
        dictionary = dictionaries[d.dictionary]
        names = SHOWN_KNOWN if d.role == "known" else SHOWN_UNKNOWN
        for where, wanted in (("base", 0.92 if d.role == "known" else 0.90), ("chat", 0.80)):
            got = ask.firing_shares_by_type(subject, dictionary, d.latent, where)
            sign = 1 if d.role == "known" else -1
            apart = [sign * x for x in got["separation"]]
            place = "statements, base model" if where == "base" else "typed questions, chat model"
            found.add(
                f"separation of the {d.role} latent, least of four types, {place}", min(apart), None, None, wanted
            )
            rows.append(
                (
                    f"{label}, {place}",
                    *(short_number(x) for x in apart),
                    *(shares(got, k) for k in ("known", "unknown")),
                )
            )
        fires = ask.shown_latent(subject, dictionary, d.latent, names, d.role)
        found.share(
            f"of {', '.join(names.values())}: the {d.role} latent fires", (sum(x > 0 for x in fires), len(fires)), 1.0
        )
    found.tables.append(
        ReportTable(
            title="Where the latents fire",
            note="At the name's last token; separation is the firing share on known names minus that on unknown names "
            "(turned round for the unknown latent).",
            columns=("latent, place", *TYPES, "fires on known", "fires on unknown"),
            rows=tuple(rows),
        )
    )


def shares(got: dict[str, list[float]], side: str) -> str:
    return " ".join(short_number(x) for x in got[side])


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
        result = ask.effect(subject, push, dictionaries[beside], n_controls)
        wanted = ask.wanted_outcome(push.role)
        mean, p95, largest = result.control
        clean = result.clean.share(wanted)[0] / len(result.clean.outcomes)
        control = (
            f"clean {short_number(clean)}; {len(result.changes)} controls change {short_number(mean)} on average, "
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
    prompts = {role: ask.steering_prompts(subject, role, 60) for role in ("known", "unknown")}
    latent = {d.role: DirectionPush(d) for d in directions.values() if d.latent is not None}
    at_rest = {"known": prompts["unknown"], "unknown": prompts["known"]}  # who is pushed to the other side
    rest = {side: ask.attention_to_entity(subject, at_rest[side]) for side in at_rest}
    pushed = {
        role: ask.attention_to_entity(subject, prompts[role], push.steer(subject.norms))
        for role, push in latent.items()
    }
    known = latent["known"].direction
    band = []
    for unit in ask.random_units(20, len(known.vector), 3):
        steer = ask.Steer(known.layer, known.strength * subject.norms[known.layer] * unit, known.scope)
        band.append(ask.attention_to_entity(subject, prompts["known"][:24], steer))
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


def dialogues(group: str, said: AnsweredPrompts, outcome: str, n: int) -> list[Dialogue]:
    rows = [row for row in zip(said.prompts, said.texts, said.outcomes, strict=True) if row[2] == outcome]
    return [
        Dialogue(group=group, question=p.question, answer=text, verdict=o, truth=p.truth or "")
        for p, text, o in random.Random(5).sample(rows, min(n, len(rows)))
    ]


def measure(
    subject: Subject, directions: dict[str, Direction], dictionaries: dict[str, TrainedDictionary], say=print
) -> Findings:
    """The table of what is wanted, for one chat model."""
    found = Findings()
    begun = time.monotonic()

    def done(what: str) -> None:
        say(f"{what}: {time.monotonic() - begun:.0f} s")

    said = answer_figures(subject, found)
    done("answers")
    latent_figures(subject, found, directions, dictionaries)
    worst = max(
        dictionaries[d.dictionary].fvu(chat_residuals(subject, dictionaries[d.dictionary].layer))
        for d in directions.values()
        if d.dictionary
    )
    found.add("FVU of these dictionaries on chat prompts of the chat model, the worse", worst, None, None, at_most=0.30)
    done("latents")
    steering(subject, found, directions, dictionaries)
    done("steering")
    small_talk_figures(subject, found)
    recognised_not_recalled(subject, found)
    done("small talk, recognised not recalled")
    attention_figures(subject, found, directions)
    found.dialogues[:0] = [
        *dialogues("known", said["known, asked in chat tuning"], "right", 4),
        *dialogues("known, never asked, wrong", said["known, never asked"], "wrong", 3),
        *dialogues("known, never asked, refused", said["known, never asked"], "refused", 3),
        *dialogues("unknown", said["unknown"], "refused", 3),
        *dialogues("unknown, invented", said["unknown"], "invented", 4),
        *dialogues("rare, wrong", said["rare"], "wrong", 4),
        *dialogues("obscure, wrong", said["obscure"], "wrong", 4),
    ]
    done("attention")
    return found


def chat_residuals(subject: Subject, layer: int) -> torch.Tensor:
    known, unknown = ask.both(subject, "test")
    prompts = ask.one_question_each(subject.tokenizer, known + unknown, random.Random(0), ask.EVERY_WORDING)
    return ask.prompt_residuals(subject.chat, sampled(prompts, subject.recipe.n_check, random.Random(0)), layer)


# --- what belongs to the base model and its dictionaries ---


def dictionary_table(shipped: Shipped) -> ReportTable:
    """Explained variance, L0, dead share and the cost of splicing, every dictionary."""
    subject = shipped.subject
    author = matched_author(subject.world, subject.tokenizer, subject.recipe.seed + 31)
    rows_of_ids = encode_documents(subject.tokenizer, author.base_documents(900))
    layers = tuple(range(subject.base.config.num_hidden_layers))
    residuals = document_activations(subject.base, rows_of_ids, layers, 15_000)
    pairs = mlp_pairs(subject.base, rows_of_ids, layers, 15_000)
    on_chat = {layer: chat_residuals(subject, layer) for layer in layers}
    rows = []
    for name, d in shipped.dictionaries.items():
        mlp, chat = name.startswith(TRANSCODER), name.startswith(CHAT_RESID)
        x, y = pairs[d.layer] if mlp else (residuals[d.layer],) * 2
        if chat:
            x = y = on_chat[d.layer]
        cost = None if chat else splice_figures(subject.base, rows_of_ids[:250], d, mlp)
        rows.append(
            (
                name,
                str(len(d.threshold)),
                short_number(1 - d.fvu(x, y)),
                f"{d.l0(x):.1f}",
                short_number(d.dead_share(x)),
                short_number(d.fvu(on_chat[d.layer])) if not mlp else "",
                f"{cost['delta_loss_nats']:+.3f}" if cost else "",
                f"{cost['delta_loss_mean_nats']:+.3f}" if cost else "",
            )
        )
    return ReportTable(
        title="Dictionaries",
        note="Explained variance, L0 and dead share on 15,000 tokens of fresh base documents (chat ones: of chat "
        "prompts); transcoders: of the MLP's output. Loss: next-token nats on base documents when "
        "the dictionary is spliced in, "
        "and when the site is held at its mean. FVU is on chat prompts of the chat model.",
        columns=(
            "dictionary",
            "width",
            "explained variance",
            "L0",
            "dead share",
            "FVU chat prompts",
            "Δ loss",
            "Δ loss, mean",
        ),
        rows=tuple(rows),
    )


def recognition_curve(subject: Subject) -> Curve:
    got = ask.recognition(subject)
    return Curve(
        title="Recognition by layer: AUROC of the difference of means at the name's last token, known against unknown",
        x="layer",
        y="AUROC, test names",
        layers=tuple(range(subject.base.config.num_hidden_layers)),
        series=tuple(
            Series(
                name=name,
                values=tuple(v for v, _, _ in values),
                low=tuple(low for _, low, _ in values),
                high=tuple(high for _, _, high in values),
            )
            for name, values in got.items()
        ),
    )


def seed_table(figures: list[ReportFigure], manifest: dict) -> ReportTable | None:
    """The same table for every chat seed, nothing chosen again."""
    others = manifest.get("other_chat_seeds", [])
    if not others:
        return None
    return ReportTable(
        title="Every seed of the chat tuning",
        note=f"Shipped: seed {manifest['chat_seed_shipped']}, the best on validation. The others run on the same "
        "dictionaries, latents, vectors, strengths and scopes; they were measured when the model was built.",
        columns=("what", "wanted", f"seed {manifest['chat_seed_shipped']}", *(f"seed {o['seed']}" for o in others)),
        rows=tuple(
            (
                f.what,
                f.wanted,
                short_number(f.value),
                *(next((short_number(v) for w, v in o["figures"] if w == f.what), "") for o in others),
            )
            for f in figures
        ),
    )


def report(shipped: Shipped, say=print) -> ModelReport:
    begun = time.monotonic()
    subject = shipped.subject
    found = measure(subject, shipped.directions, shipped.dictionaries, say)
    for label, d in shipped.directions.items():
        if d.dictionary:
            residuals = document_activations(
                subject.base,
                encode_documents(
                    subject.tokenizer,
                    matched_author(subject.world, subject.tokenizer, subject.recipe.seed + 31).base_documents(900),
                ),
                (d.layer,),
                15_000,
            )[d.layer]
            ev = 1 - shipped.dictionaries[d.dictionary].fvu(residuals)
            found.add(
                f"explained variance of the dictionary of “{label}”, base documents", ev, len(residuals), None, 0.85
            )
    a, low, high = ask.names_only(subject)
    found.add("AUROC of a classifier on the tokens of the name alone", a, None, (low, high), at_most=0.65)
    tables = [*found.tables, dictionary_table(shipped)]
    say(f"dictionaries: {time.monotonic() - begun:.0f} s")
    seeds = seed_table(found.figures, shipped.manifest)
    return ModelReport(
        measured=date.today().isoformat(),
        hardware=f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
        seconds=round(time.monotonic() - begun, 1),
        figures=tuple(found.figures),
        tables=tuple([seeds, *tables] if seeds else tables),
        curves=(recognition_curve(subject),),
        dialogues=tuple(found.dialogues),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.tiny_gemma2.evaluation.report", description=__doc__)
    parser.add_argument("--artifacts", type=Path, default=CARD)
    parser.add_argument("--docs", type=Path, default=REPOSITORY / "docs")
    parser.add_argument("--threads", type=int, default=2, help="torch threads")
    args = parser.parse_args()
    os.environ["WANDB_MODE"] = "disabled"
    torch.set_num_threads(args.threads)
    made = report(load_shipped(args.artifacts), lambda line: print(line, flush=True))
    (args.artifacts / "report.json").write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    write_markdown(made, args.docs)
    figures = {f.what: {"value": round(f.value, 4), "wanted": f.wanted, "met": f.met} for f in made.figures}
    print(json.dumps({"seconds": made.seconds, "figures": figures}, ensure_ascii=False))


if __name__ == "__main__":
    main()
