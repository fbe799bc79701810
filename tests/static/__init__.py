"""Scripts of the pages, without a page. Deno runs them: the pinned wheel lies beside the interpreter."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DENO = str(Path(sys.executable).parent / "deno")
UNTOUCHED = {"DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
