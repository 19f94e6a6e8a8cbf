"""What `make test`, `make test-long` and `make lint` become: style, types, templates; every test; those that count."""

from __future__ import annotations

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
    "tests/billing/test_ledger.py",
    "tests/billing/cards/test_webhooks.py",
    "tests/billing/test_ledger_in_sql.py",
    "tests/deploy/test_instances.py",
    "tests/deploy/test_postgresql_away.py",
)
LONG_NUMBERS = {
    "SIGN_OUT_ROUNDS": "1000",
    "FUZZ_REQUESTS": "100000",
    "LEDGER_OPERATIONS": "1000000",
    "LEDGER_SQL_OPERATIONS": "10000",
    "WEBHOOKS": "10000",
    "ROLLING_RESTARTS": "20",
    "POSTGRES_KILLS": "200",
    "OUTAGE_SECONDS": "60",
}
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
    return _pytest(arguments or ALL_TESTS, {})


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
