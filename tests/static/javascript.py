"""Functions of JavaScript modules, called from Python without a page.

One Deno for all of a session's calls: a line of JSON each way, so that a call costs a millisecond. Knows nothing of
any module; what a page draws with is not there (no document), so what is called here must be pure.
"""

import json
import os
import subprocess
from typing import Any

from tests.static import DENO, ROOT, UNTOUCHED


class JavaScript:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [DENO, "run", "--quiet", "--no-check", "--allow-read=.", "tests/static/calls.js"],
            cwd=ROOT,
            env=os.environ | UNTOUCHED,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def call(self, module: str, name: str, *values: object) -> Any:
        """What a module's function answers, as JSON has it: undefined is None. `module`: a path from the root of the
        project. Raises what it threw as an AssertionError with its stack."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"module": module, "name": name, "values": values}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "thrown" not in answer, answer["thrown"]
        return answer.get("value")

    def close(self) -> None:
        self._process.communicate(timeout=10)
