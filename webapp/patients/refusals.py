"""What the desk is told when somebody can't be registered as typed."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal


class MaybeRegistered(Refusal):
    """Somebody much like this person has a record; `alternatives` are those records."""

    code = "maybe_registered"
    message = _l("This person may have a record already.")
