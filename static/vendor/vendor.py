"""Brings the vendored files from npm, once, and writes `manifest.json` beside them.

    python static/vendor/vendor.py      (needs npm and node; the app and the tests don't)

Plotly writes a <style> element unless it finds one with the id
`plotly.js-style-global` and the class `no-inline-styles`. Our Content-Security-Policy
allows no <style>, so its rules are taken out of the bundle into a stylesheet
that `base.html` links with that id and class.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "plotly.js-cartesian-dist-min"
VERSION = "4.1.1"
HERE = Path(__file__).parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent"], cwd=folder, check=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            script = tar.extractfile("package/plotly-cartesian.min.js").read()
            licence = tar.extractfile("package/LICENSE").read()
    (HERE / "plotly-cartesian.min.js").write_bytes(script)
    (HERE / "plotly.LICENSE").write_bytes(licence)
    (HERE / "plotly.css").write_text(stylesheet(script.decode()))
    names = ["plotly-cartesian.min.js", "plotly.css", "plotly.LICENSE"]
    manifest = {
        "package": PACKAGE,
        "version": VERSION,
        "licence": "MIT",
        "sha256": {name: hashlib.sha256((HERE / name).read_bytes()).hexdigest() for name in names},
    }
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def stylesheet(script: str) -> str:
    """The rules that Plotly adds by itself: an object literal of selector: declarations."""
    literal = re.search(r'\{"X,X div":[^{}]*\}', script)
    assert literal, "Plotly keeps its rules somewhere else now; look for addStyleRule in the bundle"
    read = ["node", "-p", f"JSON.stringify(({literal[0]}))"]
    rules = json.loads(subprocess.run(read, check=True, capture_output=True, text=True).stdout)
    lines = [f"/* Taken from {PACKAGE} {VERSION} (MIT) by vendor.py. Do not edit. */"]
    for selector, declarations in rules.items():
        selector = re.sub("^,", " ,", selector).replace("X", ".js-plotly-plot .plotly").replace("Y", ".plotly-notifier")
        lines.append(f"{selector} {{ {declarations} }}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
