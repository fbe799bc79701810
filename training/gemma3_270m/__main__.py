"""`python -m training.gemma3_270m STAGE`: labels, tuning and answers of Gemma 3 270M, from its stored base and seeds.

label   the base says what it knows: WORK/labels.json
judge   the same labels from the same samples, after another word for a value was written down
tune    a delta a seed: WORK/tune-SEED/step-N.safetensors; goes on where it was interrupted; --until cuts it in stages
check   every kept delta on the validation split
answer  the test split, asked of one delta: WORK/answers-SEED.json
card    what that leaves for the card, in WORK/card

The base is what the store holds (docs/models.md says how it is filled).
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.gemma3_270m.asking import Asker

STAGES = ("label", "judge", "tune", "check", "answer", "card")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.gemma3_270m", description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / ".work", help="finished stages")
    parser.add_argument("--seed", type=int, default=1, help="of tuning")
    parser.add_argument("--until", type=int, default=10**6, help="the step that tuning stops at")
    parser.add_argument("--delta", type=Path, help="of the stage `answer`; by default the newest of the seed")
    parser.add_argument("--threads", type=int, default=2, help="torch threads")
    args = parser.parse_args()

    import torch  # after the arguments: --help should not take seconds

    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    (args.work / ".gitignore").write_text("*\n")
    {
        "label": label_stage,
        "judge": judge_stage,
        "tune": tune_stage,
        "check": check_stage,
        "answer": answer_stage,
        "card": card_stage,
    }[args.stage](args, say_it)


def say_it(line: str) -> None:
    print(line, flush=True)


def asker_of(base: Path, delta: Path | None = None) -> "Asker":
    """In bf16; a delta is merged in."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from training.gemma3_270m.asking import Asker
    from training.gemma3_270m.tuning.low_rank import merge

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if delta is not None:
        merge(model, delta)
    return Asker(model.to(torch.bfloat16), AutoTokenizer.from_pretrained(base))


def label_stage(args: argparse.Namespace, say: Callable[[str], None]) -> None:
    from training.gemma3_270m.labels import label_type, write_labels
    from training.gemma3_270m.recipe import GEMMA_RECIPE
    from training.gemma3_270m.world.entities import real_names
    from training.gemma3_270m.world.wording import GEMMA_TYPES

    asker, real = asker_of(args.base), real_names()
    labels = []
    for kind in GEMMA_TYPES:
        labels += label_type(asker, [one for one in real if one.type == kind], GEMMA_RECIPE, say)
    write_labels(args.work / "labels.json", labels)


def judge_stage(args: argparse.Namespace, say: Callable[[str], None]) -> None:
    from training.gemma3_270m.labels import judged_again, read_labels, write_labels

    labels = read_labels(args.work / "labels.json")
    judged = [judged_again(label) for label in labels]
    write_labels(args.work / "labels.json", judged)
    changed = sum(was["tier"] != now["tier"] for was, now in zip(labels, judged, strict=True))
    say(f"{changed} of {len(labels)} names have another tier")


def tune_stage(args: argparse.Namespace, say: Callable[[str], None]) -> None:
    from training.gemma3_270m.labels import answerable, read_labels
    from training.gemma3_270m.recipe import GEMMA_RECIPE
    from training.gemma3_270m.tuning.tune import tune
    from training.gemma3_270m.tuning.turns import Turns
    from training.gemma3_270m.world.entities import invented_entities, real_names

    asker = asker_of(args.base)
    names = answerable(read_labels(args.work / "labels.json"), GEMMA_RECIPE)
    known = [one for one in real_names() if one.name in names and one.split == "chat-train"]
    invented = [one for one in invented_entities() if one.split == "chat-train"]
    turns = Turns(asker.tokenizer, GEMMA_RECIPE, known, invented, args.seed)
    tune(asker.model, turns, GEMMA_RECIPE, args.work / f"tune-{args.seed}", args.until, say)


def check_stage(args: argparse.Namespace, say: Callable[[str], None]) -> None:
    from training.gemma3_270m.evaluation.check import margin, validation_shares
    from training.gemma3_270m.labels import read_labels
    from training.gemma3_270m.recipe import GEMMA_RECIPE
    from training.gemma3_270m.world.entities import invented_entities, real_names

    tiers = {one["name"]: one["tier"] for one in read_labels(args.work / "labels.json")}
    known = [one for one in real_names() if tiers[one.name] == "known" and one.split == "validation"]
    invented = [one for one in invented_entities() if one.split == "validation"]
    for delta in kept_deltas(args.work / f"tune-{args.seed}"):
        shares = validation_shares(asker_of(args.base, delta), known, invented, GEMMA_RECIPE)
        say(f"{delta.name}: margin {margin(shares):+.3f}")
        say("  " + ", ".join(f"{what} {hits} of {n}" for what, (hits, n) in shares.items()))


def answer_stage(args: argparse.Namespace, say: Callable[[str], None]) -> None:
    from training.gemma3_270m.evaluation.answering import answering, as_json, asked_groups, wanted_groups
    from training.gemma3_270m.labels import read_labels
    from training.gemma3_270m.recipe import GEMMA_RECIPE
    from training.gemma3_270m.world.entities import invented_entities, real_names

    delta = args.delta or kept_deltas(args.work / f"tune-{args.seed}")[-1]
    labels = read_labels(args.work / "labels.json")
    groups = asked_groups(real_names(), invented_entities(), labels, GEMMA_RECIPE)
    if args.seed != GEMMA_RECIPE.seeds[0]:
        groups = wanted_groups(groups)
    found = answering(asker_of(args.base, delta), groups, args.seed, GEMMA_RECIPE, say)
    (args.work / f"answers-{args.seed}.json").write_text(json.dumps(as_json(found), ensure_ascii=False, indent=0))


def card_stage(args: argparse.Namespace, say: Callable[[str], None]) -> None:
    from training.gemma3_270m.card.examples import FIRST_NAMES, card_examples
    from training.gemma3_270m.card.tuned import write_tuned
    from training.gemma3_270m.labels import answerable, read_labels
    from training.gemma3_270m.recipe import GEMMA_RECIPE
    from training.gemma3_270m.world.entities import invented_entities

    rows = json.loads((args.work / f"answers-{args.seed}.json").read_text())["rows"]
    delta = args.delta or kept_deltas(args.work / f"tune-{args.seed}")[-1]
    labels = read_labels(args.work / "labels.json")
    asked = answerable(labels, GEMMA_RECIPE)
    write_tuned(args.work / "card", delta, labels, invented_entities(), asked, card_examples(rows, FIRST_NAMES))


def kept_deltas(folder: Path) -> list[Path]:
    """By step."""
    return sorted(folder.glob("step-*.safetensors"), key=lambda file: int(file.stem.split("-")[1]))


if __name__ == "__main__":
    main()
