"""axe-core on an open page, with the rule about the size of targets switched on."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    from playwright.sync_api import Page

RUN = "() => axe.run(document, {rules: {'target-size': {enabled: true}}})"
WIDER_THAN_THE_WINDOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > width + 0.5)
    .map((element) => `${element.tagName}.${element.getAttribute("class")}: ${element.getBoundingClientRect().right}`);
}"""


@cache
def _axe() -> str:
    return (REPOSITORY / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe objects to, a line per element; empty is good.

    The script goes in through the debugger: the page's own policy rightly refuses it.
    """
    # A press may have begun to lead elsewhere: a page that is not there yet has nothing to object to, not even a root.
    page.wait_for_load_state()
    debugger = page.context.new_cdp_session(page)
    debugger.send("Runtime.evaluate", {"expression": _axe()})
    report: dict[str, Any] = page.evaluate(RUN)
    return [f"{rule['id']}: {node['html'][:160]}" for rule in report["violations"] for node in rule["nodes"]]


def overhang(page: Page) -> list[str]:
    """What makes the page wider than its window, with the right edge of each in pixels; empty is good."""
    wide: list[str] = page.evaluate(WIDER_THAN_THE_WINDOW)
    return wide
