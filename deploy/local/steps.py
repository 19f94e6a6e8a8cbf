"""One line for each step of a command, with the time it took."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name of a step when it begins and its seconds when it has ended."""
    started = time.monotonic()
    print(f"  {name:<46}", end="", flush=True)
    try:
        yield
    except BaseException:
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - started:6.1f} s", flush=True)


def say(text: str = "") -> None:
    """Print a line at once, so that order survives a pipe."""
    print(text, flush=True)
