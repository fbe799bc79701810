"""The Python of docs/api.md, run as it stands against the real app and its model."""

import re

import pytest

from tests.browser.conftest import ROOT, App

PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")


def test_the_python_on_the_api_page_does_what_it_shows(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(examples) == 4 and all('"http://127.0.0.1:8000"' in example for example in examples)
    exec("\n".join(examples).replace("http://127.0.0.1:8000", app.url), {})
    told = capsys.readouterr().out
    assert "refused\nreproduced\n" in told, "the run, and its check"
    assert re.search(r"^\[.I.m sorry.*, .This player plays ", told, re.MULTILINE), "untouched, and by strength"
    assert re.search(r"^\[\d+\.\d+, -\d+\.\d+\] \[.*'not_recognised'", told, re.MULTILINE), (
        "m of both, and the circuit's groups"
    )
    assert re.search(r"^resid_post/layer_\S+ \d+ [\d.]+ \S", told, re.MULTILINE), "the best latent, and what is claimed"
