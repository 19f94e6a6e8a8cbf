"""What `make reset` does: forgets the local clinic and everything that was installed for it."""

from __future__ import annotations

import fcntl
import shutil

from deploy.local.postgres_files import shared_folder
from deploy.local.prepare import REPOSITORY, VAR
from deploy.local.problem import Problem, told_in_one_sentence
from deploy.local.steps import step

FORGOTTEN = (".venv", ".venv-aws", "node_modules", "static/vendor", "var")


def main() -> None:
    """Remove it all; raises Problem while a clinic runs from this folder."""
    if (VAR / "lock").exists():
        with (VAR / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Problem("Anteroom is running from this folder: stop it with Ctrl-C first.") from None
    with step("Forgetting local data and packages"):
        for place in [*(REPOSITORY / name for name in FORGOTTEN), shared_folder(VAR / "postgres")]:
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    with told_in_one_sentence():
        main()
