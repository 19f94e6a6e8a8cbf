"""FHIR Patient (US Core) and Practitioner to our own records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webapp.interop.mapping import dates
from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.identifiers import main_identifier, read_identifiers
from webapp.interop.mapping.nodes import Node, first
from webapp.interop.mapping.records import (
    Address,
    Contact,
    Identifier,
    ImportedPatient,
    ImportedPractitioner,
    Telecom,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections import Counter

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
_INTERPRETER = {
    f"{US_CORE}us-core-interpreter-needed",
    "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired",
}
_SNOMED_YES = "373066001"
_GENDERS = frozenset({"male", "female", "other", "unknown"})
_BIRTH_SEXES = frozenset({"M", "F", "UNK"})
_USES = {"home": "home", "work": "work", "mobile": "mobile"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", re.ASCII)
_NAME_ORDER = ("official", "usual", None, "nickname", "anonymous", "temp", "old", "maiden")
LONGEST_NAME = 200
NOT_KNOWN = "Unknown"


def read_patient(node: Node, fallback: Identifier | None, today: dt.date, dropped: Counter[str]) -> ImportedPatient:
    """Read a Patient; `fallback` identifies one that brings no identifier of its own.

    Raises Fault without a name, a full birth date or anything to match the person by.
    """
    identifiers = read_identifiers(node, dropped) or ((fallback,) if fallback else ())
    if not identifiers:
        raise Fault("Patient has no identifier to match the person by")
    names = node.nodes("name")
    family, given, name = read_name(node, names)
    extensions = _extensions(node)
    born = node.text("birthDate")
    if born is None:
        raise Fault("Patient.birthDate is missing")
    birth_date = dates.date(born, "Patient.birthDate", latest=today)
    died = node.text("deceasedDateTime")
    deceased_at = dates.instant(died, "Patient.deceasedDateTime") if died else None
    if deceased_at and deceased_at.date() < birth_date:
        raise Fault("Patient.deceasedDateTime is an impossible date: it is before birth")
    gender, birth_sex = node.text("gender"), _value_text(extensions.get(f"{US_CORE}us-core-birthsex"), "valueCode")
    return ImportedPatient(
        identifiers=identifiers,
        family=family,
        given=given,
        prefix=_joined(name, "prefix"),
        suffix=_joined(name, "suffix"),
        maiden_name=next((each.text("family") or "" for each in names if each.text("use") == "maiden"), ""),
        birth_date=birth_date,
        gender=gender if gender in _GENDERS else "unknown",
        birth_sex=birth_sex if birth_sex in _BIRTH_SEXES else None,
        race=_us_core_text(extensions.get(f"{US_CORE}us-core-race")),
        ethnicity=_us_core_text(extensions.get(f"{US_CORE}us-core-ethnicity")),
        language=_language(node),
        interpreter_needed=_needs_interpreter(extensions),
        marital_status=_marital_status(node),
        deceased=deceased_at is not None or node.flag("deceasedBoolean") is True,
        deceased_at=deceased_at,
        telecoms=read_telecoms(node),
        addresses=read_addresses(node),
        contacts=_contacts(node),
        entry=node.path,
    )


def read_practitioner(node: Node, fallback: Identifier | None, dropped: Counter[str]) -> ImportedPractitioner:
    """Read a Practitioner; raises Fault without a name or anything to match by."""
    identifier = main_identifier(read_identifiers(node, dropped)) or fallback
    if identifier is None:
        raise Fault("Practitioner has no identifier to match the person by")
    family, given, name = read_name(node, node.nodes("name"))
    return ImportedPractitioner(identifier, family, given, _joined(name, "prefix"))


def read_name(resource: Node, names: tuple[Node, ...]) -> tuple[str, str, Node]:
    """Family name, given names, and the HumanName they come from: the official one, else the most current.

    A part that is missing is taken from `text`, and is "Unknown" when that does not tell either.
    """
    ranked = sorted(names, key=_name_rank)
    for name in ranked:
        family, given = name.text("family"), " ".join(name.texts("given"))
        words = (name.text("text") or "").split()
        if not family and not given and words:
            given, family = " ".join(words[:-1]), words[-1]
        if family or given:
            family, given = family or NOT_KNOWN, given or NOT_KNOWN
            if max(len(family), len(given)) > LONGEST_NAME:
                raise Fault(f"{name.path} is longer than {LONGEST_NAME} characters")
            return family, given, name
    raise Fault(f"{resource.path}.name is missing")


def read_telecoms(node: Node) -> tuple[Telecom, ...]:
    """Phone numbers and e-mail addresses that are still in use, best first."""
    found: list[tuple[int, str, str, str]] = []
    for telecom in node.nodes("telecom"):
        system, value = telecom.text("system"), telecom.text("value", longest=254)
        use, rank = telecom.text("use") or "home", telecom.number("rank")
        kind = "phone" if system == "sms" else system
        if value and use != "old" and kind in {"phone", "email"}:
            use = "mobile" if system == "sms" else _USES.get(use, "home")
            found.append((rank if rank and rank > 0 else len(found) + 1, kind or "", value, use))
    best = dict.fromkeys((kind, value, use) for _, kind, value, use in sorted(found, key=lambda each: each[0]))
    return tuple(Telecom(kind, value, use, rank) for rank, (kind, value, use) in enumerate(best, 1))


def read_addresses(node: Node) -> tuple[Address, ...]:
    """Postal addresses that are still in use."""
    found: dict[Address, None] = {}
    for address in node.nodes("address"):
        if address.text("use") == "old":
            continue
        line = ", ".join(address.texts("line"))
        parts = [address.text(key) or "" for key in ("city", "state", "postalCode", "country")]
        if not line and not any(parts):
            line = address.text("text") or ""
        if line or any(parts):
            found[Address(line, *parts)] = None
    return tuple(found)


def _name_rank(name: Node) -> int:
    use = name.text("use")
    return _NAME_ORDER.index(use) if use in _NAME_ORDER else len(_NAME_ORDER)


def _joined(name: Node, key: str) -> str:
    return " ".join(name.texts(key))


def _extensions(node: Node) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for extension in node.nodes("extension"):
        found.setdefault(extension.text("url") or "", extension)
    return found


def _value_text(extension: Node | None, key: str) -> str | None:
    return extension.text(key) if extension else None


def _us_core_text(extension: Node | None) -> str | None:
    if extension is None:
        return None
    parts = {part.text("url"): part for part in extension.nodes("extension")}
    if told := _value_text(parts.get("text"), "valueString"):
        return told
    category = parts.get("ombCategory")
    coding = category.node("valueCoding") if category else None
    return coding.text("display") if coding else None


def _needs_interpreter(extensions: dict[str, Node]) -> bool:
    for url in _INTERPRETER & extensions.keys():
        extension = extensions[url]
        coding = extension.node("valueCoding")
        if extension.flag("valueBoolean") or (coding and coding.text("code") == _SNOMED_YES):
            return True
    return False


def _language(node: Node) -> str:
    spoken = node.nodes("communication")
    preferred = [each for each in spoken if each.flag("preferred")] or list(spoken)
    for communication in preferred:
        language = communication.node("language")
        for coding in language.nodes("coding") if language else ():
            code = coding.text("code")
            if code and _LANGUAGE.fullmatch(code):
                return code
    return "en"


def _marital_status(node: Node) -> str | None:
    status = node.node("maritalStatus")
    coding = first(status.nodes("coding")) if status else None
    code = coding.text("code") if coding else None
    return code or (status.text("text") if status else None)


def _contacts(node: Node) -> tuple[Contact, ...]:
    found: dict[Contact, None] = {}
    for contact in node.nodes("contact"):
        name = contact.node("name")
        words = (name.text("text") or " ".join((*name.texts("given"), name.text("family") or ""))) if name else ""
        relationship = first(contact.nodes("relationship"))
        coding = first(relationship.nodes("coding")) if relationship else None
        telling = (relationship.text("text") if relationship else None) or (coding.text("display") if coding else None)
        phone = next((telecom.value for telecom in read_telecoms(contact) if telecom.system == "phone"), "")
        if words.strip():
            found[Contact(words.strip(), telling or "", phone)] = None
    return tuple(found)
