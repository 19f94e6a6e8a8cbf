"""What a bundle tells us, in our own words."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A business identifier: who gave it, and what it is there."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Telecom:
    """A phone number or e-mail address; `rank` 1 is tried first."""

    system: str
    value: str
    use: str = "home"
    rank: int = 1


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `line` holds street and flat, parted by a comma."""

    line: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call for the patient."""

    name: str
    relationship: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Coding:
    """A code and how it reads; either part may be all there is."""

    system: str | None = None
    code: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ImportedPatient:
    """A FHIR Patient; any of `identifiers` finds the record, the first one stands for it inside the bundle.

    `deceased` without `deceased_at`: known to have died, not when.
    """

    identifiers: tuple[Identifier, ...]
    family: str
    given: str
    birth_date: dt.date
    prefix: str = ""
    suffix: str = ""
    maiden_name: str = ""
    gender: str = "unknown"
    birth_sex: str | None = None
    race: str | None = None
    ethnicity: str | None = None
    language: str = "en"
    interpreter_needed: bool = False
    marital_status: str | None = None
    deceased: bool = False
    deceased_at: datetime | None = None
    telecoms: tuple[Telecom, ...] = ()
    addresses: tuple[Address, ...] = ()
    contacts: tuple[Contact, ...] = ()
    synthetic: bool = False
    entry: str = field(default="", compare=False, repr=False)

    @property
    def digest(self) -> bytes:
        """SHA-256 of everything the source says about the person."""
        return hashlib.sha256(repr(self).encode()).digest()


@dataclass(frozen=True, slots=True)
class ImportedPractitioner:
    """A FHIR Practitioner."""

    identifier: Identifier
    family: str
    given: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class ImportedOrganization:
    """A FHIR Organization."""

    identifier: Identifier
    name: str
    phone: str = ""
    address: Address = Address()


@dataclass(frozen=True, slots=True)
class ImportedEncounter:
    """A FHIR Encounter that took place; people and places by the identifier that stands for them."""

    identifier: Identifier
    patient: Identifier
    status: str
    class_code: str
    starts_at: datetime
    ends_at: datetime | None = None
    practitioner: Identifier | None = None
    organization: Identifier | None = None
    type: Coding = Coding()
    reason: Coding | None = None
    entry: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ImportedBundle:
    """Everything one bundle brings; `dropped` counts national identifiers by kind, `skipped` what has no place here."""

    patients: tuple[ImportedPatient, ...] = ()
    practitioners: tuple[ImportedPractitioner, ...] = ()
    organizations: tuple[ImportedOrganization, ...] = ()
    encounters: tuple[ImportedEncounter, ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    skipped: tuple[tuple[str, int], ...] = ()
