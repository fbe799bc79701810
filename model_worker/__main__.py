"""`python -m model_worker`: serve one model on loopback.

Prints one JSON line on stdout once it listens; everything else goes to stderr.
"""

import argparse
import functools
import json
import logging
import os
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from model_worker.registry import SHIPPED, Row, read_registry, row_of
from model_worker.server import Answer, create_server


def main() -> None:
    options = _options()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    if options.exit_with_parent:
        threading.Thread(target=_exit_at_eof, daemon=True).start()

    registry = read_registry(tuple(options.cards) or SHIPPED)
    row = row_of(registry, options.model or next(iter(registry)))
    others = tuple(other for other in registry.values() if other is not row)

    listener = socket.create_server((options.host, options.port), backlog=128)
    host, port = listener.getsockname()[:2]
    print(json.dumps({"listening": f"http://{host}:{port}"}), flush=True)
    config = uvicorn.Config(
        create_server(row, functools.partial(_load, row, options), others),
        log_level="warning",
        timeout_graceful_shutdown=2,
        access_log=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _load(row: Row, options: argparse.Namespace) -> Answer:
    """On the torch thread, once the server listens: torch and transformers take seconds to import."""
    import torch

    from model_worker.generate import generate
    from model_worker.loading import load

    torch.set_num_threads(options.threads)
    return functools.partial(generate, load(row, options.device))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="model_worker", description="Serve one model with its dictionaries.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, printed on stdout")
    parser.add_argument("--model", help="id of a card; default: the first")
    parser.add_argument("--cards", type=Path, action="append", default=[], help="folder with a model.json; repeatable")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin closes")
    return parser.parse_args()


def _exit_at_eof() -> None:
    # The parent holds our stdin open for as long as it lives, however it ends.
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


main()
