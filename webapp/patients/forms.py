"""What the pages about people send."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from flask_babel import gettext as _
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from webapp.errors import FormInvalid
from webapp.patients import birth_dates, phones
from webapp.patients.names import search_key
from webapp.patients.registration import GENDERS, ContactChange, NewPatient, NewPatientEntry, OwnContact

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_NAME = 100
LONGEST_LINE = 200
LONGEST_EMAIL = 254
LONGEST_PHONE = 40
LONGEST_DATE = 40
OLDEST = 125
NOT_CONTENT = frozenset({"csrf_token", "_key"})


def _wrong(code: str) -> PydanticCustomError:
    return PydanticCustomError(code, code)


def _storable(text: str) -> str:
    tidy = " ".join(text.split())
    if "\0" in tidy or any("\ud800" <= char <= "\udfff" for char in tidy):
        raise _wrong("character")
    return tidy


def _name(text: str) -> str:
    if not text:
        raise _wrong("missing")
    if len(text) > LONGEST_NAME:
        raise _wrong("long")
    if not search_key(text):
        raise _wrong("letters")
    return text


def _phone(text: str) -> str:
    if not text:
        raise _wrong("missing")
    number = phones.parse(text) if len(text) <= LONGEST_PHONE else None
    if number is None:
        raise _wrong("format")
    return number


def _email(text: str) -> str:
    if not text:
        return ""
    name, at, host = text.lower().rpartition("@")
    if not (name and at and "." in host) or len(text) > LONGEST_EMAIL or not text.isprintable() or " " in text:
        raise _wrong("format")
    return f"{name}@{host}"


def _line(text: str) -> str:
    if len(text) > LONGEST_LINE:
        raise _wrong("long")
    return text


def _born(typed: object, info: ValidationInfo) -> dt.date:
    today: dt.date = (info.context or {})["today"]
    text = typed.strip() if isinstance(typed, str) else ""
    if not text:
        raise _wrong("missing")
    born = birth_dates.parse(text, today) if len(text) <= LONGEST_DATE else None
    if born is None:
        raise _wrong("format")
    if born > today:
        raise _wrong("future")
    if birth_dates.age(born, today) > OLDEST:
        raise _wrong("past")
    return born


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[Text, AfterValidator(_name)]
Phone = Annotated[Text, AfterValidator(_phone)]
Email = Annotated[Text, AfterValidator(_email)]
BirthDate = Annotated[dt.date, BeforeValidator(_born)]
"""Typed any usual way; its model is validated with `today` in the context."""
Line = Annotated[Text, AfterValidator(_line)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


class NewPatientForm(_Form):
    """Four fields are asked for; the rest can wait until the person is there."""

    given: Name = ""
    family: Name = ""
    birth_date: BirthDate = dt.date.min
    phone: Phone = ""
    gender: Text = "unknown"
    email: Email = ""
    despite_duplicates: Text = ""

    @field_validator("gender", mode="after")
    @classmethod
    def _known(cls, gender: str) -> str:
        if gender and gender not in GENDERS:
            raise _wrong("choice")
        return gender or "unknown"


class ContactForm(_Form):
    """How to reach somebody, and in which language."""

    version: int
    phone: Phone = ""
    email: Email = ""
    line: Line = ""
    city: Line = ""
    state: Line = ""
    postal_code: Line = ""
    language: Line = "en"
    interpreter_needed: Text = ""


def _died(typed: object, info: ValidationInfo) -> dt.date:
    known: dict[str, dt.date] = info.context or {}
    text = typed.strip() if isinstance(typed, str) else ""
    if not text:
        raise _wrong("missing")
    died = birth_dates.parse(text, known["today"]) if len(text) <= LONGEST_DATE else None
    if died is None:
        raise _wrong("format")
    if died > known["today"]:
        raise _wrong("future")
    if died < known["born"]:
        raise _wrong("past")
    return died


class OwnContactForm(_Form):
    """What patients change themselves."""

    version: int
    phone: Phone = ""
    line: Line = ""
    city: Line = ""
    state: Line = ""
    postal_code: Line = ""


class DeathForm(_Form):
    """When somebody died, and whether the visits to come are canceled."""

    version: int
    died_on: Annotated[dt.date, BeforeValidator(_died)] = dt.date.min
    cancels: Text = ""


F = TypeVar("F", bound=_Form)


@dataclass(frozen=True, slots=True)
class Death:
    """A death as it was entered."""

    died_on: dt.date
    cancels: bool
    version: int


def read_new_patient(form: Mapping[str, str], today: dt.date) -> NewPatientEntry:
    """Read the new-patient form; raises FormInvalid with all fields that need another value, in plain words."""
    sent = _parsed(NewPatientForm, form, {"today": today})
    person = NewPatient(sent.given, sent.family, sent.birth_date, sent.phone, sent.gender, sent.email)
    return NewPatientEntry(person, despite_duplicates=sent.despite_duplicates == "1")


def read_contact(form: Mapping[str, str]) -> ContactChange:
    """Read the contact form; raises FormInvalid."""
    sent = _parsed(ContactForm, form, {})
    values = sent.model_dump(exclude={"interpreter_needed", "language"})
    return ContactChange(**values, language=sent.language or "en", interpreter_needed=sent.interpreter_needed == "1")


def read_own_contact(form: Mapping[str, str]) -> OwnContact:
    """Read the form by which patients change their phone and address; raises FormInvalid."""
    return OwnContact(**_parsed(OwnContactForm, form, {}).model_dump())


def read_death(form: Mapping[str, str], born: dt.date, today: dt.date) -> Death:
    """Read the form that records a death; raises FormInvalid."""
    sent = _parsed(DeathForm, form, {"today": today, "born": born})
    return Death(sent.died_on, sent.cancels == "1", sent.version)


def _parsed(model: type[F], form: Mapping[str, str], context: dict[str, Any]) -> F:
    content = {name: value for name, value in form.items() if name not in NOT_CONTENT}
    try:
        return model.model_validate(content, context=context)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> FormInvalid:
    errors: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        field = str(problem["loc"][0])
        errors.setdefault(field, []).append(sentence(field, problem["type"]))
    return FormInvalid(errors)


def sentence(field: str, code: str) -> str:
    """What to do about one field, by the code of what is wrong with it."""
    sentences = {
        ("name", "missing"): _("Enter your name"),
        ("given", "missing"): _("Enter the first name"),
        ("family", "missing"): _("Enter the last name"),
        ("birth_date", "missing"): _("Enter the date of birth"),
        ("birth_date", "format"): _("Enter a date that exists, like 3/27/1984"),
        ("birth_date", "future"): _("The date of birth is in the future. Check the year"),
        ("birth_date", "past"): _("The date of birth is more than 125 years ago. Check the year"),
        ("died_on", "missing"): _("Enter the date of death"),
        ("died_on", "format"): _("Enter a date that exists, like 3/27/2026"),
        ("died_on", "future"): _("The date of death is in the future. Check the date"),
        ("died_on", "past"): _("The date of death is before the date of birth. Check the date"),
        ("phone", "missing"): _("Enter a phone number"),
        ("phone", "format"): _("Enter a phone number with its area code, like (207) 555-0142"),
        ("email", "format"): _("Enter an email address like name@example.com, or leave it empty"),
        ("gender", "choice"): _("Choose one of the answers"),
    }
    general = {
        "long": _("Shorten this; it has too many characters"),
        "letters": _("Enter a name with at least one letter"),
        "character": _("Type this again; it has a character that cannot be stored"),
    }
    out_of_date = _("This page was out of date. Open it again.")
    return str(sentences.get((field, code)) or general.get(code) or out_of_date)
