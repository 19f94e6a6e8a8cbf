from __future__ import annotations

import pytest

from webapp.identity.return_path import return_path


@pytest.mark.parametrize("path", ["/", "/board", "/board/2026-03-01?view=list", "/patients/1#x", "/a//b", "/@evil"])
def test_our_own_pages_are_kept(path: str) -> None:
    assert return_path(path) == path


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "board",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        " //evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "/\x00",
        "/é",
        "//[",
        "/sign-out",
        "/sign-in?next=/sign-in",
        "/" + "a" * 3000,
    ],
)
def test_everything_else_leads_home(text: str | None) -> None:
    assert return_path(text) == "/"
