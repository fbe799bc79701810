"""What an operator can set, by environment. Knows nothing about who reads it; `app.environment` reads it.

Every setting answers to HALLUCINOSCOPE_<NAME>; the four that other tools set too
also to their plain names: HOST, PORT, DATA_DIR, DATABASE_URL.
"""

import ipaddress
import re
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "HALLUCINOSCOPE_"
STORE_VARIABLE = PREFIX + "STORE_DIR"
ROOT = Path(__file__).resolve().parent.parent
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/?")
LOCAL_WORKER = (sys.executable, "-m", "model_worker", "--host", "127.0.0.1", "--port", "0", "--exit-with-parent")
FETCHER = (sys.executable, "-m", "model_worker.fetch")


def _either(name: str) -> AliasChoices:
    return AliasChoices(PREFIX + name, name)


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("each must be an address such as 10.0.0.7 or a network such as 10.0.0.0/8") from None
    return text


def _database(text: str) -> str:
    try:
        backend = make_url(text).get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in ("sqlite", "postgresql", "postgres"):
        raise ValueError("it must be like sqlite+aiosqlite:///file or postgresql://user:password@host/name")
    return text


def _address(text: str) -> str:
    """Without a slash at its end."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError(
            "it must be like https://host, or https://host/path where a proxy shares that host: the path in letters, "
            "digits, dashes, dots and underscores, without a query"
        )
    return text.rstrip("/")


class Settings(BaseSettings):
    """All defaults are for one person on one machine."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        populate_by_name=True,
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,  # it may be the token
    )

    host: str = Field("127.0.0.1", validation_alias=_either("HOST"), description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, validation_alias=_either("PORT"), description="port to listen on; 0: any")
    data_dir: Path = Field(Path("data"), validation_alias=_either("DATA_DIR"), description="folder of the database")
    database_url: Annotated[str, AfterValidator(_database)] | None = Field(
        None,
        validation_alias=_either("DATABASE_URL"),
        description="postgresql://user:password@host/name, or of another SQLite file; unset: SQLite in DATA_DIR",
    )
    store_dir: Path | None = Field(
        None, description="folder of fetched weights, for a worker that the app starts; unset: store in DATA_DIR"
    )
    model: str | None = Field(
        None, min_length=1, description="id of the model that our own worker loads; unset: the first that ships"
    )
    worker_url: str | None = Field(None, description="a worker that runs elsewhere; unset: the app starts its own")
    worker_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="what the worker wants to hear first; one that the app starts reads it here too",
    )
    worker_command: tuple[str, ...] = Field(LOCAL_WORKER, min_length=1, description="JSON list: how to start our own")
    worker_restart_s: float = Field(0.5, gt=0, description="first pause before a crashed worker is started again")
    worker_silence_s: float = Field(120, gt=0, description="a stream that is silent this long is given up")
    max_recording_bytes: int = Field(16 * 2**20, gt=0, description="a run that grows beyond this is ended")
    max_study_bytes: int = Field(64 * 2**20, gt=0, description="and a study that does")
    keep_unsaved_hours: float = Field(
        24, gt=0, description="runs that nobody saved, paused ones too, are deleted after this"
    )
    max_unsaved_bytes: int = Field(
        2 * 2**30, gt=0, description="when unsaved runs together take more, the oldest are deleted"
    )
    max_queued_runs: int = Field(100, ge=0, description="background runs that may wait; more are refused")
    background_runs: int = Field(2, ge=0, description="background runs that this app keeps going at once; 0: none")
    lease_s: float = Field(15, gt=0, description="an app that was silent this long is dead: others take its runs over")
    stories: bool = Field(True, description="the gallery has the findings that ship here beside its own")
    password: SecretStr | None = Field(
        None,
        min_length=8,
        description="what everyone must know to see anything: as Basic password with any name, or as Bearer token",
    )
    operator_token: SecretStr | None = Field(
        None, min_length=16, description="Bearer token for /metrics; unset: open to this machine, closed to others"
    )
    trusted_proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), description="JSON list of addresses or networks whose X-Forwarded-For and -Proto are believed"
    )
    runs_per_minute: int | None = Field(
        None,
        ge=0,
        description="runs, saves and checks that one client may ask; 0: no limit; unset: 60, none if host is loopback",
    )
    reads_per_minute: int | None = Field(
        None,
        ge=0,
        description="all else that one client may ask; 0: no limit; unset: 1200, none if host is loopback",
    )
    public_url: Annotated[str, AfterValidator(_address)] | None = Field(
        None,
        description="where readers find the app, for links, and below which path of its host a proxy puts it; on "
        "loopback the one name besides localhost that it answers to; unset: as they asked",
    )
    log_format: Literal["text", "json"] = Field("text", description="of the log on stderr")
    log_prompts: bool = Field(False, description="write prompts into the log too")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'hallucinoscope.db').absolute()}"

    @property
    def store(self) -> Path:
        return (self.store_dir or self.data_dir / "store").absolute()

    @property
    def own_worker(self) -> tuple[str, ...]:
        """How it is started, with what it loads."""
        return self.worker_command if self.model is None else (*self.worker_command, "--model", self.model)

    @property
    def own_fetcher(self) -> tuple[str, ...]:
        """What fetches the weights of a model that is named behind it, of the cards that our own worker has."""
        words = self.worker_command
        own = [place for place, word in enumerate(words[:-1]) if word == "--cards"]
        return (*FETCHER, *(word for place in own for word in words[place : place + 2]))

    @property
    def on_loopback(self) -> bool:
        """Only this machine can ask."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def runs_limit(self) -> int:
        """Per client and minute; 0: none."""
        return self._limit(self.runs_per_minute, 60)

    @property
    def reads_limit(self) -> int:
        """Per client and minute; 0: none."""
        return self._limit(self.reads_per_minute, 1200)

    def _limit(self, asked: int | None, usual: int) -> int:
        return asked if asked is not None else 0 if self.on_loopback else usual
