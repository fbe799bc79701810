"""All modules of a page in one script."""

import re
from pathlib import Path

import pytest

from app.http import script_bundle
from app.http.script_bundle import bundle_of
from app.settings import ROOT

NAMED = [re.search(r'\{% set script = "([^"]+)" %\}', page.read_text()) for page in (ROOT / "templates").glob("*.html")]


@pytest.mark.core
@pytest.mark.parametrize("script", sorted(script[1] for script in NAMED if script))
def test_a_bundle_has_each_module_once_after_those_that_it_imports(script: str) -> None:
    bundle = bundle_of(script)
    made = re.findall(r'^modules\["([^"]+)"\] = ', bundle, re.MULTILINE)
    assert len(made) == len(set(made)) > 1 and made[-1] == script
    for place, chunk in enumerate(re.split(r'^modules\["[^"]+"\] = ', bundle, flags=re.MULTILINE)[1:]):
        taken = re.findall(r'^const \{[^}]*\} = modules\["([^"]+)"\]', chunk, re.MULTILINE)
        assert set(taken) <= set(made[:place])


@pytest.mark.core
def test_a_module_that_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_bundle, "_STATIC", tmp_path)
    (tmp_path / "page.js").write_text('import { a } from "./a.js";\nconsole.log(a);\n')
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    assert "const a = 1" in bundle_of("page.js") and bundle_of("page.js") is bundle_of("page.js")
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const a = 22 + b;\n')
    with pytest.raises(OSError, match=r"b\.js"):
        bundle_of("page.js")
    (tmp_path / "b.js").write_text("export const b = 3;\n")
    assert "const b = 3" in bundle_of("page.js") and "const a = 1" not in bundle_of("page.js")
    (tmp_path / "b.js").write_text("export default 3;\n")
    with pytest.raises(ValueError, match=r"b\.js has a line that can't be bundled"):
        bundle_of("page.js")
