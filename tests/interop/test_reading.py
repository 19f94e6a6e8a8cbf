from __future__ import annotations

import gzip
import json
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.reading import MAXIMUM_BYTES, find_files, parse_document, read_bytes, read_document

SAMPLE = {"resourceType": "Bundle", "entry": [{"x": {"reference": "urn:uuid:1"}}, {"reference": "Patient/2"}]}

SECONDS = 10.0


def reason(path: Path) -> str:
    with pytest.raises(Fault) as caught:
        read_document(path)
    return caught.value.reason


def test_plain_and_zipped_files_are_read_alike(tmp_path: Path) -> None:
    content = json.dumps(SAMPLE).encode()
    plain, zipped, disguised = (tmp_path / name for name in ("a.json", "a.json.gz", "b.json"))
    plain.write_bytes(content)
    zipped.write_bytes(gzip.compress(content))
    disguised.write_bytes(gzip.compress(content))
    for path in (plain, zipped, disguised):
        assert read_document(path).value == SAMPLE
    assert read_document(plain).references == {"urn:uuid:1", "Patient/2"}


def test_a_byte_order_mark_is_no_error() -> None:
    assert parse_document(b"\xef\xbb\xbf{}").value == {}


def test_a_truncated_gzip_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "cut.json.gz"
    path.write_bytes(gzip.compress(json.dumps(SAMPLE).encode() * 50)[:-20])
    assert "truncated" in reason(path)


def test_a_damaged_gzip_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "bad.json.gz"
    content = bytearray(gzip.compress(os.urandom(5000)))
    content[200] ^= 0xFF
    path.write_bytes(content)
    assert "damaged" in reason(path)


def test_a_gz_that_is_not_gzip_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "plain.json.gz"
    path.write_text("{}")
    assert "not" in reason(path)


def test_a_file_over_the_limit_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(8):
            file.write(b" " * MAXIMUM_BYTES)
    tracemalloc.start()
    try:
        assert "over 32 MB unpacked" in reason(path)
        assert tracemalloc.get_traced_memory()[1] < 3 * MAXIMUM_BYTES
    finally:
        tracemalloc.stop()


def test_a_file_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "full.json"
    path.write_bytes(b"{}" + b" " * (MAXIMUM_BYTES - 2))
    assert len(read_bytes(path)) == MAXIMUM_BYTES


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b"{} {}", "not JSON"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1, "a": 2}', '"a" stands twice'),
        (b'{"\xff": 1}', "not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"9" * 10_000, "number that is too long"),
    ],
)
def test_what_is_not_strict_json_is_refused_with_the_reason(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert expected in reason(path)


def test_a_key_twice_among_a_hundred_thousand_is_found_at_once() -> None:
    """Compared pair by pair this takes minutes, and for a file of the largest size a day."""
    keys = b"".join(b'"k%d": 0, ' % number for number in range(100_000))
    started = time.process_time()
    with pytest.raises(Fault, match="stands twice"):
        parse_document(b"{" + keys + b'"k99999": 1}')
    assert time.process_time() - started < SECONDS


def test_what_is_not_there_or_not_a_file_is_refused(tmp_path: Path) -> None:
    assert "no such file" in reason(tmp_path / "none.json")
    assert "no .json" in reason(tmp_path)
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    assert "not a file" in reason(pipe)


def test_folders_are_searched_to_the_bottom_in_a_stable_order(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b.json", "a.json.gz", "deep/er/c.json", "README.md", "hospitalInformation1.json"):
        (tmp_path / name).write_text("{}")
    found = [path.relative_to(tmp_path).as_posix() for path in find_files([tmp_path, tmp_path / "b.json"])]
    assert found == ["hospitalInformation1.json", "a.json.gz", "b.json", "deep/er/c.json"]


def test_an_empty_folder_and_a_missing_path_are_listed_so_that_they_are_named(tmp_path: Path) -> None:
    assert list(find_files([tmp_path, tmp_path / "none"])) == [tmp_path, tmp_path / "none"]
