"""A JSON object that knows where it stands, so that every misfit is named by its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.interop.mapping.faults import Fault

MAXIMUM_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Node:
    """One object of a resource and its path, "Patient.name[0]".

    Missing, null and empty are the same; another type than asked for raises Fault.
    """

    value: Mapping[str, object]
    path: str

    def text(self, key: str, *, longest: int = MAXIMUM_TEXT) -> str | None:
        """Text with its white space tidied; None when there is none."""
        found = self.value.get(key)
        return None if found is None else _text(found, f"{self.path}.{key}", longest)

    def texts(self, key: str) -> tuple[str, ...]:
        """All texts of a list; nulls, which FHIR allows among primitives, are left out."""
        found = ((n, each) for n, each in enumerate(self._list(key)) if each is not None)
        texts = [_text(each, f"{self.path}.{key}[{n}]", MAXIMUM_TEXT) for n, each in found]
        return tuple(text for text in texts if text)

    def flag(self, key: str) -> bool | None:
        found = self.value.get(key)
        if found is None or isinstance(found, bool):
            return found
        raise _misfit(f"{self.path}.{key}", "true or false", found)

    def number(self, key: str) -> int | None:
        found = self.value.get(key)
        if found is None or (isinstance(found, int) and not isinstance(found, bool)):
            return found
        raise _misfit(f"{self.path}.{key}", "a whole number", found)

    def node(self, key: str) -> Node | None:
        found = self.value.get(key)
        return None if found is None else as_node(found, f"{self.path}.{key}")

    def nodes(self, key: str) -> tuple[Node, ...]:
        return tuple(as_node(each, f"{self.path}.{key}[{n}]") for n, each in enumerate(self._list(key)))

    def _list(self, key: str) -> list[object]:
        found = self.value.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise _misfit(f"{self.path}.{key}", "a list", found)
        return found


def as_node(value: object, path: str) -> Node:
    """Take a value for an object; raises Fault when it is none."""
    if not isinstance(value, Mapping):
        raise _misfit(path, "an object", value)
    return Node(value, path)


def first(nodes: tuple[Node, ...]) -> Node | None:
    """The first of a list, None of an empty one."""
    return nodes[0] if nodes else None


def _text(value: object, path: str, longest: int) -> str | None:
    if not isinstance(value, str):
        raise _misfit(path, "text", value)
    tidy = " ".join(value.split())
    if len(tidy) > longest:
        raise Fault(f"{path} is longer than {longest} characters")
    if "\0" in tidy or any("\ud800" <= char <= "\udfff" for char in tidy):
        raise Fault(f"{path} holds a character that cannot be stored")
    return tidy or None


def _misfit(path: str, wanted: str, found: object) -> Fault:
    return Fault(f"{path} should be {wanted} and is {_kind(found)}")


def _kind(value: object) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")
