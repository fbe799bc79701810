"""Runs the pages' modules without a page: what a script makes of some data, as JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DENO = Path(sys.prefix) / "bin" / "deno"


def evaluated(imports: str, expression: str, data: object = None) -> Any:
    """expression: of JavaScript, with `data` in it; awaited. imports: lines of it, paths from the repository's root."""
    source = f"{imports}\nconst data = {json.dumps(data)};\nconsole.log(JSON.stringify(await ({expression})));\n"
    ran = subprocess.run(
        [DENO, "run", "--no-lock", "--no-config", "-"],
        input=source,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"},
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
