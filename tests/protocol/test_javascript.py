"""The pages' copy of the vocabulary is the vocabulary."""

import json
import re

import pytest

from protocol import vocabulary
from protocol.javascript import TARGET, module

pytestmark = pytest.mark.core


def test_the_pages_have_the_vocabulary_as_it_is() -> None:
    assert TARGET.read_text(encoding="utf-8") == module(), "run `make vocabulary` and commit what it wrote"


def test_every_table_limit_and_literal_is_in_it() -> None:
    text = module()
    for name in vars(vocabulary):
        if name.isupper():
            assert f"export const {name} =" in text
    for name in ("Mode", "Unit", "Scope", "Outcome", "Role", "TokenRole"):
        assert re.search(rf"@typedef .* {name} \*/", text)


def test_a_name_that_javascript_has_no_word_for_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        vocabulary, "ODD", {"a-b": 'don\'t say "x" – r̄', "c": None, "d": (True, 0.5, 2.0)}, raising=False
    )
    written = re.search(r"export const ODD = (\{.*?\n\});", module(), re.DOTALL)[1]
    plain = re.sub(r"^( *)(\w+):", r'\1"\2":', written.replace(",\n}", "\n}"), flags=re.MULTILINE)
    assert json.loads(plain) == {"a-b": 'don\'t say "x" – r̄', "c": None, "d": [True, 0.5, 2]}
