"""A copy of the whole record in one file, and a clinic out of such a copy; what the run-book does by hand elsewhere.

`python -m deploy.local.backup dump FILE` beside a running clinic, `… restore FILE --data FOLDER` into a new folder.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg

from deploy.local import databases, postgres_files
from deploy.local.postgres import Postgres
from deploy.local.problem import Problem, told_in_one_sentence
from deploy.local.stack import DATABASE, Stack, secrets_of
from deploy.local.steps import say, step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BACKUP = "anteroom_backup"
VAR = Path(__file__).resolve().parents[2] / "var"


def dump(address: str, file: Path) -> None:
    """Copy a database as the role that may read everything and change nothing; people go on working meanwhile.

    One snapshot: what was committed before is in it, with every row of every table, and nothing that came later.
    """
    _run("pg_dump", "--format=custom", "--compress=6", f"--file={file}", f"--dbname={address}")


def restore(cluster: Postgres, database: str, passwords: Mapping[str, str], file: Path) -> None:
    """Make a database out of a copy, in one transaction: all of it or, with Problem, nothing of it.

    Roles and passwords are the cluster's own; rights, row security and triggers come with the copy.
    """
    databases.prepare(cluster, database, passwords)
    with psycopg.connect(cluster.address(database), autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_tables WHERE schemaname = 'public'").rowcount:
            raise Problem(f"The database {database} is not empty: restore into a new one.")
    address = cluster.address(database)
    _run("pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={address}", str(file))
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ANALYZE")


def program(name: str) -> Path:
    """Where a program of the embedded PostgreSQL lies."""
    return postgres_files.programs(postgres_files.system_user()) / name


def main(arguments: Sequence[str]) -> None:
    """Copy a running clinic, or open a folder with what a copy holds."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.backup", description=__doc__)
    parser.add_argument("command", choices=("dump", "restore"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path, default=VAR, help="the folder of the clinic")
    chosen = parser.parse_args(arguments)
    data, file = chosen.data.resolve(), chosen.file.resolve()
    if chosen.command == "dump":
        with step("Copying the database"):
            dump(_address(data), file)
        say(f"{file} holds {file.stat().st_size / 1e6:.1f} MB.")
        return
    with step("Restoring the database"), Stack(data) as stack:
        restore(stack.postgres, DATABASE, stack.passwords, file)
    say(f"Restored: `make run DATA={data}` opens it.")


def _address(data: Path) -> str:
    """The database of the clinic that runs from a folder, as the role for copies."""
    note = data / "environment"
    lines = note.read_text("utf-8").splitlines() if note.exists() else []
    there = next((line for line in lines if line.startswith("DATABASE_URL=")), None)
    if there is None:
        raise Problem(f"No clinic was opened from {data} yet: name its folder with --data.")
    parts = urlsplit(there.partition("=")[2].strip("'"))
    return f"postgresql://{BACKUP}:{secrets_of(data)[BACKUP]}@{parts.hostname}:{parts.port}{parts.path}"


def _run(name: str, *arguments: str) -> None:
    outcome = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        raise Problem(f"{name} failed: {outcome.stderr.strip()[-1000:]}")


if __name__ == "__main__":
    with told_in_one_sentence():
        main(sys.argv[1:])
