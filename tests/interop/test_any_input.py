from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.interop.bundles import TODAY, record
from webapp.interop.mapping.bundle import read_bundle
from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.reading import Document

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=6,
)


def paths(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [deeper for key, each in value.items() for deeper in paths(each, (*path, key))]
    if isinstance(value, list):
        found += [deeper for n, each in enumerate(value) for deeper in paths(each, (*path, n))]
    return found


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_bundle_it_is_read_or_refused(data: st.DataObject) -> None:
    value: Any = record()
    path = data.draw(st.sampled_from(paths(value)[1:]))
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    if data.draw(st.booleans()):
        holder[path[-1]] = data.draw(anything)
    else:
        del holder[path[-1]]
    try:
        read_bundle(Document(value, frozenset()), TODAY)
    except Fault as fault:
        assert str(fault)  # noqa: PT017 - reading it is as good as refusing it, with a reason


@settings(max_examples=200, deadline=None)
@given(anything)
def test_any_json_at_all_is_read_or_refused(value: object) -> None:
    try:
        read_bundle(Document(value, frozenset()), TODAY)
    except Fault as fault:
        assert str(fault)  # noqa: PT017 - as above
