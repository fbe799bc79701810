"""`python -m model_worker`: serve one model, on loopback unless a token is shared.

Prints one JSON line on stdout once it listens; everything else goes to stderr.
"""

import argparse
import functools
import gc
import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn

from model_worker.model.registry import RegistryRow, read_registry, row_of
from model_worker.serve.access import TOKEN_VARIABLE, address_of, read_token
from model_worker.serve.server import Model, create_server


def main() -> None:
    options = _options()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    if options.exit_with_parent:
        threading.Thread(target=_exit_at_eof, daemon=True).start()

    registry = read_registry(tuple(options.cards))
    row = row_of(registry, options.model or next(iter(registry)))
    others = tuple(other for other in registry.values() if other is not row)

    listener = socket.create_server((options.address, options.port), backlog=128)
    host, port = listener.getsockname()
    print(json.dumps({"listening": f"http://{host}:{port}"}), flush=True)
    config = uvicorn.Config(
        create_server(row, functools.partial(_load, row, options), others, token=options.token),
        log_level="warning",
        timeout_graceful_shutdown=2,
        access_log=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _load(row: RegistryRow, options: argparse.Namespace, say: Callable[[str], None]) -> Model:
    """On the torch thread, once the server listens: torch and transformers take seconds to import."""
    say("starting torch and transformers")
    import torch

    from model_worker.engine import Engine
    from model_worker.model.head import threads_for
    from model_worker.model.loading import load

    n_cores = os.cpu_count() or 2
    torch.set_num_threads(options.threads or n_cores)
    loaded = load(row, options.device, say)
    torch.set_num_threads(options.threads or threads_for(loaded.gemma.head.weight.nbytes, n_cores))
    engine = Engine(
        loaded,
        kv_bytes=None if options.kv_mib is None else options.kv_mib * 2**20,
        prompt_bytes=None if options.prompt_cache_mib is None else options.prompt_cache_mib * 2**20,
        compiled=options.compile,
        row=row,
    )
    if options.compile:
        engine.warm()
    # What torch and the model consist of stays; looking through it for garbage halts every thread for 0.3 s.
    gc.collect()
    gc.freeze()
    return engine


def _options() -> argparse.Namespace:
    """What was asked, and `token` and `address`; ends the process with status 2 where that can't be."""
    parser = argparse.ArgumentParser(prog="model_worker", description="Serve one model with its dictionaries.")
    parser.add_argument("--host", default="127.0.0.1", help="other than loopback only with a token")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, printed on stdout")
    parser.add_argument(
        "--token-file", type=Path, help=f"holds the token that every request must bring; default: {TOKEN_VARIABLE}"
    )
    parser.add_argument("--model", help="id of a card; default: the first")
    parser.add_argument("--cards", type=Path, action="append", default=[], help="folder with a model.json; repeatable")
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--threads", type=int, help="default: all cores for a large model, one fewer for a small, which gains nothing"
    )
    parser.add_argument("--kv-mib", type=_mib, help="memory for keys and values of answers in the making")
    parser.add_argument("--prompt-cache-mib", type=_mib, help="memory for prompts that were read; 0: none is kept")
    parser.add_argument("--compile", action="store_true", help="torch.compile: ready later, then faster")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin closes")
    options = parser.parse_args()
    try:
        options.token = read_token(options.token_file, os.environ.get(TOKEN_VARIABLE))
        options.address = address_of(options.host, options.token)
    except ValueError as error:
        parser.error(str(error))
    return options


def _mib(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("a whole number of MiB is needed")
    return int(text)


def _exit_at_eof() -> None:
    # The parent holds our stdin open for as long as it lives, however it ends.
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


main()
