"""A patient in the words of the desk: initials, record number, sex, age line."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from babel.dates import format_date
from flask_babel import gettext as _

from webapp.languages import written
from webapp.patients.birth_dates import age

if TYPE_CHECKING:
    from webapp.patients.models import Patient

_TONES = 5


def initials(name: str) -> str:
    """First letters of the first and the last part of a name: "RJ"."""
    parts = [part for part in name.replace(",", " ").split() if part[0].isalpha() and not part.endswith(".")]
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def provider_initials(name: str) -> str:
    """Initials of a provider without title and credential: "Dr. Amara Osei" and "Luca Marin, PT" are AO and LM."""
    return initials(name.split(",", maxsplit=1)[0])


def tone(id_: UUID) -> int:
    """Colour of a person's avatar, 1 to 5, always the same one."""
    return id_.int % _TONES + 1


def record_number(number: int) -> str:
    """Record number in groups that can be read out: "104 882"."""
    return f"{number:,}".replace(",", " ")


def born(birth_date: date) -> str:
    """Birth date as the clinic writes it: Mar 4, 1973."""
    return format_date(birth_date, "medium", locale=written())


def gender_label(gender: str) -> str:
    """Administrative gender in a word; nothing for unknown."""
    words = {"male": _("Male"), "female": _("Female"), "other": _("Other")}
    return words.get(gender, "")


def age_line(patient: Patient, today: date) -> str:
    """Age, gender and birth date in one line: "53 years · Female · Born Mar 4, 1973"."""
    years = age(patient.birth_date, today)
    parts = [_("%(years)s years", years=years) if years != 1 else _("1 year")]
    if patient.deceased_at is not None:
        parts = [_("Deceased")]
    if word := gender_label(patient.gender):
        parts.append(word)
    parts.append(_("Born %(date)s", date=born(patient.birth_date)))
    return " · ".join(parts)


def phone_of(patient: Patient) -> str:
    """The first phone number by rank; nothing when there is none."""
    return next((telecom.value for telecom in patient.telecoms if telecom.system == "phone"), "")


def email_of(patient: Patient) -> str:
    """The first e-mail address by rank; nothing when there is none."""
    return next((telecom.value for telecom in patient.telecoms if telecom.system == "email"), "")
