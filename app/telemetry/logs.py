"""How the log is written: lines of text for people, or of JSON for machines, on stderr.

The rest of the app logs with the standard library and knows nothing of this. `run_id` in the context of a task ends
up in every line that is logged there, whoever logs it.
"""

import json
import logging
import sys
from typing import Any, Literal

import structlog
from structlog.contextvars import merge_contextvars
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

# Whatever else is attached to a record stays out: nothing gets into the log by accident.
_FIELDS = ("run", "method", "route", "status", "ms", "bytes", "client", "model", "lane", "state", "prompt")


def set_up(form: Literal["text", "json"]) -> None:
    """For the whole process: all that is logged goes to stderr, in that form."""
    shared: list[Processor] = [
        merge_contextvars,
        ExtraAdder(_FIELDS),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last = structlog.processors.JSONRenderer() if form == "json" else _as_text
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(foreign_pre_chain=shared, processors=[ProcessorFormatter.remove_processors_meta, last])
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("httpx2", "alembic"):  # every health check; how a migration is about to begin
        logging.getLogger(chatty).setLevel(logging.WARNING)


def bind_run(run_id: str) -> None:
    """From here on every line that this task logs names the run."""
    structlog.contextvars.bind_contextvars(run=run_id)


def _as_text(_logger: WrappedLogger, _method: str, said: EventDict) -> str:
    """`2026-07-01T09:30:00.000000Z INFO app.access: answered method=GET route=/f/{slug}`, and then what broke."""
    broke = said.pop("exception", None)
    head = f"{said.pop('timestamp')} {said.pop('level').upper()} {said.pop('logger')}: {_one_line(said.pop('event'))}"
    line = " ".join([head, *(f"{name}={_value(value)}" for name, value in said.items())])
    return line if broke is None else f"{line}\n{broke}"


def _value(value: Any) -> str:
    text = str(value)
    return text if text.isprintable() and not set(text) & set(' "=') else json.dumps(text)


def _one_line(text: str) -> str:
    """Nobody writes lines of his own into the log."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
