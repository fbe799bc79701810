"""What axe finds against WCAG 2.2 AA on a page that is open: on a wide screen, in the dark and on a phone, which the
stylesheets tell by its width alone. And symbols that lead nowhere.

Two rules judge colours, and take most of axe's time: they judge each look once on a page, in whichever state,
theme and width it is met first. All other rules judge everything each time.
"""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

from tests.browser.conftest import WIDE, laid_out
from tests.browser.faults.doors import symbols_without_door
from tests.browser.test_reach import PHONE

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
LOOKS = Path(__file__).with_name("looks.js").read_text(encoding="utf-8")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOUR = {"color-contrast": "[data-new-look]", "link-in-text-block": "a[href][data-new-look]"}
RULES = {"runOnly": {"type": "tag", "values": LEVELS}}
COLOURS = {"runOnly": list(OF_COLOUR)}
OF_WORDS = {**RULES, "rules": {rule: {"enabled": False} for rule in (*OF_COLOUR, "target-size")}}
LONG = {"exclude": [["tbody > tr:nth-child(n + 8)"]]}  # of a table: those lines drew the seven rows above
LET_GO = """document.querySelectorAll(".foot, .top, .steer, .beside, .tour, .notice")
  .forEach((element) => element.style.position = "static")"""
JUDGED_ONCE = "(rules) => axe.configure({ rules: Object.entries(rules).map(([id, selector]) => ({ id, selector })) })"
RUN = """async ([within, rules]) => {
  const { violations } = await axe.run(within, { ...rules, reporter: "no-passes", resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) =>
    `${id} ${target.join(" ")}: ${[...any, ...all, ...none].map(({ message }) => message).join(" ")}`));
}"""


def violations(page: Page, *, new: bool = True) -> list[str]:
    """new: whether this state shows what no state before did; one that doesn't is looked at on the wide screen, but not
    for colours and sizes. What sticks to an edge is let go: what it covers is a scroll away, and has its size then."""
    page.evaluate(LET_GO)
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)  # through the debugger: the page's own policy forbids the like
        page.evaluate(JUDGED_ONCE, OF_COLOUR)
    page.emulate_media(reduced_motion="reduce")  # at once: half faded is no colour
    found = [f"a symbol leads nowhere: {text}" for text in symbols_without_door(page)]
    if not new:
        return found + _run(page, "wide", OF_WORDS)
    found += _run(page, "wide", RULES)
    page.emulate_media(color_scheme="dark")
    found += _run(page, "dark", COLOURS)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE["viewport"])
    laid_out(page, 100)
    found += _run(page, "phone", RULES)
    page.set_viewport_size(WIDE)
    return found


def _run(page: Page, view: str, rules: dict[str, Any]) -> list[str]:
    if rules is not OF_WORDS:
        page.evaluate(LOOKS)
    return sorted(f"{view}: {one}" for one in page.evaluate(RUN, [LONG, rules]))
