"""Why a patient can't be told something in the way that the desk asked for."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal


class NoWayToTell(Refusal):
    """No address of the patient's takes what they want to get it by."""

    status: ClassVar[int] = 409
    code = "no_way_to_tell"
    message = _l(
        "There is no address to send it to in the way this patient wants to be told about money. "
        "Look at Messages in the record, or let them scan the code."
    )


class OnlyInPortal(NoWayToTell):
    """The patient wants neither e-mails nor texts about money."""

    code = "only_in_portal"
    message = _l(
        "This patient wants no emails or texts about money, so nothing is sent. "
        "They can pay in the portal, scan the code, or choose another way under Messages in the record."
    )


class TextsSwitchedOff(NoWayToTell):
    """The patient can be told by text alone, and the clinic sends none."""

    code = "texts_switched_off"
    message = _l("This patient wants texts, and texts are switched off here. Let them scan the code instead.")
