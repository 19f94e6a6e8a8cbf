"""The operations of DynamoDB that Anteroom uses, in Python values."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from webapp import metrics
from webapp.dynamo.answers import Answer, Fate, judge
from webapp.dynamo.breaker import Breaker, Seats
from webapp.dynamo.budget import Budget, spent
from webapp.dynamo.channel import Broken, Channel
from webapp.dynamo.errors import ConditionFailed, DynamoUnavailable
from webapp.dynamo.values import Attributes, Item, Value, Wire, pack_item, unpack_item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Below this there is no sense in asking: a round trip inside one region takes 2 to 5 ms.
SHORTEST_SECONDS = 0.01
# A call cut short by a nearly used-up budget says nothing about DynamoDB.
FAIR_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Put:
    """One item of a transaction, written if `condition` holds."""

    table: str
    item: Attributes
    condition: str | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """A condition of a transaction on an item that it does not write."""

    table: str
    key: Attributes
    condition: str
    values: Mapping[str, Value] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Update:
    """A change of one item in a transaction, which makes the item where there is none; it runs once, so ADD is safe."""

    table: str
    key: Attributes
    expression: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a query's items and where the next ones start, None at the end."""

    items: list[Item]
    next: Item | None


class Dynamo:
    """The one client of the process; every method raises DynamoUnavailable when there is no answer in time.

    Tables go by their short name.  All calls of a request share its Budget.  One quick repeat follows a reset, a
    throttle or an internal error, inside the same budget, and only where a second run can do no harm.
    """

    def __init__(self, channel: Channel, *, prefix: str, breaker: Breaker | None = None) -> None:
        self._channel = channel
        self._prefix = prefix
        self.breaker = breaker or Breaker()
        self._seats = Seats()

    def get(self, table: str, key: Attributes, *, consistent: bool = True) -> Item | None:
        """The item, or None where there is none."""
        body = {**self._table(table), "Key": pack_item(key), "ConsistentRead": consistent}
        found = self._call("GetItem", table, body).get("Item")
        return unpack_item(found) if found else None

    def batch_get(
        self,
        keys: Mapping[str, Sequence[Attributes]],
        *,
        beside: Mapping[str, Sequence[Attributes]] | None = None,
        consistent: bool = True,
        within: float | None = None,
    ) -> dict[str, list[Item]]:
        """All existing items of up to 100 keys, by table, in no order.

        `within` waits no longer than these seconds for each answer: for what the page can do without.

        What DynamoDB leaves unprocessed is asked for once more, then DynamoUnavailable: an item that was not read must
        never look like an item that is not there.  Items `beside` them, of other tables, come along if they can be had.
        """
        asked = {**keys, **(beside or {})}
        wanted = {
            self._prefix + table: {"Keys": [pack_item(key) for key in many], "ConsistentRead": consistent}
            for table, many in asked.items()
        }
        needed = {self._prefix + table for table in keys}
        found: dict[str, list[Item]] = {table: [] for table in asked}
        for _ in range(2):
            answer = self._call("BatchGetItem", ",".join(asked), {"RequestItems": wanted}, within=within)
            for full_name, items in answer.get("Responses", {}).items():
                found[full_name.removeprefix(self._prefix)] += [unpack_item(item) for item in items]
            wanted = {name: rest for name, rest in (answer.get("UnprocessedKeys") or {}).items() if name in needed}
            if not wanted:
                return found
        raise DynamoUnavailable("DynamoDB left keys of a batch unread.")

    def query(
        self,
        table: str,
        where: str,
        values: Mapping[str, Value],
        *,
        names: Mapping[str, str] | None = None,
        sift: str | None = None,
        index: str | None = None,
        forward: bool = True,
        limit: int | None = None,
        start: Attributes | None = None,
        consistent: bool | None = None,
    ) -> Page:
        """One page of the items of a partition in the order of their sort key (`where` is a key condition).

        `sift` leaves items out after `limit` was counted: a page can be empty and yet have a next one.
        """
        body = {
            **self._table(table),
            "KeyConditionExpression": where,
            "ConsistentRead": (index is None) if consistent is None else consistent,
            "ScanIndexForward": forward,
            **_expression(None, values, names),
        }
        if sift:
            body["FilterExpression"] = sift
        if index:
            body["IndexName"] = index
        if limit:
            body["Limit"] = limit
        if start:
            body["ExclusiveStartKey"] = pack_item(start)
        answer = self._call("Query", table, body)
        last = answer.get("LastEvaluatedKey")
        return Page([unpack_item(item) for item in answer.get("Items", [])], unpack_item(last) if last else None)

    def put(
        self,
        table: str,
        item: Attributes,
        *,
        condition: str | None = None,
        values: Mapping[str, Value] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Write the whole item; ConditionFailed when `condition` does not hold for what is there."""
        body = {**self._table(table), "Item": pack_item(item), **_expression(condition, values, names)}
        try:
            self._call("PutItem", table, body)
        except ConditionFailed as refused:
            # The repeat of a write whose answer was lost meets its own item.
            if refused.item != item:
                raise

    def update(
        self,
        table: str,
        key: Attributes,
        expression: str,
        *,
        values: Mapping[str, Value] | None = None,
        names: Mapping[str, str] | None = None,
        condition: str | None = None,
        repeatable: bool = False,
    ) -> Item:
        """Change attributes and return the item as it is afterwards.

        Pass `repeatable` where running twice is the same as once; ADD is not, so by default a lost answer is an error.
        """
        body = {
            **self._table(table),
            "Key": pack_item(key),
            "UpdateExpression": expression,
            "ReturnValues": "ALL_NEW",
            **_expression(condition, values, names),
        }
        return unpack_item(self._call("UpdateItem", table, body, repeatable=repeatable).get("Attributes", {}))

    def delete(
        self,
        table: str,
        key: Attributes,
        *,
        condition: str | None = None,
        values: Mapping[str, Value] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Remove the item; no error where there is none, unless `condition` asks for one."""
        body = {**self._table(table), "Key": pack_item(key), **_expression(condition, values, names)}
        self._call("DeleteItem", table, body)

    def transact(self, steps: Sequence[Put | Check | Update]) -> None:
        """Write all items or none; ConditionFailed when one of the conditions does not hold."""
        body = {
            "TransactItems": [self._step(step) for step in steps],
            # The same token on the repeat makes a second run answer as the first did.
            "ClientRequestToken": str(uuid.uuid4()),
        }
        self._call("TransactWriteItems", steps[0].table, body)

    def _step(self, step: Put | Check | Update) -> Wire:
        if isinstance(step, Update):
            where = {**self._table(step.table), "Key": pack_item(step.key)}
            return {"Update": where | {"UpdateExpression": step.expression} | _expression(None, step.values, None)}
        expression = _expression(step.condition, step.values, step.names)
        if isinstance(step, Put):
            return {"Put": {**self._table(step.table), "Item": pack_item(step.item), **expression}}
        return {"ConditionCheck": {**self._table(step.table), "Key": pack_item(step.key), **expression}}

    def _table(self, table: str) -> Wire:
        return {"TableName": self._prefix + table}

    def _call(
        self, operation: str, table: str, body: Wire, *, repeatable: bool = True, within: float | None = None
    ) -> dict[str, Any]:
        """The answer's body; the only place that spends the budget, asks the breaker and repeats."""
        payload = _words(body).encode()
        budget = spent()
        budget.calls.append((operation, table))
        answer = self._send(operation, payload, budget, within)
        if (
            answer.fate is Fate.THROTTLED
            or (answer.fate is Fate.NOT_SENT)
            or (answer.fate is Fate.BROKEN and repeatable)
        ):
            answer = self._send(operation, payload, budget, within)
        if answer.error is not None:
            raise answer.error
        return answer.body

    def _send(self, operation: str, payload: bytes, budget: Budget, within: float | None = None) -> Answer:
        seconds = budget.left if within is None else min(budget.left, within)
        if seconds < SHORTEST_SECONDS:
            return Answer(Fate.LATE, error=DynamoUnavailable("This request has no time left for DynamoDB."))
        if not self.breaker.allows():
            return Answer(Fate.LATE, error=DynamoUnavailable("DynamoDB did not answer a moment ago; it is left alone."))
        started = monotonic()
        try:
            with self._seats.taken(seconds) as seated:
                if not seated:
                    return Answer(Fate.LATE, error=DynamoUnavailable("Too many threads wait for DynamoDB already."))
                answer = self._ask(operation, payload, seconds - (monotonic() - started))
        finally:
            budget.seconds += monotonic() - started
        metrics.count_call(operation, answer.fate.name, monotonic() - started)
        if answer.fate in {Fate.ANSWERED, Fate.THROTTLED}:
            self.breaker.succeeded()
        elif seconds >= FAIR_SECONDS:
            self.breaker.failed()
        return answer

    def _ask(self, operation: str, payload: bytes, seconds: float) -> Answer:
        try:
            return judge(operation, *self._channel.send(operation, payload, max(seconds, SHORTEST_SECONDS)))
        except Broken as broken:
            fate = Fate.LATE if broken.late else Fate.BROKEN if broken.sent else Fate.NOT_SENT
            return Answer(fate, error=DynamoUnavailable(str(broken)))


def _words(wire: Wire) -> str:
    return json.dumps(wire, separators=(",", ":"))


def _expression(
    condition: str | None, values: Mapping[str, Value] | None, names: Mapping[str, str] | None
) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if condition:
        parts["ConditionExpression"] = condition
        parts["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if values:
        parts["ExpressionAttributeValues"] = pack_item(values)
    if names:
        parts["ExpressionAttributeNames"] = dict(names)
    return parts
