"""What is styled is styled in one place, is used, and comes with the pages that use it. Reads files only."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from app.http.page_files import PageFiles, files_of
from protocol.vocabulary import TIERS
from tests.static.stylesheets import (
    ROOT,
    STATIC,
    TEMPLATES,
    Named,
    Rule,
    mentioned,
    rules,
    scripts,
    selected,
    sheets,
    templates,
    written,
)

LEAST_PX = 13
MOST_LINES = 350
MOST_FOREIGN = 0.1  # of a page's lines of style, those that none of its scripts and templates can have a use for
PAGES = sorted(path for path in TEMPLATES.glob("*.html") if path.name != "base.html")
TESTS = ROOT / "tests/browser"  # these too find elements by their classes
EVERY_PAGE = "look"  # the room whose stylesheets need no module
PLOTLY = "no-inline-styles"  # it looks for this class of its stylesheet
SWAGGER = STATIC / "docs/api_docs.css"  # styles what Swagger UI draws, in its own words


def all_rules() -> Iterator[Rule]:
    return (rule for sheet in sheets() for rule in rules(sheet))


@cache
def owners() -> dict[str, set[Path]]:
    """The stylesheets of a name, a class or an #id: those that style it by itself, wherever it stands; where none does,
    those that speak of it."""
    alone, spoken = defaultdict(set), defaultdict(set)
    for rule in all_rules():
        for name in rule.names:
            spoken[name].add(rule.sheet)
        if rule.alone:
            alone[rule.alone].add(rule.sheet)
    return {name: alone.get(name) or where for name, where in spoken.items()}


def files(page: Path) -> PageFiles:
    script = re.search(r'\{% set script = "([^"]+)" %\}', page.read_text(encoding="utf-8"))
    return files_of(script and script[1])


def sheets_of(page: Path) -> set[Path]:
    return {ROOT / address[1:] for address in files(page).sheets}


def sources_of(page: Path) -> list[Path]:
    """The scripts and templates that a page is drawn by."""
    named = files(page)
    text = page.read_text(encoding="utf-8")
    parts = [TEMPLATES / part for part in re.findall(r'"(parts/\w+\.html)"', text)]
    own = [ROOT / named.own[1:]] if named.own else []
    return [page, TEMPLATES / "base.html", *parts, *own, *(ROOT / address[1:] for address in named.modules)]


def has(sources: list[Path], read, name: str) -> bool:
    return any(read(source).has(name) for source in sources)


def test_a_stylesheet_stands_beside_the_module_whose_views_it_styles() -> None:
    alone = [
        str(sheet.relative_to(STATIC))
        for sheet in sheets()
        if sheet.relative_to(STATIC).parts[0] != EVERY_PAGE and not sheet.with_suffix(".js").exists()
    ]
    assert alone == []
    assert {sheet for page in PAGES for sheet in sheets_of(page)} == set(sheets()), "some stylesheet is on no page"
    assert {str(sheet): n for sheet in sheets() if (n := len(sheet.read_text().splitlines())) > MOST_LINES} == {}


def test_a_stylesheet_says_the_same_wherever_it_is_served_from() -> None:
    """All of a page are joined on their way: what must come first, or begins at the file's folder, is lost."""
    lost = re.compile(r"@(?:import|charset|namespace)|url\((?!\s*[\"']?data:)")
    assert [str(sheet.relative_to(STATIC)) for sheet in sheets() if lost.search(sheet.read_text())] == []


def test_what_sticks_to_a_window_lies_over_nothing_on_paper() -> None:
    told = {path.name: path.read_text() for path in sheets()}
    assert [name for name, text in told.items() if "position: sticky" in text] == [], "var(--sticks) knows paper"
    paper = told["palette.css"].split("@media print")[1]
    assert "--sticks: static" in paper and "--sticks: sticky" in told["palette.css"]


def test_a_pages_title_looks_the_same_on_every_page() -> None:
    sized = [
        f"{sheet.relative_to(STATIC)}: {selector.strip()}"
        for sheet in sheets()
        for selector, body in re.findall(r"([^{}]*\bh1\b[^{}]*){([^{}]*)}", sheet.read_text())
        if re.search(r"font-size|line-height|font-weight|letter-spacing", body)
    ]
    assert {line.split(":")[0] for line in sized} == {"look/elements.css"}, sized


def test_no_text_is_set_smaller_than_can_be_read() -> None:
    """13 px, in stylesheets and in what is told to Plotly."""
    sizes = re.compile(r"font(?:-size)?:\s*(?:\d+ )?(\d+)px|font: \{[^}]*?\bsize: (\d+)")
    said = {
        (path.name, one[0])
        for path in (*sheets(), *scripts())
        for one in sizes.finditer(path.read_text())
        if int(one[1] or one[2]) < LEAST_PX
    }
    assert said == set()


def test_a_class_is_styled_in_one_file() -> None:
    """By itself, that is: `.badge`, `.badge:hover`, `.badge[aria-busy]`, in a media query or not."""
    several = {name: where for name, where in owners().items() if len(where) > 1}
    several = {name: where for name, where in several.items() if any(rule.alone == name for rule in all_rules())}
    assert several == {}


def test_another_file_styles_a_class_only_within_one_of_its_own() -> None:
    """`.pair .badge` may stand with `.pair`: that says where a badge stands in a pair, and not what a badge is."""
    foreign = [
        f"{rule.sheet.relative_to(STATIC)}: {rule.selector}"
        for rule in all_rules()
        if rule.names and rule.sheet != SWAGGER and not any({rule.sheet} == owners()[name] for name in rule.names)
    ]
    assert foreign == []


def test_no_class_is_styled_that_nothing_draws() -> None:
    sources = [*scripts(), *templates()]
    unused = {
        f"{rule.sheet.relative_to(STATIC)}: .{name}"
        for rule in all_rules()
        if rule.sheet != SWAGGER
        for name in rule.classes
        if not has(sources, mentioned, name)
    }
    assert unused == set()


def test_no_class_is_drawn_that_nothing_styles_or_looks_for() -> None:
    styled = {name for rule in all_rules() for name in rule.classes}
    found = {name for script in scripts() for name in selected(script)}
    browser = {name for test in TESTS.rglob("*.py") for name in re.findall(r"\.([a-z][\w-]*)", test.read_text())}
    drawn = {name for source in [*scripts(), *templates()] for name in written(source).names}
    assert drawn - styled - found - browser - {PLOTLY} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_the_styles_of_what_its_scripts_and_templates_draw(page: Path) -> None:
    here = sheets_of(page)
    drawn = {name for source in sources_of(page) for name in written(source).names}
    alone = {name: rule.sheet for rule in all_rules() if (name := rule.alone) in drawn}
    assert {name: str(sheet) for name, sheet in alone.items() if sheet not in here} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_loads_few_rules_that_it_has_no_use_for(page: Path) -> None:
    """What every page has, static/look, aside."""
    total, foreign = weigh(
        page, {sheet for sheet in sheets_of(page) if sheet.relative_to(STATIC).parts[0] != EVERY_PAGE}
    )
    assert foreign <= MOST_FOREIGN * total, f"{foreign} of {total} lines"


def test_only_a_page_that_shows_a_run_loads_what_a_run_is_drawn_with() -> None:
    """An import of one view too many brings its whole room, styles and scripts."""
    rooms = {page.stem: {sheet.relative_to(STATIC).parts[0] for sheet in sheets_of(page)} for page in PAGES}
    assert {page for page, loaded in rooms.items() if "run" in loaded} == {"explore", "finding", "compare", "method"}
    assert {page for page, loaded in rooms.items() if "study" in loaded} == {
        "discover",
        "experiments",
        "neurons",
        "study",
    }


def weigh(page: Path, loaded: set[Path]) -> tuple[int, int]:
    """Lines of style, and those of rules that need a class which nothing on the page can draw."""
    sources = sources_of(page)
    total = foreign = 0.0
    for sheet in loaded:
        for rule in rules(sheet):
            total += rule.n_lines
            if sheet != SWAGGER and not all(has(sources, mentioned, name) for name in rule.needed):
                foreign += rule.n_lines
    return round(total), round(foreign)


def test_what_is_read_of_a_script_is_what_it_draws(tmp_path: Path) -> None:
    script = tmp_path / "a.js"
    script.write_text(
        """// class: "no"
const a = h("p", { class: `told ${wide ? "wide" : ""} hue-${role}`, title: "not this" }, "nor this");
b.classList.toggle("open", /["`]/.test(c));
const columns = [{ name: "x", class: "number" }];
"""
    )
    assert written(script) == Named(frozenset({"told", "wide", "open", "number"}), frozenset({"hue-"}))
    assert {"nor", "this", "x"} < mentioned(script).names


def test_what_is_read_of_a_stylesheet_is_what_it_styles(tmp_path: Path) -> None:
    sheet = tmp_path / "a.css"
    sheet.write_text(
        """/* .no { } */
.a, .b > .c:not(.d) { color: red; }
@media (max-width: 9px) { #e .f::before { content: "}"; } }
"""
    )
    read = {rule.selector: (set(rule.names), set(rule.needed), rule.alone) for rule in rules(sheet)}
    assert read == {
        ".a": ({"a"}, {"a"}, "a"),
        ".b > .c:not(.d)": ({"b", "c", "d"}, {"b", "c"}, None),
        "#e .f::before": ({"#e", "f"}, {"f"}, None),
    }


def test_every_tier_has_a_mark_of_its_own() -> None:
    drawn = (ROOT / "static" / "models" / "world.css").read_text("utf-8")
    assert [tier for tier in TIERS if f".tier-{tier}" not in drawn] == []
