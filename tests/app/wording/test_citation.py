"""How a finding is cited. BibTeX is read here as BibTeX reads it: by braces, and by what a backslash begins."""

import re

import pytest

from app.wording.citation import bibtex, citation, escaped_for_bibtex
from tests.app.conftest import Client
from tests.app.exports.test_exports import HOSTILE, made

ADDRESS = "https://here.example/f/abc"
CRUEL = [
    *HOSTILE,
    *("}}, url = {http://evil}", "{", "}", "\\", "\\input{/etc/passwd}", "100 % of $5 & #1_a^b~c", "a\nb\tc\u2028d"),
]


def braces_close(text: str) -> bool:
    """As many as open, and never more before them; those behind a backslash are text."""
    depth = 0
    for char in re.sub(r"\\[{}$&#%_]", "", text):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.core
@pytest.mark.parametrize("title", CRUEL)
def test_a_title_is_a_title_whatever_is_in_it(title: str) -> None:
    finding, _ = made("a sweep", title=title)
    entry = bibtex(finding, ADDRESS)
    lines = entry.splitlines()
    assert lines[0] == f"@misc{{hallucinoscope-{finding.slug}," and lines[-1] == "}"
    names = [line.split(" = ", 1)[0].strip() for line in lines[1:-1]]
    assert names == ["title", "howpublished", "year", "month", "url", "note"], "nothing a title holds is a field"
    assert all(braces_close(line.removesuffix(",")) for line in lines[1:-1])
    plain = re.sub(r"\\(textbackslash|textasciicircum|textasciitilde)\{\}|\\[{}$&#%_]", "", lines[1])
    assert "\\" not in plain and not set("$&#%_^~") & set(plain)
    assert "\n" not in citation(finding, ADDRESS) and citation(finding, ADDRESS).endswith(ADDRESS)


@pytest.mark.core
def test_text_is_kept_but_for_what_bibtex_reads_as_a_command() -> None:
    assert escaped_for_bibtex("Müller: 5 % of {x}\nand more") == r"Müller: 5 \% of \{x\} and more"


def test_a_findings_page_says_how_to_cite_it_and_offers_its_picture(app: Client) -> None:
    slug = app.slug(app.post_run().headers["x-run-id"], title="A {brace} & more")
    page = app.get(f"/f/{slug}").text
    assert "@misc{hallucinoscope-" + slug in page and "\\{brace\\} \\&amp; more" in page
    assert f'href="/f/{slug}/card.png" download="{slug}.png"' in page
