"""What the forms send that say who may act for a patient: the desk's, and the patient's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.errors import FormInvalid
from webapp.identity.permissions import GRANTABLE, Relation
from webapp.identity.portal_actions import PortalInvite
from webapp.patients import birth_dates
from webapp.patients.forms import LONGEST_DATE, LONGEST_NAME
from webapp.patients.names import search_key

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.datastructures import MultiDict

Errors = dict[str, list[str]]
LONGEST_YEARS = 5


def read_helper(form: MultiDict[str, str], patient_id: UUID, today: date, zone: str) -> PortalInvite:
    """A helper whom the patient asks for, which is their consent; raises FormInvalid."""
    return _read(form, patient_id, Relation.CARER, today, zone, consented=True)


def read_invite(form: MultiDict[str, str], patient_id: UUID, born: date, today: date, zone: str) -> PortalInvite:
    """Whom the desk invites; a carer needs the patient's consent, a parent no end.  Raises FormInvalid."""
    try:
        relation = Relation(form.get("relation", ""))
    except ValueError:
        raise FormInvalid({"relation": [_("Choose whom the code is for")]}) from None
    mailed = form.get("mailed") == "1"
    if relation is Relation.SELF:
        return PortalInvite(patient_id, mailed=mailed)
    return _read(form, patient_id, relation, today, zone, consented=form.get("consented") == "1", born=born)


def _read(
    form: MultiDict[str, str],
    patient_id: UUID,
    relation: Relation,
    today: date,
    zone: str,
    *,
    consented: bool,
    born: date | None = None,
) -> PortalInvite:
    errors: Errors = {}
    holder = _holder(form.get("holder", ""), errors)
    chosen = frozenset(purpose for purpose in GRANTABLE if purpose.value in form.getlist("purposes"))
    if not chosen:
        errors["purposes"] = [_("Choose at least one thing they may do")]
    until = _until(form.get("until", ""), today, zone, errors, needed=relation is Relation.CARER)
    if relation is Relation.CARER and not consented:
        errors["consented"] = [_("A carer needs the patient's consent")]
    if errors:
        raise FormInvalid(errors)
    return PortalInvite(patient_id, relation, holder, chosen, until, consented=consented, born=born)


def _holder(typed: str, errors: Errors) -> str:
    name = " ".join(typed.split())
    if any("\ud800" <= character <= "\udfff" for character in name):
        errors["holder"] = [_("Type this again; it has a character that cannot be stored")]
    elif not search_key(name):
        errors["holder"] = [_("Enter the name of the person who helps")]
    elif len(name) > LONGEST_NAME:
        errors["holder"] = [_("Shorten this; it has too many characters")]
    return name


def _until(typed: str, today: date, zone: str, errors: Errors, *, needed: bool) -> datetime | None:
    """The moment after the last day, at the clinic; None for no end of its own."""
    text = typed.strip()
    if not text and not needed:
        return None
    day = birth_dates.parse(text, today.replace(year=today.year + 99)) if len(text) <= LONGEST_DATE else None
    if day is None:
        errors["until"] = [_("Enter the last day as a date that exists, like %(day)s", day=_example(today))]
    elif day < today:
        errors["until"] = [_("The last day is over already. Check the date")]
    elif day > _years_on(today, LONGEST_YEARS):
        errors["until"] = [_("Choose a last day within 5 years; it can be given again then")]
    else:
        return end_of(day, zone)
    return None


def end_of(day: date, zone: str) -> datetime:
    """The first moment that is no longer the day."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


def _years_on(day: date, years: int) -> date:
    return day + timedelta(days=366 * years)


def _example(today: date) -> str:
    day = today + timedelta(days=90)
    return f"{day.month}/{day.day}/{day.year}"
