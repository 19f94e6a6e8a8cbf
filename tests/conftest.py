"""What all tests share: services, application and browser (tests/stack), and two corrections of pytest-flask."""

from __future__ import annotations

import pytest

# Folders of tests that start clinics, workers and balancers.
OTHER_PROGRAMS = {"deploy", "jobs"}
pytest_plugins = [
    "tests.stack.services",
    "tests.stack.database",
    "tests.stack.web",
    "tests.stack.people",
    "tests.stack.browser",
    "tests.stack.wire",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that drives a browser or other programs: these may be late on a busy machine."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if OTHER_PROGRAMS & set(item.path.parts):
            item.add_marker(pytest.mark.programs)


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Keep pytest-flask from a request around the whole test: its `g` would hand one client's user to the next."""


@pytest.fixture(autouse=True)
def _monkeypatch_response_class() -> None:
    """Keep pytest-flask's response class out: tests see what the application answers."""
