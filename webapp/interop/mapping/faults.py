"""What is wrong with a bundle, in words for the person who sent it."""

from __future__ import annotations

_LABEL_LENGTH = 100


class Fault(Exception):  # noqa: N818 - the file is at fault, not the program
    """A bundle that is not imported; `where` names the entry, `reason` the element and what is wrong with it.

    Neither quotes what the element holds: that is patient data, and the text ends up in terminals and logs.
    """

    def __init__(self, reason: str, *, where: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}" if self.where else self.reason

    def inside(self, where: str) -> Fault:
        """The same fault with its entry named; a fault that names one already keeps it."""
        return self if self.where else Fault(self.reason, where=where)


def entry_label(number: int, kind: str, full_url: str = "") -> str:
    """Name an entry by its place in `Bundle.entry` (from 0), type and fullUrl: "entry 3 (Encounter urn:uuid:…)"."""
    words = " ".join(part for part in (kind, full_url) if part)
    printable = "".join(char for char in words if char.isprintable())[:_LABEL_LENGTH]
    return f"entry {number} ({printable})" if printable else f"entry {number}"
