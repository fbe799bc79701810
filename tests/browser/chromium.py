"""The Chromium of the browser tests. `python -m tests.browser.chromium` starts it once and installs what that takes.

1. Playwright's driver: a Node.js that wants a library which a bare Debian lacks.
2. The first Chromium that starts: Playwright's own, where it can be downloaded; a headless shell, the system's or
   Debian's, which has no window around the page and spares a fifth of the time; a Chromium with one.
What is missing is installed where we may (root, apt-get). Otherwise this ends, within a minute, and says which package
to install: better than hundreds of tests that end in an error.
Knows nothing about pages.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

from playwright.sync_api import Browser, BrowserType, Error, sync_playwright

SHELL = "chromium-headless-shell"
WINDOWED = ("chromium", "chromium-browser", "google-chrome")
OWN = ""
"""Stands for Playwright's own among the names of programs."""

LIBRARIES = {"libatomic.so.1": "libatomic1", "libstdc++.so.6": "libstdc++6", "libgcc_s.so.1": "libgcc-s1"}
"""Debian's package of each library that the driver is linked to, libc apart."""

SILENCE_MS = 8_000
"""A download that is silent this long is tried again, four times: where packets vanish, that is most of the minute."""
DOWNLOAD_S = 300

Install = Callable[[str], bool]
"""Installs a package of Debian; False where that is not possible."""


class Missing(Exception):
    """What does not start, and what to install."""


def launch(kind: BrowserType, programs: tuple[str, ...] = (OWN, SHELL, *WINDOWED)) -> Browser:
    """The first of them that starts. Raises Missing."""
    reasons = []
    for program in programs:
        path = shutil.which(program) if program else None
        if program and path is None:
            continue
        try:
            return kind.launch(executable_path=path)
        except Error as error:
            reasons.append(f"  {path or 'Playwright’s own'}: {_reason(error.message)}")
    raise Missing("\n".join(reasons))


def start_driver(install: Install) -> None:
    """Raises Missing where Playwright's driver lacks a library that can't be installed."""
    tried: set[str] = set()
    while complaint := _complaint(sys.executable, "-m", "playwright", "--version"):
        library = re.search(r"[\w+.-]+\.so[.\d]*", complaint)
        package = LIBRARIES.get(library[0]) if library else None
        if package is None or package in tried or not install(package):
            wanted = f"the package {package}" if package else "what it lacks"
            raise Missing(f"Playwright's driver does not start. Install {wanted} and try again.\n  {complaint}")
        tried.add(package)


def start_chromium(install: Install) -> str:
    """The version that starts. Raises Missing where none does and none can be had."""
    reasons = []
    with sync_playwright() as playwright:
        for programs in _ways(install):
            try:
                with launch(playwright.chromium, programs) as browser:
                    return browser.version
            except Missing as missing:
                reasons += filter(None, [str(missing)])
    raise Missing(
        "\n".join(
            [f"No Chromium starts. Install the package {SHELL} or chromium, or Google Chrome, and try again.", *reasons]
        )
    )


def install_from_debian(package: str) -> bool:
    """As root of a Debian only."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print(f"== installing {package}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in ("update -qq", f"install -y -qq --no-install-recommends {package}"):
        done = subprocess.run(["apt-get", *command.split()], capture_output=True, text=True, env=environment)
    if done.returncode:
        print(done.stderr.strip(), flush=True)
    return done.returncode == 0


def _ways(install: Install) -> Iterator[tuple[str, ...]]:
    """To a Chromium, the best first: gets what can be had, and gives the names of what may start then."""
    _download()
    yield (OWN,)
    if shutil.which(SHELL) or install(SHELL):
        yield (SHELL,)
    yield WINDOWED
    if install("chromium"):
        yield ("chromium",)


def _download() -> None:
    """Ends at once where it was downloaded already."""
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", "--no-progress", "chromium"]
    patience = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": str(SILENCE_MS)}
    try:
        subprocess.run(command, timeout=DOWNLOAD_S, capture_output=True, env=os.environ | patience)
    except subprocess.TimeoutExpired:
        print(f"== Chromium could not be downloaded in {DOWNLOAD_S} s", flush=True)


def _complaint(*command: str) -> str | None:
    """None where it ends well."""
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stderr.strip() or "It says nothing.").splitlines()[-1] if done.returncode else None


def _reason(message: str) -> str:
    """The line among Playwright's many that says why."""
    lines = [line.strip(" ║╔╗╚╝═") for line in message.splitlines()]
    telling = re.compile(r"error while loading|doesn't exist|not found|missing|requires", re.IGNORECASE)
    return next((line for line in lines if telling.search(line)), lines[0])


def main() -> None:
    try:
        start_driver(install_from_debian)
        print(f"== Chromium {start_chromium(install_from_debian)} starts", flush=True)
    except Missing as missing:
        raise SystemExit(f"== {missing}") from None


if __name__ == "__main__":
    main()
