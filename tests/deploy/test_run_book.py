"""The run-book names every setting that is read, and none that is not."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

ROW = re.compile(r"^\| `([A-Z][A-Z_]+)` \|", re.MULTILINE)
NAME = re.compile(r"[A-Z][A-Z0-9_]{3,}")
READERS = ("webapp/settings.py", "gunicorn.conf.py", "deploy/serving.py")
INTERNAL = {"PROMETHEUS_MULTIPROC_DIR"}


def read_by(path: Path) -> set[str]:
    """Names that a file asks the environment for: `env.get("X")`, `os.environ["X"]`, `_required(source, "X")`."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        words: list[ast.expr] = []
        if isinstance(node, ast.Call):
            words = node.args[:2]
        elif isinstance(node, ast.Subscript):
            words = [node.slice]
        texts = {word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)}
        names |= {text for text in texts if NAME.fullmatch(text)}
    return names


def test_every_setting_is_in_the_table_and_nothing_else_is() -> None:
    wanted = set().union(*(read_by(REPOSITORY / path) for path in READERS)) - INTERNAL
    table = (REPOSITORY / "docs" / "running.md").read_text("utf-8").partition("## Settings")[2].partition("\n## ")[0]
    named = ROW.findall(table)
    assert {"DATABASE_URL", "PROXY_HOPS", "DRAIN_SECONDS", "WORKER_METRICS_PORT", "IDLE_MINUTES"} <= wanted
    assert set(named) == wanted
    assert len(named) == len(set(named))
