"""A page's spelling of a name is Python's."""

from protocol.spelling import fold
from tests.protocol.spelling_cases import DIFFERENT, SAME, SPELLINGS
from tests.static.javascript import JavaScript


def test_a_page_folds_as_python_does(javascript: JavaScript) -> None:
    letters = map(chr, (*range(0x20, 0x590), *range(0x1E00, 0x2100), *range(0xFF01, 0xFF5F)))
    typed = (way(name) for way in SPELLINGS.values() for name in ("J.J. Watt", "Port-au-Prince", "Ain't No Sunshine"))
    texts = [*(one for group in (*SAME, *DIFFERENT) for one in group), *typed, *(f"a{c}b" for c in letters)]
    folded = {text: javascript.call("static/core/spelling.js", "fold", text) for text in texts}
    assert folded == {text: fold(text) for text in texts}
