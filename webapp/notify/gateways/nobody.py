"""The carrier of a channel that the clinic does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.notify.gateways.carrier import NotAccepted

if TYPE_CHECKING:
    from webapp.notify.gateways.carrier import Envelope


class Nobody:
    """Takes nothing: whoever can be reached in this way alone hears of things in the portal."""

    def send(self, envelope: Envelope) -> None:
        del envelope
        raise NotAccepted("no_carrier")
