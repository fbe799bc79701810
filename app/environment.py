"""The environment as whoever runs the app writes it: read into `Settings`, and described.

What is wrong is said by the name of its variable, and never with its value, which may be a secret.
"""

import json
import os
import re
import sys
from difflib import get_close_matches
from typing import Any

from pydantic import AliasChoices, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError

from app.settings import PREFIX, Settings


class BadSettings(Exception):
    """A sentence for each variable that can't be used."""


def read_settings() -> Settings:
    """Raises BadSettings, also for a variable with our prefix that is none of ours: a password with a typo in its
    name would protect nothing."""
    known = known_variables()
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise BadSettings("\n".join(f"{name} is no setting.{_did_you_mean(name, known)}" for name in unknown))
    try:
        return Settings()
    except ValidationError as error:
        raise BadSettings("\n".join(_sentence(problem) for problem in error.errors(include_url=False))) from None
    except SettingsError as error:  # names the field and nothing else
        field = re.search(r'"(\w+)"', str(error))
        name = _variable(field[1]) if field else "A setting"
        raise BadSettings(f"{name} can't be read. It has to be a JSON list of strings.") from None


def known_variables() -> set[str]:
    return {name for field in Settings.model_fields for name in _names(field)}


def settings_table() -> str:
    """All settings as a Markdown table, as docs/settings.md has it."""
    rows = ["| variable | default | means |", "|---|---|---|"]
    for field, info in Settings.model_fields.items():
        meaning = (info.description or "").replace("|", "\\|")
        rows.append(f"| `{_names(field)[-1]}` | {_default(info)} | {meaning} |")
    return "\n".join(rows)


def _names(field: str) -> list[str]:
    """Of the variables that set it, the plain one last."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [PREFIX + field.upper()]


def _variable(said: str) -> str:
    """The one that is set; `said` is a field or one of its variables."""
    names = next(names for field in Settings.model_fields if said in (field, *(names := _names(field))))
    return next((name for name in names if name in os.environ), names[-1])


def _sentence(problem: Any) -> str:
    field, *where = problem["loc"]
    said = problem["msg"].removeprefix("Value error, ")
    place = f", item {where[0] + 1}" if where else ""
    return f"{_variable(str(field))}{place} can't be used. {said[:1].upper()}{said[1:]}."


def _did_you_mean(name: str, known: set[str]) -> str:
    own = sorted(other.removeprefix(PREFIX) for other in known if other.startswith(PREFIX))
    close = get_close_matches(name.upper().removeprefix(PREFIX), own, n=1)
    return f" Did you mean {PREFIX}{close[0]}?" if close else " `python -m app --settings` lists them."


def _default(info: FieldInfo) -> str:
    value = info.default
    if value is None:
        return ""
    if isinstance(value, tuple):
        value = json.dumps([part.replace(sys.executable, "python") for part in value])
    assert not isinstance(value, SecretStr), "a secret has no default"
    return f"`{value}`"
