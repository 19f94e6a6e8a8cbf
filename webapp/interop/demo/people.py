"""Generated people, marked synthetic: the same ones for the same seed, with phones that ring nowhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from webapp.interop.demo.vocabulary import (
    ALERTS,
    AREA_CODES,
    CITIES,
    FAMILIES,
    FIRST_FICTIONAL,
    GIVEN,
    LANGUAGES,
    LAST_FICTIONAL,
    RELATIONSHIPS,
    STREETS,
    Alert,
)
from webapp.interop.mapping.records import Address, Contact, Identifier, ImportedPatient, Telecom
from webapp.patients.languages import language_name

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM = "https://anteroom.example/demo-people"
SEED = 20_260
COUNT = 500
# Ages are laid out around a fixed day, so that the same person has the same birth date in every clinic.
_BASE = dt.date(2026, 1, 1)
_OLDEST_DAYS = 92 * 365
_ALERT_SHARE, _LANGUAGE_SHARE, _INTERPRETER_SHARE, _EMAIL_SHARE, _CONTACT_SHARE = 0.14, 0.16, 0.6, 0.8, 0.4
_MOST_HOUSES = 899


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One generated person, and what the desk must know before it acts."""

    patient: ImportedPatient
    alerts: tuple[Alert, ...] = ()


ROSA = DemoPerson(
    ImportedPatient(
        identifiers=(Identifier(SYSTEM, "person-0001"),),
        family="Jimenez",
        given="Rosa",
        birth_date=dt.date(1973, 3, 4),
        gender="female",
        birth_sex="F",
        language="es",
        interpreter_needed=True,
        marital_status="M",
        telecoms=(
            Telecom("phone", "(207) 555-0142", "mobile", 1),
            Telecom("email", "rosa.jimenez@example.com", "home", 2),
        ),
        addresses=(Address("418 Congress Street, Apt 2", "Portland", "ME", "04101", "US"),),
        contacts=(Contact("Luis Jimenez", "husband", "(207) 555-0177"),),
        synthetic=True,
    ),
    (
        Alert("Call only", "asked not to be texted or emailed", "phone", "danger"),
        Alert("Spanish interpreter", "by phone", "languages", "warn"),
        Alert("Step-free room", "", "accessibility", "info"),
    ),
)
"""The person the demo patient account belongs to."""


def generate(count: int = COUNT, seed: int = SEED) -> list[DemoPerson]:
    """Make people with different names and phone numbers, the first of them `ROSA`; the same ones for one seed."""
    chance = Random(seed)
    names = _names(chance)
    phones = _phones(chance)
    return [ROSA, *(_person(number, chance, next(names), next(phones)) for number in range(2, count + 1))]


def _names(chance: Random) -> Iterator[tuple[str, str, str]]:
    taken = {(ROSA.patient.given, ROSA.patient.family)}
    genders = tuple(GIVEN)
    while True:
        gender = chance.choice(genders)
        given, family = chance.choice(GIVEN[gender]), chance.choice(FAMILIES)
        if (given, family) not in taken:
            taken.add((given, family))
            yield gender, given, family


def _phones(chance: Random) -> Iterator[str]:
    numbers = [
        f"({area}) 555-{number:04}" for area in AREA_CODES for number in range(FIRST_FICTIONAL, LAST_FICTIONAL + 1)
    ]
    chance.shuffle(numbers)
    yield from (number for number in numbers if number not in {"(207) 555-0142", "(207) 555-0177", "(207) 555-0100"})


def _person(number: int, chance: Random, name: tuple[str, str, str], phone: str) -> DemoPerson:
    gender, given, family = name
    language = chance.choice(LANGUAGES) if chance.random() < _LANGUAGE_SHARE else "en"
    interpreter = language != "en" and chance.random() < _INTERPRETER_SHARE
    telecoms = [Telecom("phone", phone, chance.choice(("mobile", "mobile", "home")), 1)]
    if chance.random() < _EMAIL_SHARE:
        address = f"{given}.{family}{number}@example.com".lower().replace(" ", "").replace("'", "")
        telecoms.append(Telecom("email", address.encode("ascii", "ignore").decode(), "home", 2))
    city, state, postal_code = chance.choice(CITIES)
    line = f"{chance.randint(1, _MOST_HOUSES)} {chance.choice(STREETS)}"
    relation = chance.choice(RELATIONSHIPS)
    contact = Contact(f"{chance.choice(GIVEN['female'] + GIVEN['male'])} {family}", relation, phone)
    patient = ImportedPatient(
        identifiers=(Identifier(SYSTEM, f"person-{number:04}"),),
        family=family,
        given=given,
        birth_date=_BASE - dt.timedelta(days=chance.randint(30, _OLDEST_DAYS)),
        gender=gender,
        language=language,
        interpreter_needed=interpreter,
        telecoms=tuple(telecoms),
        addresses=(Address(line, city, state, postal_code, "US"),),
        contacts=(contact,) if chance.random() < _CONTACT_SHARE else (),
        synthetic=True,
    )
    return DemoPerson(patient, _alerts(chance, language, interpreter=interpreter))


def _alerts(chance: Random, language: str, *, interpreter: bool) -> tuple[Alert, ...]:
    found = [Alert(f"{language_name(language)} interpreter", "by phone", "languages", "warn")] if interpreter else []
    if chance.random() < _ALERT_SHARE:
        found.append(chance.choice(ALERTS))
    return tuple(found)
