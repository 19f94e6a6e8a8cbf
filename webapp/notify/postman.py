"""How a receipt would reach somebody, for the desk that takes the payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.billing import receipts
from webapp.billing.receipts import By, Reach
from webapp.notify.notices import Kind
from webapp.notify.outlook_words import masked_email, masked_phone
from webapp.notify.queries.recipients import recipient
from webapp.notify.reach import Channel, ways

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

_BY = {(): By.NONE, (Channel.EMAIL,): By.EMAIL, (Channel.SMS,): By.SMS}


class Postman:
    """Notify, as billing asks it."""

    def reach(self, patient_id: UUID, *, at: datetime) -> Reach:
        """Where messages about money go, and which way the person chose for them."""
        person = recipient(patient_id, at)
        if not person.lives:
            return Reach()
        known = person.addresses(Kind.PAYMENT)
        chosen = ways(person.wishes.choice(Kind.PAYMENT), known)
        return Reach(masked_email(known.email), masked_phone(known.sms), _BY.get(chosen, By.PREFERRED))


receipts.take_over(Postman())
