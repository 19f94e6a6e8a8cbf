"""Who knows about the money of visits: booking takes none itself, so billing, to its right, says here what it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


@dataclass(frozen=True, slots=True)
class Deposit:
    """What has to be paid before a visit is booked, by whom and where; `price_cents` is all that it costs."""

    patient_id: UUID
    location_id: UUID
    cents: int
    currency: str
    price_cents: int = 0


class Cashier(Protocol):
    """What booking asks billing."""

    def at_stake(self, visit: Appointment, *, at: datetime) -> bool:
        """Whether canceling takes a fee, gives something back, or ends a payment that is under way."""

    def give_back(self, visit: Appointment, *, at: datetime) -> None:
        """The clinic has canceled: what was paid before goes back where it came from, or is credit."""

    def moved(self, visit: Appointment) -> bool:
        """Whether canceling has charged a fee or sent money on its way back."""

    def deposit_panel(self, wanted: Deposit) -> dict[str, Any]:
        """How a deposit can be paid, for `billing/deposit.html`."""

    def move_panel(self, visit: Appointment, starts_at: datetime) -> dict[str, Any] | None:
        """What the visit would cost at another time, for the dialog that moves it; None when that is the same."""

    def cancel_panel(self, visit: Appointment, *, at: datetime) -> dict[str, Any] | None:
        """What canceling costs, for `billing/cancel_terms.html`; None when it costs nothing and gives nothing back."""


class _Nobody:
    """A clinic without billing: nothing costs anything."""

    def at_stake(self, visit: Appointment, *, at: datetime) -> bool:  # noqa: ARG002 - a Cashier
        return False

    def give_back(self, visit: Appointment, *, at: datetime) -> None:
        pass

    def moved(self, visit: Appointment) -> bool:  # noqa: ARG002 - a Cashier
        return False

    def deposit_panel(self, wanted: Deposit) -> dict[str, Any]:  # noqa: ARG002 - a Cashier
        return {}

    def move_panel(self, visit: Appointment, starts_at: datetime) -> dict[str, Any] | None:  # noqa: ARG002 - a Cashier
        return None

    def cancel_panel(self, visit: Appointment, *, at: datetime) -> dict[str, Any] | None:  # noqa: ARG002 - a Cashier
        return None


_on_duty: list[Cashier] = [_Nobody()]


def take_over(cashier: Cashier) -> None:
    """Let somebody answer from now on."""
    _on_duty[:] = [cashier]


def on_duty() -> Cashier:
    """Who answers now."""
    return _on_duty[0]
