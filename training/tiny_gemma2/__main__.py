"""`python -m training.tiny_gemma2`: trains everything again, from seeds.

Finished stages are found in the work folder and not done twice.
"""

import argparse
import os
from pathlib import Path

from training.tiny_gemma2.paths import CARD

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.tiny_gemma2", description=__doc__)
    parser.add_argument("--out", type=Path, default=CARD, help="folder of the result, replaced whole")
    parser.add_argument("--work", type=Path, default=HERE / ".work", help="finished stages, for resuming")
    parser.add_argument("--threads", type=int, default=2, help="torch threads")
    parser.add_argument("--toy", action="store_true", help="seconds instead of an hour; learns nothing")
    args = parser.parse_args()
    # sae-lens imports wandb, which would ask for an account
    os.environ["WANDB_MODE"] = "disabled"

    import torch  # after the arguments: --help should not take seconds

    from training.tiny_gemma2.build import build
    from training.tiny_gemma2.recipe import FULL, TOY

    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    (args.work / ".gitignore").write_text("*\n")
    build(TOY if args.toy else FULL, args.out, args.work, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
