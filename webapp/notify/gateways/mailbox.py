"""The carrier of a local clinic: every message lies in a table that a page shows; nothing leaves the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp import jobs
from webapp.db import transactional
from webapp.ids import new_id
from webapp.notify.models import MailboxItem

if TYPE_CHECKING:
    from webapp.notify.gateways.carrier import Envelope


class Mailbox:
    """Writes a row for each sending: one that goes out twice is there twice, as in a real mailbox."""

    def send(self, envelope: Envelope) -> None:
        scope = jobs.scope()
        item = MailboxItem(
            id=new_id(),
            parcel_id=envelope.id,
            patient_id=envelope.patient_id,
            channel=envelope.channel.value,
            recipient=envelope.recipient,
            subject=envelope.subject,
            body=envelope.body,
            html=envelope.html,
            at=scope.at,
        )
        with transactional(scope) as session:
            session.add(item)
