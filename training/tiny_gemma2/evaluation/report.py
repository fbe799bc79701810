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
from datetime import date
from pathlib import Path

import torch

from protocol.worker.report import Curve, ModelReport, ReportFigure, ReportTable, Series
from training.tiny_gemma2.dictionaries.activations import document_activations, prompt_residuals
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.directions import Direction
from training.tiny_gemma2.dictionaries.stage import CHAT_RESID, TRANSCODER
from training.tiny_gemma2.dictionaries.transcoders import mlp_pairs, splice_figures
from training.tiny_gemma2.evaluation.answers import EVERY_WORDING
from training.tiny_gemma2.evaluation.findings import Findings, short_number
from training.tiny_gemma2.evaluation.markdown import write_markdown
from training.tiny_gemma2.evaluation.pushes import attention_figures, steering
from training.tiny_gemma2.evaluation.recognition import names_only, recognition
from training.tiny_gemma2.evaluation.wanted import (
    answer_figures,
    dialogues,
    latent_figures,
    recognised_not_recalled,
    small_talk_figures,
)
from training.tiny_gemma2.language_model.author import matched_author
from training.tiny_gemma2.language_model.base import encode_documents
from training.tiny_gemma2.language_model.prompts import sampled
from training.tiny_gemma2.language_model.sets import one_question_each
from training.tiny_gemma2.paths import CARD, REPOSITORY
from training.tiny_gemma2.shipped import Shipped, load_shipped
from training.tiny_gemma2.subject import Subject, both


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
    known, unknown = both(subject, "test")
    prompts = one_question_each(subject.tokenizer, known + unknown, random.Random(0), EVERY_WORDING)
    return prompt_residuals(subject.chat, sampled(prompts, subject.recipe.n_check, random.Random(0)), layer)


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
    got = recognition(subject)
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
    a, low, high = names_only(subject)
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
