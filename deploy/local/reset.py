"""What `make reset` does: forgets the local clinic and everything that was installed for it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from deploy.local.prepare import REPOSITORY, VAR
from deploy.local.problem import Problem, told_in_one_sentence
from deploy.local.steps import step

FORGOTTEN = (".venv", ".venv-aws", "node_modules", "static/vendor", "var")


def elsewhere() -> Path:
    """Where the database lies when root's folders are closed to PostgreSQL's user."""
    return Path("/var/lib/anteroom") / hashlib.sha256(str(VAR / "postgres").encode()).hexdigest()[:16]


def main() -> None:
    """Remove it all; raises Problem while a clinic runs from this folder."""
    import fcntl

    if (VAR / "lock").exists():
        with (VAR / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Problem("Anteroom is running from this folder: stop it with Ctrl-C first.") from None
    with step("Forgetting local data and packages"):
        for place in [*(REPOSITORY / name for name in FORGOTTEN), elsewhere()]:
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    with told_in_one_sentence():
        main()
