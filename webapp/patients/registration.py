"""What the desk writes down about a person: requests to the actions, frozen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

GENDERS = ("female", "male", "other", "unknown")


@dataclass(frozen=True, slots=True)
class NewPatient:
    """A person to register; `phone` as `phones.parse` writes it."""

    given: str
    family: str
    birth_date: dt.date
    phone: str
    gender: str = "unknown"
    email: str = ""


@dataclass(frozen=True, slots=True)
class NewPatientEntry:
    """A filled form: the person, and whether the desk has seen the people who look alike and goes on."""

    patient: NewPatient
    despite_duplicates: bool = False


@dataclass(frozen=True, slots=True)
class ContactChange:
    """How to reach a person from now on; `version` is the one of the record that the desk had open."""

    version: int
    phone: str
    email: str = ""
    line: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    language: str = "en"
    interpreter_needed: bool = False


@dataclass(frozen=True, slots=True)
class OwnContact:
    """What patients change of how they are reached; `version` is the one of the record that they had open."""

    version: int
    phone: str
    line: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
