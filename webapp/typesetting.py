"""Papers: our own Typst templates set with data; what people typed is only ever text in them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates" / "print"
"""The only folder that a template can reach, and none of them reaches for anything."""
VENDOR = ROOT / "static" / "vendor"
NOWHERE = TEMPLATES / "no-packages"
"""Where packages would come from: a folder that is not there."""


def pdf(template: str, data: Mapping[str, Any], at: datetime) -> bytes:
    """Set a template of ours (a file name in templates/print) with data; a tagged PDF (PDF/UA-1), made `at`.

    Data goes in as JSON and comes out as strings and numbers: Typst never reads markup or code in it.
    """
    made = typst.compile(
        TEMPLATES / template,
        root=TEMPLATES,
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["ua-1"],
        package_path=NOWHERE,
        package_cache_path=NOWHERE,
        timestamp=int(at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


@cache
def _fonts() -> typst.Fonts:
    """Inter as deploy/assets.py fetched it; for scripts that it lacks, what the machine has."""
    return typst.Fonts(font_paths=[str(VENDOR)])
