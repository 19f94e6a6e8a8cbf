"""What `make test`, `make test-long` and `make lint` become: style, types, templates; every test; those that count."""

from __future__ import annotations

import json
import os
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
    from collections.abc import Mapping, Sequence

REPOSITORY = Path(__file__).resolve().parents[2]
LAST_FAILED = REPOSITORY / ".pytest_cache" / "v" / "cache" / "lastfailed"
MODULE = (sys.executable, "-m")
LINT = {
    "ruff": (*MODULE, "ruff", "check", "--quiet", "."),
    "format": (*MODULE, "ruff", "format", "--quiet", "--check", "."),
    "mypy": (*MODULE, "mypy"),
    "djlint": (*MODULE, "djlint", "--quiet", "--lint", "templates"),
}
TEST_PROCESSES = 2
ALL_TESTS = ("-n", str(TEST_PROCESSES), "--dist", "loadfile")
# Tests that prove a promise by numbers, and the numbers of the long run; each reads its own.
LONG_TESTS = (
    "tests/identity/test_sessions_in_numbers.py",
    "tests/test_fuzz_in_numbers.py",
    "tests/test_odd_input.py",
    "tests/billing/test_ledger.py",
    "tests/billing/cards/test_webhooks.py",
    "tests/billing/test_ledger_in_sql.py",
    "tests/deploy/test_instances.py",
    "tests/deploy/test_postgresql_away.py",
)
LONG_NUMBERS = {
    "SIGN_OUT_ROUNDS": "1000",
    "FUZZ_REQUESTS": "100000",
    "ODD_ROUNDS": "48",
    "LEDGER_OPERATIONS": "1000000",
    "LEDGER_SQL_OPERATIONS": "10000",
    "WEBHOOKS": "10000",
    "ROLLING_RESTARTS": "20",
    "POSTGRES_KILLS": "200",
    "OUTAGE_SECONDS": "60",
}
FAILED = 1
# Browsers and other programs may be late on a busy machine: a few such tests are asked again, alone.  Rules, races and
# money are not: what fails there once has failed.
MAY_BE_LATE = "browser or programs"
FEW = 5


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
    if arguments:
        return _pytest(arguments, {})
    return _pytest(("--cache-clear", *ALL_TESTS), {}) or _pass_alone()


def _pass_alone() -> bool:
    """Ask the few that failed once more where they may only have been late; True when nothing is left that failed."""
    if not 0 < len(_failed()) <= FEW:
        return False
    say(f"once more, alone, where a test drives a browser or other programs: {', '.join(_failed())}")
    _pytest(("-n0", "--last-failed", "-m", MAY_BE_LATE), {})
    return not _failed()


def _failed() -> list[str]:
    try:
        return sorted(json.loads(LAST_FAILED.read_text("utf-8")))
    except FileNotFoundError:
        return []


def test_long() -> bool:
    """Run the tests that count, with their large numbers; True when all passed."""
    say("  " + ", ".join(f"{name}={number}" for name, number in LONG_NUMBERS.items()))
    return _pytest([*ALL_TESTS, "--durations=0", "--durations-min=5", *LONG_TESTS], LONG_NUMBERS)


def _pytest(arguments: Sequence[str], numbers: Mapping[str, str]) -> bool:
    command = [*MODULE, "pytest", "--quiet", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env={**os.environ, **numbers}, check=False).returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 when every check passed."""
    kind, *rest = arguments
    if kind == "test-long":
        return 0 if test_long() else FAILED
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
