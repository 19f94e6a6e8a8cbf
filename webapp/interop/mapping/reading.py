"""Files and folders to JSON documents: counted while unzipping, so a small file can't fill the memory."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

from webapp.interop.mapping.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAXIMUM_BYTES = 32 * 1024 * 1024
_CHUNK = 256 * 1024
_GZIP = b"\x1f\x8b"
_ENDINGS = (".json", ".json.gz")
# Other bundles refer to these by identifier, so generators write them into files of their own.
_DIRECTORIES = ("hospitalInformation", "practitionerInformation")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file; `references` are all strings under a "reference" key, wherever they stand."""

    value: object
    references: frozenset[str]


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """List the bundles under the paths, folders searched to the bottom, in a stable order, none twice.

    A path that was named is listed even when it is missing or empty, so that reading it says so.
    """
    seen: set[Path] = set()
    for path in paths:
        found = sorted(_bundles_in(path), key=_directories_first) if path.is_dir() else [path]
        for file in found or [path]:
            if file not in seen:
                seen.add(file)
                yield file


def read_document(path: Path) -> Document:
    """Read and parse one file; raises Fault for anything that keeps it from being one JSON document."""
    return parse_document(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """Read a file, unzipped when it is gzip; raises Fault when it is not there, damaged or over 32 MB unpacked."""
    if path.is_dir():
        raise Fault("there is no .json or .json.gz file in this folder")
    if path.exists() and not path.is_file():
        raise Fault("this is not a file")
    try:
        with path.open("rb") as file:
            zipped = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            if not zipped and path.name.endswith(".gz"):
                raise Fault("the name says gzip, the content is not")
            return _read_counted(cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if zipped else file)
    except EOFError:
        raise Fault("the gzip data ends too early: the file is truncated") from None
    except (gzip.BadGzipFile, zlib.error):
        raise Fault("the gzip data is damaged") from None
    except FileNotFoundError:
        raise Fault("there is no such file") from None
    except OSError as error:
        raise Fault(f"it cannot be read: {error.strerror}") from None


def parse_document(content: bytes) -> Document:
    """Parse strict JSON: one document, no NaN, no key twice in an object; raises Fault with the place of the error."""
    references: set[str] = set()

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Fault(f"not usable JSON: {_twice(pairs)} stands twice in one object")
        reference = found.get("reference")
        if isinstance(reference, str):
            references.add(reference)
        return found

    try:
        value = json.loads(content, object_pairs_hook=collect, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Fault(f"not JSON: {error.msg.lower()} at line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError:
        raise Fault("not JSON: the text is not UTF-8") from None
    except RecursionError:
        raise Fault("not usable JSON: it is nested too deeply") from None
    except ValueError:
        # Python refuses to make a number of more than a few thousand digits.
        raise Fault("not usable JSON: it holds a number that is too long") from None
    return Document(value, frozenset(references))


def _bundles_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.name.endswith(_ENDINGS) and path.is_file())


def _directories_first(path: Path) -> tuple[bool, Path]:
    return (not path.name.startswith(_DIRECTORIES), path)


def _read_counted(file: IO[bytes]) -> bytes:
    content = bytearray()
    while chunk := file.read(_CHUNK):
        content += chunk
        if len(content) > MAXIMUM_BYTES:
            raise Fault(f"it is over {MAXIMUM_BYTES // (1024 * 1024)} MB unpacked")
    return bytes(content)


def _refuse_constant(name: str) -> None:
    raise Fault(f"not JSON: {name} is no number")


def _twice(pairs: list[tuple[str, Any]]) -> str:
    # Counted once: a search for each name would take hours in an object of a million.
    doubled = Counter(name for name, _ in pairs).most_common(1)[0][0]
    return f'"{doubled[:40]}"' if doubled.isidentifier() else "a key"
