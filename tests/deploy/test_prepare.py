"""What the set-up says when the machine cannot carry it: one sentence with what to do, never a traceback."""

from __future__ import annotations

import errno
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deploy.local import prepare
from deploy.local.problem import Problem, check_room, sentence_for, told_in_one_sentence
from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


def test_a_machine_without_a_new_enough_python_is_told_which_it_needs() -> None:
    answer = subprocess.run(["make", "run", "PYTHON="], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert "Anteroom needs Python 3.11 or newer" in answer.stderr


def test_an_old_python_is_refused_by_the_set_up_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(Problem, match=r"Python 3\.11 or newer"):
        prepare.main(["prepare"])


@pytest.mark.parametrize(
    "written",
    [
        "NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
        "ERROR: No matching distribution found for flask==3.1.3",
        "npm could not fetch the front-end packages",
    ],
)
def test_a_set_up_without_network_says_so(written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "LOG", tmp_path / "setup.log")
    with pytest.raises(Problem, match="check the network and run the same command again"):
        prepare._log([sys.executable, "-c", f"import sys; sys.exit({written!r})"], "install the packages")


def test_a_set_up_that_fills_the_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "LOG", tmp_path / "setup.log")
    with pytest.raises(Problem, match="The disk is full: free at least"):
        prepare._log([sys.executable, "-c", "import sys; sys.exit('[Errno 28] No space left on device')"], "install")


def test_too_little_room_is_noticed_before_anything_is_written() -> None:
    with pytest.raises(Problem, match="The disk is full"):
        check_room(REPOSITORY, 1e18)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "The disk is full: free at least 1.0 GB"),
        (errno.EROFS, "cannot write to /clinic/var: make it writable"),
        (errno.EACCES, "cannot write to /clinic/var: make it writable"),
    ],
)
def test_errors_of_the_operating_system_become_one_sentence(
    code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, told_in_one_sentence():
        raise OSError(code, "", "/clinic/var")
    assert words in str(ended.value)
    assert words in sentence_for(OSError(code, "", "/clinic/var"))


def test_the_requirement_files_name_no_addresses_and_pin_every_package_by_hash() -> None:
    for path in sorted(REPOSITORY.glob("requirements*.txt")):
        text = path.read_text("utf-8")
        assert "://" not in text, path.name
        assert "--index" not in text, path.name
        assert "--find-links" not in text, path.name
        names = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert names, path.name
        assert all("==" in name and name.endswith("\\") for name in names), path.name


def test_the_lock_file_of_the_front_end_names_no_addresses() -> None:
    assert '"resolved"' not in (REPOSITORY / "package-lock.json").read_text("utf-8")
