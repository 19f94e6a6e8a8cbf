"""What a change says when it is done: a code travels in the cookie, the words are found here."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class Toast:
    """One short sentence and its tone (ok, info, warn); the same for every patient, so it names nobody."""

    text: str | LazyString
    tone: str = "ok"
    undoable: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether the page that it leads to says it; no words are looked up for the answer."""
        return isinstance(self.text, str) and not self.text


_SAVED = Toast(_l("Saved."))
_BY_CODE: dict[str, Toast] = {"saved": _SAVED}


def say(code: str, text: str | LazyString, tone: str = "ok", *, undoable: bool = False) -> None:
    """Register the words of a code, once, beside the views that use it; ValueError when they differ.

    `undoable` offers to put the change of a visit back: its view answers with `appointment` and `version`.
    """
    toast = Toast(text, tone, undoable)
    if _BY_CODE.setdefault(code, toast) != toast:
        raise ValueError(f"two toasts for the code {code}")


def toast_of(code: str) -> Toast:
    """Find the words of a code; one that a deploy has removed says that it was saved."""
    return _BY_CODE.get(code, _SAVED)
