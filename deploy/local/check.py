"""What `make test` and `make lint` become: style, types and templates, then every test."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.problem import told_in_one_sentence
from deploy.local.steps import say
from tests.stack.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Sequence

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE = (sys.executable, "-m")
LINT = {
    "ruff": (*MODULE, "ruff", "check", "--quiet", "."),
    "format": (*MODULE, "ruff", "format", "--quiet", "--check", "."),
    "mypy": (*MODULE, "mypy"),
    "djlint": (*MODULE, "djlint", "--quiet", "--lint", "templates"),
}
TEST_PROCESSES = 2
FAILED = 1


def lint() -> bool:
    """Run all checks of the source side by side; True when none found anything."""
    with ThreadPoolExecutor(max_workers=TEST_PROCESSES) as pool:
        return all([*pool.map(_check, LINT, LINT.values())])


def _check(name: str, command: Sequence[str]) -> bool:
    started = time.monotonic()
    outcome = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    verdict = "ok" if outcome.returncode == 0 else "failed"
    say(f"  {name:<46} {verdict:>6} {time.monotonic() - started:6.1f} s")
    if outcome.returncode != 0:
        say(outcome.stdout + outcome.stderr)
    return outcome.returncode == 0


def test(arguments: Sequence[str]) -> bool:
    """Run the tests, all of them unless the arguments choose some; True when all passed."""
    command = [*MODULE, "pytest", "--quiet", *(arguments or ("-n", str(TEST_PROCESSES), "--dist", "loadfile"))]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 when every check passed."""
    kind, *rest = arguments
    clean = lint()
    if kind == "lint":
        return 0 if clean else FAILED
    passed = test(rest)
    say(f"lint, types, templates: {'passed' if clean else 'FAILED'}; tests: {'passed' if passed else 'FAILED'}")
    if chromium() is None:
        say("browser: NOT RUN")
    return 0 if clean and passed else FAILED


if __name__ == "__main__":
    with told_in_one_sentence():
        sys.exit(main(sys.argv[1:]))
