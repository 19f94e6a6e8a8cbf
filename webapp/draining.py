"""Whether this instance is leaving: told once to the arbiter, seen by all of its processes."""

from __future__ import annotations

import mmap

# Shared with every process that is forked afterwards, and gone with the last of them.
_flag = mmap.mmap(-1, 1)


def begin() -> None:
    """Say that this instance takes no more work than it is sent: balancers are told by `/readyz`."""
    _flag[0] = 1


def begun() -> bool:
    return _flag[0] != 0


def end() -> None:
    """Take it back, for a process that goes on after all."""
    _flag[0] = 0
