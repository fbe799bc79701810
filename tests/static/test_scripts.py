"""The scripts' own tests, each file of them as one test here. They load no page and take a fraction of a second."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.static import DENO, ROOT, UNTOUCHED

HERE = Path(__file__).parent
FILES = sorted(str(file.relative_to(HERE)) for file in HERE.rglob("*.test.js"))


@pytest.mark.parametrize("file", FILES)
def test_every_test_in_this_file_passes(file: str) -> None:
    command = [DENO, "test", "--quiet", "--no-check", "--allow-read=.", str(HERE / file)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | UNTOUCHED, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)
