"""What `docs/promises.md` names as proof is there."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PROMISES = (HERE.parent / "docs" / "promises.md").read_text("utf-8")
NAMED = re.compile(r"`([a-z_/]+\.py)(?:::(test_\w+))?`")


def test_every_proof_that_is_named_exists() -> None:
    named = NAMED.findall(PROMISES)
    assert len(named) > 50
    texts = {path: (HERE / path).read_text("utf-8") if (HERE / path).exists() else "" for path, _ in named}
    missing = [(path, name) for path, name in named if f"def {name}(" not in texts[path] and (name or not texts[path])]
    assert missing == []


def test_every_promise_has_a_line() -> None:
    assert re.findall(r"^\| (P\d+) \|", PROMISES, re.MULTILINE) == [f"P{n}" for n in range(1, 19)]
