"""Who a reference means: looked up in its bundle, or left as an identifier that the clinic may know already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.nodes import Node
from webapp.interop.mapping.records import Identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

_IDENTIFIER_QUERY = "?identifier="


@dataclass(slots=True)
class References:
    """The entries of one bundle by every name they can be called."""

    by_name: dict[str, tuple[str, Node]] = field(default_factory=dict)
    main: dict[str, dict[Identifier, Identifier]] = field(default_factory=dict)
    _identifiers: dict[int, Identifier] = field(default_factory=dict)

    def add(self, full_url: str, resource_type: str, node: Node) -> None:
        """Make an entry known by its fullUrl and by "Type/id"; raises Fault for a fullUrl that is used twice."""
        if full_url:
            if full_url in self.by_name:
                raise Fault("fullUrl stands at an earlier entry already")
            self.by_name[full_url] = (resource_type, node)
        resource_id = node.value.get("id")
        if isinstance(resource_id, str):
            self.by_name.setdefault(f"{resource_type}/{resource_id}", (resource_type, node))

    def identified(self, node: Node, resource_type: str, main: Identifier, others: Sequence[Identifier] = ()) -> None:
        """Remember the identifier that stands for a mapped entry, and those that lead to it."""
        self._identifiers[id(node.value)] = main
        known = self.main.setdefault(resource_type, {})
        for each in (main, *others):
            known.setdefault(each, main)

    def identify(self, reference: Node, wanted: str) -> Identifier:
        """Find whom a Reference means; raises Fault when it leads nowhere or to something else."""
        resource_type, found = self._follow(reference, wanted)
        if isinstance(found, Identifier):
            return found
        if resource_type != wanted or id(found.value) not in self._identifiers:
            raise Fault(f"{reference.path} should refer to a {wanted} and does not")
        return self._identifiers[id(found.value)]

    def identify_practitioner(self, reference: Node) -> Identifier | None:
        """Find the practitioner a participant is, directly or in a role; None for relatives and devices."""
        resource_type, found = self._follow(reference, "Practitioner")
        if isinstance(found, Identifier):
            return found if resource_type == "Practitioner" else None
        if resource_type == "PractitionerRole":
            person = found.node("practitioner")
            return self.identify(person, "Practitioner") if person else None
        return self._identifiers.get(id(found.value)) if resource_type == "Practitioner" else None

    def _follow(self, reference: Node, wanted: str) -> tuple[str, Node | Identifier]:
        target = reference.text("reference")
        if target is None:
            return self._by_logical_identifier(reference, wanted)
        if target in self.by_name:
            return self.by_name[target]
        resource_type, query, token = target.partition(_IDENTIFIER_QUERY)
        if query:
            system, bar, value = unquote(token).rpartition("|")
            if bar and system and value:
                identifier = Identifier(system, value)
                return resource_type, self.main.get(resource_type, {}).get(identifier, identifier)
        # ".../Patient/12" under any server's address is the entry "Patient/12" of this bundle.
        tail = "/".join(target.split("/_history/", maxsplit=1)[0].rsplit("/", maxsplit=2)[-2:])
        if tail in self.by_name:
            return self.by_name[tail]
        raise Fault(f"{reference.path} is a dangling reference: nothing in the bundle has that name")

    def _by_logical_identifier(self, reference: Node, wanted: str) -> tuple[str, Identifier]:
        logical = reference.node("identifier")
        system, value = (logical.text("system"), logical.text("value")) if logical else (None, None)
        if not system or not value:
            raise Fault(f"{reference.path}.reference is missing")
        identifier = Identifier(system, value)
        resource_type = reference.text("type") or wanted
        return resource_type, self.main.get(resource_type, {}).get(identifier, identifier)
