"""What can go wrong on a machine, each as one sentence that says what to do."""

from __future__ import annotations

import errno
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK_FULL = "The disk is full: free at least {room:.1f} GB and run the same command again."
SIGNS_OF_A_FULL_DISK = ("No space left on device", "DiskFull", "could not extend file")


class Problem(Exception):  # noqa: N818  what a person reads, not a fault of the program
    """Anteroom cannot go on; the message is one sentence that says what to do."""


def sentence_for(error: OSError) -> str:
    """Say what an error of the operating system means for the person who typed the command."""
    where = error.filename or "this folder"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DISK_FULL.format(room=1.0)
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return f"Anteroom cannot write to {where}: make it writable, or copy Anteroom to a folder of your own."
    if error.errno == errno.EMFILE:
        return "Too many files are open: raise the limit with `ulimit -n 4096` and run the same command again."
    return f"The operating system refused ({error.strerror or error}) at {where}."


def check_room(folder: Path, needed: float) -> None:
    """Raise Problem when the disk of a folder has less room than this many bytes."""
    if shutil.disk_usage(folder).free < needed:
        raise Problem(DISK_FULL.format(room=needed / 1e9))


def is_full_disk(text: str) -> bool:
    """Whether what a program printed says that it found no room."""
    return any(sign in text for sign in SIGNS_OF_A_FULL_DISK)


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn a Problem or an error of the operating system into one line on standard error and exit status 1."""
    try:
        yield
    except Problem as problem:
        sys.exit(f"\n{problem}")
    except BrokenPipeError:  # whoever read our lines has gone
        sys.exit(1)
    except OSError as error:
        sys.exit(f"\n{sentence_for(error)}")
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
