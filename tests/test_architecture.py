"""The rules of the house that a program can check: who imports whom, who commits, how long things are."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
WEBAPP = ROOT / "webapp"

# Slices import only leftwards.
ORDER = (
    "activity", "identity", "practice", "patients", "booking", "billing", "clinical", "trials", "notify", "interop",
    "desk", "portal", "ops",
)  # fmt: skip

# Infrastructure that knows who may do what, because doors and macros ask it; nothing else of a slice.
PERMISSIONS = "webapp.identity.permissions"

FUNCTION_LINES = 40
FILE_LINES = 300
CONFTEST_LINES = 150

PURE_ROLES = {"actions", "queries", "states", "availability", "forms", "mapping", "models"}
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "manager.py", "common.py", "util.py", "misc.py"}


def sources(folder: Path = WEBAPP) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def ours() -> list[Path]:
    folders = [sources(ROOT / name) for name in ("webapp", "tests", "deploy", "migrations", "bench", "demo")]
    return [path for folder in folders for path in folder]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def slice_of(path: Path) -> str | None:
    first = path.relative_to(WEBAPP).parts[0]
    return first if first in ORDER else None


def role_of(path: Path) -> str:
    """The file role: `booking/actions/book.py` is of role actions."""
    return path.relative_to(WEBAPP).parts[1].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, also inside functions; what only the type checker reads is left out."""
    whole = tree(path)
    guarded = {
        id(inner)
        for node in ast.walk(whole)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(whole):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_slices(path: Path) -> set[str]:
    parts = (module.split(".") for module in imports(path))
    return {each[1] for each in parts if each[0] == "webapp" and len(each) > 1 and each[1] in ORDER}


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize("path", [path for path in sources() if slice_of(path)], ids=name_of)
def test_slices_import_only_leftwards(path: Path) -> None:
    own = slice_of(path)
    assert own is not None
    allowed = set(ORDER[: ORDER.index(own) + 1])
    if path.name == "commands.py" or role_of(path) == "commands":
        return
    assert imported_slices(path) <= allowed


def test_activity_imports_no_slice() -> None:
    for path in sources(WEBAPP / "activity"):
        assert imported_slices(path) <= {"activity"}, name_of(path)


@pytest.mark.parametrize("path", [path for path in sources() if not slice_of(path)], ids=name_of)
def test_infrastructure_imports_no_slice_but_activity(path: Path) -> None:
    if path == WEBAPP / "__init__.py":
        return
    modules = {module for module in imports(path) if module.startswith("webapp.")}
    modules -= {module for module in modules if module.startswith(PERMISSIONS)}
    slices = {module.split(".")[1] for module in modules} & set(ORDER)
    assert slices <= {"activity"}


@pytest.mark.parametrize(
    "path", [path for path in sources() if slice_of(path) and role_of(path) in PURE_ROLES], ids=name_of
)
def test_actions_queries_and_domain_nouns_know_no_flask(path: Path) -> None:
    if slice_of(path) == "activity":
        return
    found = {module.split(".")[0] for module in imports(path)}
    assert not found & {"flask", "flask_login", "htmx_flask", "werkzeug"}
    assert not {"webapp.hypermedia", "webapp.routing", "webapp.cycle"} & set(imports(path))


@pytest.mark.parametrize(
    "path", [path for path in sources() if slice_of(path) and role_of(path) == "views"], ids=name_of
)
def test_views_hold_no_sql(path: Path) -> None:
    assert not {module for module in imports(path) if module.startswith("sqlalchemy")} - {
        "sqlalchemy.exc",
        "sqlalchemy.exc.DBAPIError",
        "sqlalchemy.exc.SQLAlchemyError",
    }
    for name, _ in calls(path):
        assert not re.search(r"db\.session(\(\))?\.\w+$", name), name


def test_only_transactional_commits() -> None:
    sites = [
        f"{name_of(path)}: {name}"
        for path in sources()
        for name, _ in calls(path)
        if name.endswith((".commit", "session.begin", "connection.begin", "engine.begin", ".begin_nested"))
    ]
    commits = [site for site in sites if site.endswith(".commit")]
    assert commits == ["webapp/db.py: session.commit"]
    # Savepoints are how any-provider tries its candidates; nothing else opens transactions of its own.
    assert all(site.endswith("begin_nested") or "db.py" in site for site in sites), sites


def test_only_settings_reads_the_environment() -> None:
    readers = {name_of(path) for path in sources() if re.search(r"\bos\.(environ|getenv)\b", path.read_text())}
    assert readers == {"webapp/settings.py"}


def test_header_names_of_htmx_stand_in_one_module() -> None:
    writers = set()
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("HX-"):
                writers.add(name_of(path))
    assert writers == {"webapp/hypermedia.py"}


def test_only_hypermedia_uses_htmx_flask() -> None:
    users = {name_of(path) for path in sources() if any(module.startswith("htmx_flask") for module in imports(path))}
    assert users == {"webapp/hypermedia.py"}


def test_time_comes_from_the_clock_alone() -> None:
    asking = {
        name_of(path)
        for path in sources()
        for name, _ in calls(path)
        if re.search(r"(datetime|date)\.(now|utcnow|today)$", name)
    }
    assert asking <= {"webapp/clock.py"}


def test_actions_and_queries_are_given_the_time() -> None:
    for path in sources():
        if slice_of(path) and role_of(path) in PURE_ROLES - {"models"}:
            assert "webapp.clock" not in set(imports(path)), name_of(path)


def test_sql_never_asks_the_server_for_the_time() -> None:
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " from " in node.value.lower():
                assert not re.search(r"\b(now\(\)|current_timestamp)", node.value, re.IGNORECASE), name_of(path)


def test_no_sql_is_put_together_from_text() -> None:
    for path in sources():
        for name, call in calls(path):
            if name in {"text", "sqlalchemy.text", "sa.text"} and call.args:
                assert not isinstance(call.args[0], ast.JoinedStr | ast.BinOp), f"{name_of(path)}:{call.lineno}"


def test_nothing_is_unpickled_or_evaluated() -> None:
    for path in sources():
        assert not {"pickle", "marshal", "shelve", "dill"} & set(imports(path)), name_of(path)
        assert not {name for name, _ in calls(path)} & {"eval", "exec", "compile"}, name_of(path)


def test_functions_fit_on_a_page() -> None:
    long = []
    for path in ours():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                first = node.body[0]
                if ast.get_docstring(node) is not None and first.end_lineno is not None:
                    lines -= first.end_lineno - first.lineno + 1
                if lines > FUNCTION_LINES:
                    long.append(f"{name_of(path)}:{node.lineno} {node.name} {lines}")
    assert long == []


def test_files_are_short() -> None:
    long = {}
    for path in [*ours(), *(ROOT / "static").glob("*.js"), *(ROOT / "static" / "css").glob("*.css")]:
        ceiling = CONFTEST_LINES if path.name == "conftest.py" else FILE_LINES
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > ceiling:
            long[name_of(path)] = lines
    assert long == {}


def test_no_file_is_named_for_nothing() -> None:
    assert [name_of(path) for path in ours() if path.name in FORBIDDEN_NAMES] == []


def test_templates_run_nothing_inline() -> None:
    bad = re.compile(r"\bstyle=|\bon[a-z]+=[\"']|hx-on|\bjs:|javascript:|<script(?![^>]*\bsrc=)|\|\s*safe\b")
    found = [
        f"{name_of(path)}: {match.group()}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for match in bad.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_post_form_carries_the_guard() -> None:
    forms = re.compile(r"<form\b[^>]*method=\"post\"[^>]*>(.*?)</form>", re.DOTALL | re.IGNORECASE)
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for match in forms.finditer(path.read_text(encoding="utf-8")):
            # Signing in and out asks no database for a key; its forms bring the token alone.
            assert "form_guard(" in match.group(1) or "csrf_token()" in match.group(1), name_of(path)


def test_test_modules_lie_where_the_code_lies() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    known = {path.stem for path in WEBAPP.iterdir()} | {"stack", "deploy", "browser", "interface", "storm"}
    assert folders <= known


def test_the_python_of_the_checks_is_the_oldest_supported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["mypy"]["strict"] is True
    assert project["tool"]["ruff"]["target-version"] == "py311"
