"""Where to go after signing in: only ever a page of ours."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 2000
NOT_A_PLACE = ("/sign-in", "/sign-out")


def return_path(text: str | None) -> str:
    r"""The path to go on to, "/" for anything that is not plainly one of ours.

    Browsers read `//host`, `/\host` and paths with tabs or line ends in front as another site.
    """
    if not text or len(text) > LONGEST or not text.isprintable() or not text.isascii() or "\\" in text:
        return "/"
    if not text.startswith("/") or text.startswith("//") or text.startswith(NOT_A_PLACE):
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc or parts.path.startswith("//") else text
