"""A patient on a telephone: booked in five taps, without JavaScript too, at any width, for everybody."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


MOST_TAPS = 5
TELEPHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
Desk = Callable[..., "Page"]


def look(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for pictures."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
