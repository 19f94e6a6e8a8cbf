"""Who looked at a patient, read from a log of as many records as are asked for: a patient's own list, an auditor's.

The log lies in the local stand-in for DynamoDB, which looks at every record of a partition in Python before it answers
with the newest. So the limit is on our own part, CPU and calls; the clock stands beside a bare call of the same.
"""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from bench.desk import open_desk
from bench.figures.figure import Figure, median, quantile
from bench.town import made
from webapp import dynamo
from webapp.activity.items import TABLE, Origin, item_of, patient_key
from webapp.activity.notes import Note
from webapp.activity.queries import NEWEST, Wanted, part_of_patient
from webapp.dynamo.values import pack_item
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.desk import Desk
    from bench.town import Town
    from deploy.local.stack import Stack

OF_ONE = 200
"""Records of each patient: some years of visits, of calls, of lists."""
TOGETHER = 25
"""Items of one BatchWriteItem."""
TIMES = 60
MOST_MS = 20.0
READERS = 40


def figures(stack: Stack, town: Town, records: int) -> Iterator[Figure]:
    """Fill the log, then read its first pages by turns as the patient's page and the auditor's do."""
    with open_desk(stack, town, stack.aws.address) as desk:
        started = perf_counter()
        people = max(1, records // OF_ONE)
        _fill(stack, people)
        seconds = perf_counter() - started
        print(f"{people * OF_ONE:,} records of {people:,} people: written in {seconds:.0f} s", flush=True)
        patients = [made("patient", n * people // TIMES) for n in range(TIMES)]
        ways: dict[str, Callable[[UUID], object]] = {
            "who looked, a patient's own list": lambda patient: part_of_patient(patient, Wanted()),
            "who looked, an auditor's list": lambda patient: part_of_patient(patient, Wanted(role="receptionist")),
        }
        for name, way in ways.items():
            yield from _read(desk, stack, name, way, patients)


def _read(desk: Desk, stack: Stack, name: str, way: Callable[[UUID], object], patients: list[UUID]) -> Iterator[Figure]:
    own, wall, bare, trips = [], [], [], 0
    for patient in patients:
        with desk.app.test_request_context():
            clock, cpu = perf_counter(), thread_time()
            way(patient)
            own.append(thread_time() - cpu)
            wall.append(perf_counter() - clock)
            trips = max(trips, len(dynamo.spent().calls))
        clock = perf_counter()
        _ask(stack, "Query", _bare(stack, patient))
        bare.append(perf_counter() - clock)
    beside = f"a bare call {median(bare) * 1000:.1f} ms, 95 of 100 in {quantile(wall, 0.95) * 1000:.1f}"
    yield Figure(f"{name}, client CPU", median(own) * 1000, "ms", at_most=MOST_MS)
    yield Figure(f"{name}, on the clock", median(wall) * 1000, "ms", beside=beside)
    yield Figure(f"{name}, round trips", trips, "", at_most=1)


def _fill(stack: Stack, people: int) -> None:
    table = f"{stack.deployed.prefix}{TABLE}"
    records = _records(people)
    while some := list(islice(records, TOGETHER)):
        requests = [{"PutRequest": {"Item": pack_item(item_of(note, origin))}} for note, origin in some]
        left = _ask(stack, "BatchWriteItem", {"RequestItems": {table: requests}})["UnprocessedItems"]
        if left:
            raise RuntimeError("the stand-in did not take all records")


def _records(people: int) -> Iterator[tuple[Note, Origin]]:
    """Each patient in turn, so that no partition is written in one go; one opening in an hour."""
    readers = [uuid4() for _ in range(READERS)]
    first = datetime(2026, 1, 5, 8, tzinfo=UTC)
    roles = frozenset({StaffRole.RECEPTIONIST.value})
    for turn in range(OF_ONE):
        for person in range(people):
            at = first + timedelta(hours=turn, microseconds=person)
            reader = readers[(turn + person) % READERS]
            yield (
                Note("opened", made("patient", person)),
                Origin(reader, at, str(UUID(int=turn * people + person)), "desk.record", "127.0.0.1", roles),
            )


def _bare(stack: Stack, patient: UUID) -> dict[str, Any]:
    return {
        "TableName": f"{stack.deployed.prefix}{TABLE}",
        "KeyConditionExpression": "pk = :pk AND sk < :before",
        "ExpressionAttributeValues": {":pk": {"S": patient_key(patient)}, ":before": {"S": NEWEST}},
        "ScanIndexForward": False,
        "Limit": OF_ONE,
    }


def _ask(stack: Stack, operation: str, body: dict[str, Any]) -> dict[str, Any]:
    """Call the stand-in as plainly as can be, over one connection of this process; it looks at no signature."""
    kept = _connections.setdefault(stack.aws.port, http.client.HTTPConnection("127.0.0.1", stack.aws.port, timeout=60))
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request",
    }
    kept.request("POST", "/", json.dumps(body), headers)
    answer = kept.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise RuntimeError(content.decode())
    found: dict[str, Any] = json.loads(content)
    return found


_connections: dict[int, http.client.HTTPConnection] = {}
