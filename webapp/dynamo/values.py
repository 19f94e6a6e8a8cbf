"""DynamoDB's typed JSON and Python values, both ways."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, TypeAlias

Value: TypeAlias = (
    "str | int | Decimal | bool | bytes | Sequence[Value] | Mapping[str, Value] | AbstractSet[str] | None"
)
Item: TypeAlias = dict[str, Value]
Attributes: TypeAlias = Mapping[str, Value]
Wire: TypeAlias = dict[str, Any]


def pack(value: Value) -> Wire:
    """One value with its DynamoDB type; floats are refused, as money and times must not be rounded.

    Sets of text become SS; DynamoDB has no empty set, so an empty one must be left out by the caller (ValueError).
    """
    if value is None:
        return {"NULL": True}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | Decimal):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": base64.b64encode(value).decode("ascii")}
    return _pack_many(value)


def _pack_many(value: Value) -> Wire:
    # Sets of text first: asking whether something is any kind of mapping is slow.
    if isinstance(value, frozenset | AbstractSet):
        if not value:
            raise ValueError("DynamoDB has no empty set: leave the attribute out.")
        return {"SS": sorted(value)}
    if isinstance(value, Mapping):
        return {"M": pack_item(value)}
    if isinstance(value, Sequence):
        return {"L": [pack(member) for member in value]}
    raise TypeError(f"DynamoDB holds no {type(value).__name__}.")


def pack_item(item: Mapping[str, Value]) -> Wire:
    """All attributes of an item or key with their types."""
    # Nearly all are text, and a list on a page is written as hundreds of items: those are packed without a call each.
    return {name: {"S": value} if type(value) is str else pack(value) for name, value in item.items()}


def unpack(wire: Wire) -> Value:
    """The Python value of one typed value; whole numbers become int, others Decimal, sets frozenset."""
    ((kind, value),) = wire.items()
    match kind:
        case "S" | "BOOL":
            plain: Value = value
        case "N":
            plain = _number(value)
        case "B":
            plain = base64.b64decode(value)
        case "NULL":
            plain = None
        case "L":
            plain = [unpack(member) for member in value]
        case "M":
            plain = unpack_item(value)
        case "SS" | "NS" | "BS":
            plain = frozenset(value)
        case _:
            raise ValueError("DynamoDB answered with an unknown type.")
    return plain


def _number(text: str) -> int | Decimal:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number


def unpack_item(wire: Mapping[str, Any]) -> Item:
    """The Python values of all attributes of an item."""
    return {name: unpack(value) for name, value in wire.items()}
