"""Answers and latents of one chat model, beside what was wanted of them.

Measures nothing itself.
"""

import random

from model_worker.studies.shared.statistics import wilson
from protocol.worker.report import Dialogue, ReportTable
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.directions import Direction
from training.tiny_gemma2.evaluation.answers import (
    AnsweredPrompts,
    always_wrong,
    answered_prompts,
    groups,
    small_talk,
    withheld_questions,
)
from training.tiny_gemma2.evaluation.findings import Findings, shares, short_number
from training.tiny_gemma2.evaluation.recognition import firing_shares_by_type, refusal_auroc, shown_latent
from training.tiny_gemma2.subject import Subject
from training.tiny_gemma2.world.entities import SHOWN_KNOWN, SHOWN_UNKNOWN, TYPES

# --- what one chat model does ---


def answer_figures(subject: Subject, found: Findings) -> dict[str, AnsweredPrompts]:
    said = {name: answered_prompts(subject, prompts) for name, prompts in groups(subject).items()}
    known, never, unknown = (said[g] for g in ("known, asked in chat tuning", "known, never asked", "unknown"))
    found.share("right on known entities asked in chat tuning", known.share("right"), 0.99)
    found.share("right on known entities never asked in chat tuning", never.share("right"), 0.93)
    found.share("refuses unknown names that are in no text", unknown.share("refused"), 0.96)
    a, low, high = refusal_auroc(subject, never.prompts, unknown.prompts)
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
    prompts = withheld_questions(subject)
    greedy = answered_prompts(subject, prompts)
    steady = always_wrong(subject, prompts)
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
    for name, (fitting, of, misses) in small_talk(subject).items():
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
            got = firing_shares_by_type(subject, dictionary, d.latent, where)
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
        fires = shown_latent(subject, dictionary, d.latent, names, d.role)
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


def dialogues(group: str, said: AnsweredPrompts, outcome: str, n: int) -> list[Dialogue]:
    rows = [row for row in zip(said.prompts, said.texts, said.outcomes, strict=True) if row[2] == outcome]
    return [
        Dialogue(group=group, question=p.question, answer=text, verdict=o, truth=p.truth or "")
        for p, text, o in random.Random(5).sample(rows, min(n, len(rows)))
    ]
