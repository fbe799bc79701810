"""What can be said of Dockerfile and compose.yaml without Docker: that they name what is there."""

import fnmatch
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.environment import known_variables
from model_worker.serve.access import TOKEN_VARIABLE

ROOT = Path(__file__).parent.parent
DOCKERFILE = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
LINES = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)

pytestmark = pytest.mark.core


def _stages() -> dict[str, list[str]]:
    """The lines of each stage, under its name, in their order."""
    stages: dict[str, list[str]] = {}
    for line in LINES:
        if line.startswith("FROM "):
            stages[line.split(" AS ")[1]] = lines = []
        lines.append(line)
    return stages


def _ignored(name: str) -> bool:
    kept = True
    for rule in (ROOT / ".dockerignore").read_text().split("\n"):
        if rule and not rule.startswith("#") and fnmatch.fnmatch(name, rule.lstrip("!")):
            kept = rule.startswith("!")
    return not kept


def test_whatever_the_image_copies_is_there_and_nothing_else_reaches_the_build() -> None:
    copied = {
        source
        for line in LINES
        if line.startswith("COPY ") and "--from=" not in line
        for source in shlex.split(line)[1:-1]
    }
    assert {"app", "protocol", "model_worker", "static", "templates", "pyproject.toml", "LICENSE"} <= copied
    for name in copied:
        assert (ROOT / name).exists() and not _ignored(name), name
    for name in (".env", ".git", "data", "tests", "docs", ".venv"):
        assert _ignored(name), name


def test_the_licence_is_the_one_that_the_project_names() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"]["text"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text


def test_the_default_image_is_for_cpus_and_both_are_the_same_app() -> None:
    stages = _stages()
    assert list(stages)[-1] == "cpu"
    for target in ("cpu", "cuda"):
        head, copy = stages[target]
        assert head == f"FROM hallucinoscope AS {target}"
        assert copy == f"COPY --link --from=packages-{target} /opt/venv /opt/venv"
        assert f"packages-{target}" in stages
    for line in LINES:
        for source in re.findall(r"^FROM (\w+)|--from=([\w-]+)", line):
            name = next(filter(None, source))
            assert name in stages or name == "python"


def test_the_image_runs_as_nobody_special_and_says_whether_it_lives() -> None:
    app = _stages()["hallucinoscope"]
    assert "USER scope" in app and app.index("USER scope") > max(n for n, s in enumerate(app) if s.startswith("RUN"))
    assert any(line.startswith("HEALTHCHECK ") and "/healthz" in line for line in app)
    assert "[dev]" not in DOCKERFILE and "dev]" not in DOCKERFILE


def test_the_image_installs_the_torch_that_is_pinned() -> None:
    pinned = re.search(r"^torch==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()
    for text in (DOCKERFILE, makefile):
        assert set(re.findall(r"torch==([\d.]+)", text)) == {pinned[1].split("+")[0]}


def test_what_is_set_in_image_and_compose_is_a_setting() -> None:
    app = next(line for line in _stages()["hallucinoscope"] if line.startswith("ENV "))
    ours = {name for name in re.findall(r"(\w+)=", app) if not name.startswith(("PYTHON", "PATH", "HF_"))}
    assert ours == {"HOST", "PORT", "DATA_DIR"}
    assert ours | SERVICES["app"]["environment"].keys() <= known_variables()
    assert SERVICES["worker"]["environment"].keys() == {TOKEN_VARIABLE}


def test_no_secret_is_written_down_and_each_has_its_place_in_the_example() -> None:
    text = (ROOT / "compose.yaml").read_text()
    wanted = set(re.findall(r"\$\{(\w+)", text))
    assert wanted == {name for name, _ in EXAMPLE}
    assert not any(value for _, value in EXAMPLE)
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            assert not re.search("PASSWORD|TOKEN", name) or value.startswith("${"), name


def test_the_parts_find_each_other_and_keep_what_they_have() -> None:
    app, worker, database = SERVICES["app"], SERVICES["worker"], SERVICES["database"]
    command = worker["command"]
    assert app["environment"]["HALLUCINOSCOPE_WORKER_URL"] == f"http://worker:{command[command.index('--port') + 1]}"
    assert "@database/" in app["environment"]["DATABASE_URL"]
    assert app["image"] == worker["image"] and "build" not in worker
    assert worker["healthcheck"] and database["healthcheck"]
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert mounted == COMPOSE["volumes"].keys()
    assert all(port.startswith("127.0.0.1:") for port in app["ports"]), "a proxy with TLS goes in front"
    assert "ports" not in worker and "ports" not in database
