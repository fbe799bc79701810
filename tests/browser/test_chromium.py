"""What stands in the way of a browser is installed where we may, and named within a minute where we may not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import OWN, SHELL, Missing, launch, start_driver
from tests.browser.conftest import ROOT

LIBATOMIC = "error while loading shared libraries: libatomic.so.1: cannot open shared object file"


@pytest.fixture
def program(tmp_path: Path):
    """program(name, body): a shell script of that name, in a folder that nothing else is in."""

    def program(name: str, body: str) -> Path:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return program


def _node(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(path))


def test_a_driver_without_its_library_names_the_package(program, monkeypatch: pytest.MonkeyPatch) -> None:
    _node(monkeypatch, program("node", f'echo "node: {LIBATOMIC}" >&2; exit 127'))
    with pytest.raises(Missing, match=r"Install the package libatomic1 and try again\.\n.*libatomic\.so\.1"):
        start_driver(lambda package: False)


def test_the_library_is_installed_where_we_may_and_the_driver_started_again(
    program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "libatomic1"
    _node(monkeypatch, program("node", f'[ -e {there} ] || {{ echo "node: {LIBATOMIC}" >&2; exit 127; }}'))
    installed = []

    def install(package: str) -> bool:
        installed.append(package)
        (tmp_path / package).touch()
        return True

    start_driver(install)
    assert installed == ["libatomic1"]


@pytest.mark.parametrize("complaint", [LIBATOMIC, LIBATOMIC.replace("libatomic", "libodd"), ""])
def test_a_driver_that_no_package_helps_is_told_once(program, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _node(monkeypatch, program("node", f'echo "{complaint}" >&2; exit 127'))
    with pytest.raises(Missing, match="driver does not start"):
        start_driver(lambda package: True)


def test_who_may_not_install_reads_one_sentence_and_the_status_is_1(program, tmp_path: Path) -> None:
    node = program("node", f'echo "node: {LIBATOMIC}" >&2; exit 127')
    environment = os.environ | {"PATH": str(tmp_path), "PLAYWRIGHT_NODEJS_PATH": str(node)}
    command = [sys.executable, "-m", "tests.browser.chromium"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert ended.stderr.startswith("== Playwright's driver does not start. Install the package libatomic1")


def test_a_program_that_does_not_start_is_passed_over_and_its_reason_kept(
    chromium: Browser, program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(
        "google-chrome", 'echo "chrome: error while loading shared libraries: libnss3.so: cannot open" >&2; exit 127'
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(Missing, match=r"google-chrome: .*libnss3\.so"):
        launch(chromium.browser_type, ("google-chrome",))
    with launch(chromium.browser_type, ("google-chrome", OWN, SHELL, "chromium")) as browser:
        assert browser.version
