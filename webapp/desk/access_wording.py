"""Who may act for whom, in words: for the desk's page and the patient's own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp.booking.wording import local_date
from webapp.identity.permissions import GRANTABLE, Relation
from webapp.identity.words import PURPOSE_NAMES, RELATION_NAMES, purposes_in_words

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from webapp.identity.portal_queries import Helper, OpenCode


def day_of(moment: datetime, zone: str) -> str:
    """The calendar day of a moment at the clinic, as the reader writes dates."""
    return format_date(local_date(moment, zone), "medium", locale=str(get_locale() or "en"))


def last_day(end: datetime | None, zone: str) -> str:
    """Until when, as the last day it counts: an end at midnight is the day before."""
    if end is None:
        return str(_("No end date"))
    return str(_("Until %(day)s", day=day_of(end - timedelta(seconds=1), zone)))


def helper_line(helper: Helper, zone: str) -> dict[str, Any]:
    """Somebody who acts for a patient."""
    return {
        "account_id": helper.account_id,
        "name": helper.name,
        "email": helper.email,
        "own": helper.relation is Relation.SELF,
        "relation": RELATION_NAMES[helper.relation],
        "may": purposes_in_words(helper.relation, helper.purposes),
        "until": last_day(helper.ends_at, zone),
    }


def code_line(code: OpenCode, zone: str) -> dict[str, Any]:
    """A code that nobody has used yet."""
    return {
        "id": code.id,
        "holder": code.holder or RELATION_NAMES[code.relation],
        "relation": RELATION_NAMES[code.relation],
        "own": code.relation is Relation.SELF,
        "may": purposes_in_words(code.relation, code.purposes),
        "until": last_day(code.until, zone),
        "ends": day_of(code.ends_at, zone),
    }


def purpose_choices(chosen: Collection[str]) -> list[dict[str, Any]]:
    """What a helper may be allowed, for a form."""
    return [
        {"value": purpose.value, "label": PURPOSE_NAMES[purpose], "checked": purpose.value in chosen}
        for purpose in GRANTABLE
    ]
