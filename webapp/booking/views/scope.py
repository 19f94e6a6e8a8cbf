"""Which visits a change reaches, in the words of the desk: this one, later ones, all, or all of one coming."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.booking import queries
from webapp.booking.models import Appointment
from webapp.booking.queries.several import ALL, LATER, ONE, TOGETHER
from webapp.booking.states import Action

__all__ = ["ALL", "LATER", "ONE", "TOGETHER", "choices", "chosen", "context"]


def chosen(visit: Appointment) -> str:
    """What was chosen so far; visits of one coming go together unless somebody says otherwise."""
    asked = request.values.get("which", "")
    possible = [value for value, _text in choices(visit, None)]
    return asked if asked in possible else next(iter(possible), ONE)


def context(visit: Appointment, action: Action | None, form: str) -> dict[str, Any]:
    """The question and its answers; none for a visit that stands alone. `form` is where the answer belongs."""
    return {"scopes": choices(visit, action), "which": chosen(visit), "scope_form": form}


def choices(visit: Appointment, action: Action | None) -> list[tuple[str, str]]:
    """What can be chosen, the usual first."""
    if visit.together_id is not None:
        count = len(queries.reached(visit, TOGETHER, action))
        if count > 1:
            many = ngettext("%(num)s visit", "%(num)s visits", count)
            return [(TOGETHER, _("All that belongs together, %(many)s", many=many)), (ONE, _("Only this visit"))]
    if visit.series_id is not None:
        later, every = (len(queries.reached(visit, which, action)) for which in (LATER, ALL))
        found = [(ONE, _("Only this visit"))]
        if later > 1:
            many = ngettext("%(num)s visit", "%(num)s visits", later)
            found.append((LATER, _("This one and later ones, %(many)s", many=many)))
        if every > later:
            many = ngettext("%(num)s visit", "%(num)s visits", every)
            found.append((ALL, _("All of the series, %(many)s", many=many)))
        return found if len(found) > 1 else []
    return []
