"""Brings the vendored files from npm, once, and writes `manifest.json` beside them.

    python static/vendor/vendor.py      (needs npm and node; the app and the tests don't)

Plotly writes a <style> element unless it finds one with the id
`plotly.js-style-global` and the class `no-inline-styles`. Our Content-Security-Policy
allows no <style>, so its rules are taken out of the bundle into a stylesheet
that `base.html` links with that id and class. Swagger UI is taken as it is.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
Read = Callable[[str], bytes]


@dataclass(frozen=True)
class Package:
    """`files`: what is kept of it; given a function that reads a file of the package."""

    name: str
    version: str
    licence: str
    files: Callable[[Read], dict[str, bytes]]


def main() -> None:
    manifest = {}
    for package in PACKAGES:
        files = package.files(fetched(package))
        for name, data in files.items():
            (HERE / name).write_bytes(data)
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        manifest[package.name] = {"version": package.version, "licence": package.licence, "sha256": digests}
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def fetched(package: Package) -> Read:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", f"{package.name}@{package.version}", "--silent"], cwd=folder, check=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            members = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    return lambda name: members[f"package/{name}"]


def plotly(read: Read) -> dict[str, bytes]:
    script = read("plotly-cartesian.min.js")
    return {
        "plotly-cartesian.min.js": script,
        "plotly.css": stylesheet(script.decode()).encode(),
        "plotly.LICENSE": read("LICENSE"),
    }


def swagger(read: Read) -> dict[str, bytes]:
    licences = ("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt")
    return {
        "swagger-ui-bundle.js": read("swagger-ui-bundle.js"),
        "swagger-ui.css": read("swagger-ui.css"),
        "swagger-ui.LICENSE": b"\n\n".join(read(name).strip() for name in licences) + b"\n",
    }


def inter(read: Read) -> dict[str, bytes]:
    """For the pictures that Pillow draws (app/exports); pages use the reader's own font."""
    return {
        "inter-regular.woff2": read("web/Inter-Regular.woff2"),
        "inter-semibold.woff2": read("web/Inter-SemiBold.woff2"),
        "inter.LICENSE": read("LICENSE.txt"),
    }


def stylesheet(script: str) -> str:
    """The rules that Plotly adds by itself: an object literal of selector: declarations."""
    literal = re.search(r'\{"X,X div":[^{}]*\}', script)
    assert literal, "Plotly keeps its rules somewhere else now; look for addStyleRule in the bundle"
    read = ["node", "-p", f"JSON.stringify(({literal[0]}))"]
    rules = json.loads(subprocess.run(read, check=True, capture_output=True, text=True).stdout)
    lines = [f"/* Taken from {PLOTLY.name} {PLOTLY.version} (MIT) by vendor.py. Do not edit. */"]
    for selector, declarations in rules.items():
        selector = re.sub("^,", " ,", selector).replace("X", ".js-plotly-plot .plotly").replace("Y", ".plotly-notifier")
        lines.append(f"{selector} {{ {declarations} }}")
    return "\n".join(lines) + "\n"


PLOTLY = Package("plotly.js-cartesian-dist-min", "4.1.1", "MIT", plotly)
SWAGGER = Package("swagger-ui-dist", "5.35.0", "Apache-2.0", swagger)
INTER = Package("inter-ui", "4.1.1", "OFL-1.1", inter)
PACKAGES = (PLOTLY, SWAGGER, INTER)


if __name__ == "__main__":
    main()
