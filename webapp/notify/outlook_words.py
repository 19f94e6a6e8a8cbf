"""Where a message will go, in words for whoever waits for it; addresses are masked, for who looks over a shoulder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext as _

from webapp.notify.reach import Channel, Choice

if TYPE_CHECKING:
    from webapp.notify.queries.outlook import Outlook

_DIGITS = 4


def confirmation(ahead: Outlook) -> str:
    """One sentence on where the confirmation of a visit goes, or why it goes nowhere."""
    email, sms = masked_email(ahead.addresses.email), masked_phone(ahead.addresses.sms)
    if len(ahead.ways) > 1:
        return _("A confirmation goes to %(email)s and, as a text, to %(phone)s.", email=email, phone=sms)
    if Channel.EMAIL in ahead.ways:
        return _("A confirmation goes to %(email)s.", email=email)
    if Channel.SMS in ahead.ways:
        return _("A confirmation goes as a text to %(phone)s.", phone=sms)
    if ahead.choice is Choice.NONE:
        return _("No confirmation is sent, as you chose: this visit is here in the portal.")
    if ahead.texts_off:
        return _("No confirmation is sent, because this clinic sends no texts at the moment.")
    return _("No confirmation is sent, because we have no address for it.")


def masked_email(address: str) -> str:
    """r•••@example.com: enough for whoever knows the address, nothing for who does not."""
    name, _at, host = address.rpartition("@")
    return f"{name[:1]}•••@{host}" if address else ""


def masked_phone(number: str) -> str:
    """••• 0142."""
    return f"••• {number[-_DIGITS:]}" if number else ""
