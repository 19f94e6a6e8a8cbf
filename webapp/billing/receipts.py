"""How a receipt goes to whoever paid: billing sends nothing itself; notify, to its right, says here what it can do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class By(StrEnum):
    """How the receipt of one payment goes; the values stand in `payment.receipt` and `attempt.receipt`."""

    PREFERRED = "preferred"
    EMAIL = "email"
    SMS = "sms"
    PRINT = "print"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a receipt of a person can go, masked for who looks over a shoulder; empty where nowhere.

    `preferred` is how it goes when nobody says otherwise: `NONE` where they want none, or have no address, and
    `PREFERRED` itself where they want both.
    """

    email: str = ""
    sms: str = ""
    preferred: By = By.NONE


class Postman(Protocol):
    """What billing asks whoever sends messages."""

    def reach(self, patient_id: UUID, *, at: datetime) -> Reach:
        """How a receipt would reach somebody."""


class _Nobody:
    """A clinic that sends nothing: receipts are printed."""

    def reach(self, patient_id: UUID, *, at: datetime) -> Reach:  # noqa: ARG002 - a Postman
        return Reach()


_on_duty: list[Postman] = [_Nobody()]


def take_over(postman: Postman) -> None:
    """Let somebody answer from now on."""
    _on_duty[:] = [postman]


def reach(patient_id: UUID, *, at: datetime) -> Reach:
    """How a receipt would reach somebody."""
    return _on_duty[0].reach(patient_id, at=at)
