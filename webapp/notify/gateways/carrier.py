"""What every carrier of messages takes and answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.notify.reach import Channel


class NotAccepted(Exception):  # noqa: N818  an ordinary answer
    """The carrier will never take this message; the text is a word for `message.reason`, never an address."""


class CarrierAway(Exception):  # noqa: N818  a state of the world
    """There was no usable answer: it may have gone out or not, and is sent again later."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One e-mail or text, written out; `id` stays when it is sent again, `leave` is where one says how to be told."""

    id: UUID
    channel: Channel
    patient_id: UUID
    recipient: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    html: str = field(default="", repr=False)
    leave: str = field(default="", repr=False)


class Carrier(Protocol):
    """Takes messages of one channel."""

    def send(self, envelope: Envelope) -> None:
        """Hand a message over; raises NotAccepted or CarrierAway."""
