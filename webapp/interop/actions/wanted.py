"""Identifiers as a table to join with: an IN list of thousands of pairs is too deep for PostgreSQL's parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, Text, bindparam, func

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.sql.selectable import TableValuedAlias

    from webapp.interop.mapping.records import Identifier


def as_table(wanted: Iterable[Identifier]) -> TableValuedAlias:
    """The identifiers as rows of `system` and `value`, two parameters however many there are."""
    pairs = list(wanted)
    systems = bindparam("systems", [each.system for each in pairs], type_=ARRAY(Text))
    values = bindparam("values", [each.value for each in pairs], type_=ARRAY(Text))
    return func.unnest(systems, values).table_valued("system", "value").render_derived(name="wanted")
