"""What an operator can set, by environment. Knows nothing about who reads it.

Every setting answers to HALLUCINOSCOPE_<NAME>; the four that other tools set too
also to their plain names: HOST, PORT, DATA_DIR, DATABASE_URL.
"""

import sys
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "HALLUCINOSCOPE_"
ROOT = Path(__file__).resolve().parent.parent
LOCAL_WORKER = (sys.executable, "-m", "model_worker", "--host", "127.0.0.1", "--port", "0", "--exit-with-parent")


def _either(name: str) -> AliasChoices:
    return AliasChoices(PREFIX + name, name)


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
    database_url: str | None = Field(
        None,
        validation_alias=_either("DATABASE_URL"),
        description="SQLAlchemy URL with an async driver; unset: SQLite in data_dir",
    )
    worker_url: str | None = Field(None, description="a worker that runs elsewhere; unset: the app starts its own")
    worker_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="what the worker wants to hear first; one that the app starts reads it here too",
    )
    worker_command: tuple[str, ...] = Field(LOCAL_WORKER, min_length=1, description="JSON list: how to start our own")
    worker_restart_s: float = Field(0.5, gt=0, description="first pause before a crashed worker is started again")
    worker_silence_s: float = Field(120, gt=0, description="a stream that is silent this long counts as lost")
    max_recording_bytes: int = Field(16 * 2**20, gt=0, description="a run that grows beyond this is ended")
    keep_unsaved_hours: float = Field(24, gt=0, description="runs that nobody saved are deleted after this")
    max_unsaved_bytes: int = Field(
        2 * 2**30, gt=0, description="when unsaved runs together take more, the oldest are deleted"
    )
    max_queued_runs: int = Field(100, ge=0, description="background runs that may wait; more are refused")
    background_runs: int = Field(2, ge=0, description="background runs that this app keeps going at once; 0: none")
    lease_s: float = Field(15, gt=0, description="an app that was silent this long is dead: others take its runs over")
    password: SecretStr | None = Field(
        None,
        min_length=8,
        description="what everyone must know to see anything: as Basic password with any name, or as Bearer token",
    )
    operator_token: SecretStr | None = Field(
        None, min_length=16, description="Bearer token for /metrics; unset: open to loopback clients, closed to others"
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="JSON list of addresses or networks whose X-Forwarded-For is believed"
    )
    runs_per_minute: int | None = Field(
        None, ge=0, description="asked by one client: runs, saves, checks; 0: no limit; unset: 60, none on loopback"
    )
    reads_per_minute: int | None = Field(
        None, ge=0, description="all else asked by one client; 0: no limit; unset: 1200, none on loopback"
    )
    public_url: str | None = Field(
        None, pattern=r"^https?://", description="where readers find the app, for link previews; unset: as they asked"
    )
    log_format: Literal["text", "json"] = Field("text", description="of the log on stderr")
    log_prompts: bool = Field(False, description="write prompts into the log too")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'hallucinoscope.db').absolute()}"
