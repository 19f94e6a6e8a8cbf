"""Which identifiers are kept, and which are dropped because no clinic needs them on file."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from webapp.interop.mapping.records import Identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.interop.mapping.nodes import Node

LONGEST = 500
NPI = "http://hl7.org/fhir/sid/us-npi"
URI = "urn:ietf:rfc:3986"
"""FHIR's system for identifiers that are addresses themselves."""

SSN = "Social Security numbers"
LICENCE = "driver's licenses"
PASSPORT = "passports"
_BY_TYPE = {"SS": SSN, "SB": SSN, "SSN": SSN, "DL": LICENCE, "PPN": PASSPORT}
_BY_SYSTEM = (
    (re.compile(r"us-ssn|2\.16\.840\.1\.113883\.4\.1$", re.IGNORECASE), SSN),
    (re.compile(r"2\.16\.840\.1\.113883\.4\.3(\.|$)|driver.?s?.?licen[cs]e", re.IGNORECASE), LICENCE),
    (re.compile(r"2\.16\.840\.1\.113883\.4\.330(\.|$)|passport", re.IGNORECASE), PASSPORT),
)
_LOOKS_LIKE_SSN = re.compile(r"\d{3}-\d{2}-\d{4}", re.ASCII)


def read_identifiers(resource: Node, dropped: Counter[str]) -> tuple[Identifier, ...]:
    """Read the identifiers that name the resource, in order and none twice; national ones are only counted.

    One without a system names nobody: the same number means somebody else elsewhere.
    """
    kept: dict[Identifier, None] = {}
    for node in resource.nodes("identifier"):
        system, value = node.text("system", longest=LONGEST), node.text("value", longest=LONGEST)
        kind = _national(node, system or "", value or "")
        if value is None:
            continue
        if kind is not None:
            dropped[kind] += 1
        elif system is not None and node.text("use") != "old":
            kept[Identifier(system, value)] = None
    return tuple(kept)


def main_identifier(identifiers: Iterable[Identifier]) -> Identifier | None:
    """The one that stands for a practitioner or organization: the NPI, or else the first."""
    found = tuple(identifiers)
    return next((each for each in found if each.system == NPI), found[0] if found else None)


def _national(node: Node, system: str, value: str) -> str | None:
    type_node = node.node("type")
    codings = type_node.nodes("coding") if type_node else ()
    for code in (coding.text("code") for coding in codings):
        if code in _BY_TYPE:
            return _BY_TYPE[code]
    for pattern, kind in _BY_SYSTEM:
        if pattern.search(system):
            return kind
    return SSN if _LOOKS_LIKE_SSN.fullmatch(value) else None
