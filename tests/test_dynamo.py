"""The DynamoDB client on the real interface: values both ways, conditions, transactions, pages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from webapp import dynamo
from webapp.dynamo import Check, ConditionFailed, Dynamo, DynamoRefused, Put
from webapp.dynamo.values import pack
from webapp.settings import Settings

KEY: dynamo.Item = {"account": "a", "sk": "1"}


@pytest.fixture
def client(app: Flask, settings: Settings) -> Dynamo:
    return dynamo.connect(settings)


def test_every_kind_of_value_comes_back_as_it_went(client: Dynamo) -> None:
    item: dynamo.Item = {
        **KEY,
        "text": "é",
        "whole": 10**20,
        "part": Decimal("1.50"),
        "yes": True,
        "nothing": None,
        "bytes": b"\x00\xff",
        "list": [1, "a", {"deep": False}],
        "set": frozenset({"x", "y"}),
    }
    client.put("sessions", item)
    assert client.get("sessions", KEY) == item


def test_floats_and_empty_sets_are_refused() -> None:
    with pytest.raises(TypeError):
        pack(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="empty set"):
        pack(frozenset())


def test_an_absent_item_is_none_and_a_batch_has_only_what_exists(client: Dynamo) -> None:
    client.put("sessions", KEY)
    assert client.get("sessions", {"account": "a", "sk": "2"}) is None
    assert client.batch_get({"sessions": [KEY, {"account": "a", "sk": "2"}]}) == {"sessions": [KEY]}


def test_a_conditional_write_says_what_stands_there(client: Dynamo) -> None:
    client.put("sessions", {**KEY, "n": 1})
    with pytest.raises(ConditionFailed) as failed:
        client.put("sessions", {**KEY, "n": 2}, condition="attribute_not_exists(sk)")
    assert failed.value.item == {**KEY, "n": 1}
    with pytest.raises(ConditionFailed):
        client.update("sessions", KEY, "SET n = :n", values={":n": 3, ":was": 2}, condition="n = :was")
    with pytest.raises(ConditionFailed):
        client.delete("sessions", {"account": "a", "sk": "2"}, condition="attribute_exists(sk)")
    assert client.update("sessions", KEY, "SET n = :n", values={":n": 3, ":was": 1}, condition="n = :was")["n"] == 3


def test_the_same_conditional_put_twice_counts_once(client: Dynamo) -> None:
    client.put("sessions", {**KEY, "n": 1}, condition="attribute_not_exists(sk)")
    client.put("sessions", {**KEY, "n": 1}, condition="attribute_not_exists(sk)")


def test_a_transaction_writes_all_or_nothing(client: Dynamo) -> None:
    client.put("sessions", {**KEY, "n": 1})
    other: dynamo.Item = {"account": "a", "sk": "2"}
    with pytest.raises(ConditionFailed):
        client.transact([Check("sessions", KEY, "n = :n", {":n": 2}), Put("sessions", other)])
    assert client.get("sessions", other) is None
    client.transact([Check("sessions", KEY, "n = :n", {":n": 1}), Put("sessions", other)])
    assert client.get("sessions", other) == other


def test_a_query_goes_page_by_page_in_order(client: Dynamo) -> None:
    client.transact([Put("activity", {"pk": "A", "sk": str(n)}) for n in range(5)])
    first = client.query("activity", "pk = :pk", {":pk": "A"}, limit=3)
    rest = client.query("activity", "pk = :pk", {":pk": "A"}, start=first.next)
    assert [item["sk"] for item in first.items + rest.items] == ["0", "1", "2", "3", "4"]
    assert client.query("activity", "pk = :pk", {":pk": "A"}, forward=False, limit=1).items[0]["sk"] == "4"


def test_a_wrong_table_is_our_mistake_and_not_an_outage(client: Dynamo) -> None:
    with pytest.raises(DynamoRefused, match="ResourceNotFoundException"):
        client.get("no-such-table", KEY)
