"""Compiles what translators wrote into what the application reads: messages.po to messages.mo, where it has changed."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "translations"


def main() -> int:
    """Compile every language; the exit status."""
    try:
        for source in sources():
            print(f"catalogs: {source.parent.parent.name} {'compiled' if compile_one(source) else 'is up to date'}")
    except (PoFileError, ValueError) as error:
        print(f"catalogs: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"catalogs: could not write {error.filename}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


def sources(folder: Path = FOLDER) -> list[Path]:
    return sorted(folder.glob("*/LC_MESSAGES/messages.po"))


def compile_one(source: Path) -> bool:
    """Write the compiled file beside its source, whole or not at all; whether it had to be."""
    made = source.with_suffix(".mo")
    compiled = _compiled(source)
    if made.exists() and made.read_bytes() == compiled:
        return False
    fresh = made.with_suffix(".mo.new")
    fresh.write_bytes(compiled)
    fresh.replace(made)
    return True


def _compiled(source: Path) -> bytes:
    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    return compiled.getvalue()


if __name__ == "__main__":
    sys.exit(main())
