"""`flask import fhir`: records from elsewhere, from the terminal."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import OperationalError, ProgrammingError

from webapp import clock
from webapp.interop.importing import Import
from webapp.interop.mapping.reading import find_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.interop.actions import Tally

INTERRUPTED = 130

imports = AppGroup("import", help="Bring in records from elsewhere.")


@imports.command("fhir")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_appcontext
def fhir(paths: tuple[Path, ...]) -> None:
    """Import FHIR R4 bundles: .json and .json.gz files, and folders of them.

    Each bundle is stored whole or not at all. One that was imported before changes nothing. National identifiers are
    left out and counted. Exit status 1 when a file could not be imported; the others are in.
    """
    started = time.monotonic()
    course = Import(clock.now())
    files = list(find_files(paths))
    status = run(course, files)
    for line in report(course, len(files), time.monotonic() - started):
        click.echo(line)
    for path, fault in course.failed:
        click.echo(f"not imported: {shown(path)}: {fault}", err=True)
    sys.exit(status or (1 if course.failed else 0))


def shown(path: Path) -> str:
    """The name of a file as a terminal may be given it: a name can hold what moves the cursor or sets a title."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in click.format_filename(path))


def run(course: Import, files: Sequence[Path]) -> int:
    """Import the files under a progress bar; the exit status of an early end, 0 when all were tried."""
    try:
        with click.progressbar(files, label="Importing", file=sys.stderr) as bar:
            for path in bar:
                course.add(path)
    except KeyboardInterrupt:
        click.echo("\nStopped. What was imported stays; run it again to go on.", err=True)
        return INTERRUPTED
    except OperationalError:
        click.echo("\nThe database does not answer. What was imported stays; run it again to go on.", err=True)
        return 1
    except ProgrammingError:
        click.echo("\nThe database is not ready for records. Bring it up to date with `flask db upgrade`.", err=True)
        return 1
    return 0


def report(course: Import, files: int, seconds: float) -> list[str]:
    """Sum an import up, one line a kind of record."""
    stored = course.stored
    lines = [f"{course.imported} of {files} files imported in {seconds:.1f} s"]
    kinds: list[tuple[str, Tally]] = [
        ("patients", stored.patients),
        ("practitioners", stored.practitioners),
        ("organizations", stored.organizations),
        ("encounters", stored.encounters),
    ]
    lines += [
        f"{name:<14} {tally.created:>6} new {tally.changed:>6} changed {tally.unchanged:>6} unchanged"
        for name, tally in kinds
    ]
    if course.dropped:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(course.dropped.items()))
        lines.append(f"identifiers left out: {sum(course.dropped.values())} ({told})")
    lines += [f"passed over: {count} {kind}" for kind, count in sorted(course.skipped.items())]
    return lines
