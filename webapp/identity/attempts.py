"""How often somebody may try: failed attempts per account and per network address, with waits that grow.

An attempt is counted before it is judged and uncounted when it was right, each time by one conditional write, so that a
thousand guesses sent at once are as few as a thousand sent one after the other.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from webapp.dynamo import ConditionFailed, DynamoUnavailable
from webapp.identity.gateways.cognito import WrongPassword

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.dynamo import Dynamo, Item

TABLE = "counters"
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
MEMORY = timedelta(hours=1)
# Whoever loses this many races for one counter is one of many who guess at once.
RACES = 5
CROWDED = timedelta(seconds=1)
STAMP_BYTES = 12
NETWORK_BITS = 64


class TooManyAttempts(Exception):  # noqa: N818  an ordinary answer
    """Nothing was judged: the account or the address has to wait first."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"wait {wait}")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Limit:
    """Failures that cost no wait, and whether each attempt keeps the earlier ones in memory (else: an hour's sum)."""

    free: int
    slides: bool

    def wait_after(self, failures: int) -> timedelta:
        """How long the next attempt has to wait: nothing, then 30 s, 1 min, 2, 4, 8, and 15 min from there on."""
        beyond = failures - self.free
        return timedelta(0) if beyond < 0 else min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT)


ACCOUNT = Limit(free=5, slides=True)
# A whole clinic signs in from one address.
ADDRESS = Limit(free=100, slides=False)


@dataclass(frozen=True, slots=True)
class Counted:
    """One counter as this attempt left it; `before` is the item that stood there, `locks` whether a wait begins."""

    item: Item
    before: Item | None
    locks: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that is counted already."""

    account: Counted
    address: Counted

    @property
    def locks(self) -> bool:
        return self.account.locks or self.address.locks


class Attempts:
    """The counters of attempts; `key` (32 bytes) hides addresses and e-mail addresses from who reads the table."""

    def __init__(self, dynamo: Dynamo, key: bytes) -> None:
        self._dynamo = dynamo
        self._key = key

    @contextmanager
    def trying(self, kind: str, subject: str, address: str, now: datetime) -> Iterator[None]:
        """Judge one attempt of a kind (password, code, …) inside; only WrongPassword leaves it counted.

        Raises TooManyAttempts without judging, and DynamoUnavailable.
        """
        attempt = self.begin(kind, subject, address, now)
        try:
            yield
        except WrongPassword as wrong:
            wrong.locks = attempt.locks
            raise
        except Exception:
            with suppress(DynamoUnavailable):
                self._put_back(attempt.account)
                self._uncount(attempt.address)
            raise
        self.succeeded(attempt)

    def begin(self, kind: str, subject: str, address: str, now: datetime) -> Attempt:
        """Count an attempt with both counters; one that finds the account waiting counts for the address all the same.

        Raises TooManyAttempts.
        """
        by_address = self._count(self.key_of("address", network_of(address)), ADDRESS, now)
        return Attempt(account=self._count(self.key_of(kind, subject), ACCOUNT, now), address=by_address)

    def succeeded(self, attempt: Attempt) -> None:
        """The attempt was right: the account starts anew, the address has one failure less (its own)."""
        self._dynamo.delete(TABLE, {"pk": attempt.account.item["pk"]})
        self._uncount(attempt.address)

    def forget(self, kind: str, subject: str) -> None:
        """Let an account start anew, as after a reset by a manager."""
        self._dynamo.delete(TABLE, {"pk": self.key_of(kind, subject)})

    def key_of(self, kind: str, subject: str) -> str:
        digest = hmac.digest(self._key, f"attempts|{kind}|{subject}".encode(), hashlib.sha256)
        return f"try#{kind}#{digest[:16].hex()}"

    def claim_once(self, kind: str, subject: str, now: datetime, lasting: timedelta) -> bool:
        """Whether nobody claimed this for as long as it lasts: makes a one-time code count once."""
        item: Item = {
            "pk": self.key_of(kind, subject),
            "expires_at": ceil((now + lasting).timestamp()),
            "stamp": new_stamp(),  # else two claims of one second would take each other for their own repeat
        }
        try:
            self._dynamo.put(
                TABLE,
                item,
                condition="attribute_not_exists(pk) OR expires_at <= :now",
                values={":now": int(now.timestamp())},
            )
        except ConditionFailed:
            return False
        return True

    def spend(self, kind: str, subject: str, most: int, now: datetime, lasting: timedelta) -> bool:
        """Whether this is one of the first `most` tries; counted before it is judged, and not forgotten by waiting."""
        try:
            self._dynamo.update(
                TABLE,
                {"pk": self.key_of(f"{kind}-in-all", subject)},
                "ADD failures :one SET expires_at = :until, stamp = :stamp",
                values={
                    ":one": 1,
                    ":most": most,
                    ":until": ceil((now + lasting).timestamp()),
                    ":stamp": new_stamp(),
                },
                condition="attribute_not_exists(failures) OR failures < :most",
            )
        except ConditionFailed:
            return False
        return True

    def unspend(self, kind: str, subject: str) -> None:
        """Take a try back that was right."""
        with suppress(ConditionFailed):
            self._dynamo.update(
                TABLE,
                {"pk": self.key_of(f"{kind}-in-all", subject)},
                "ADD failures :less SET stamp = :stamp",
                values={":less": -1, ":none": 0, ":stamp": new_stamp()},
                condition="failures > :none",
            )

    def _count(self, pk: str, limit: Limit, now: datetime) -> Counted:
        for _ in range(RACES):
            found = self._dynamo.get(TABLE, {"pk": pk})
            before = found if found is not None and now < _moment(found, "expires_at") else None
            if before is not None and now < _moment(before, "blocked_until"):
                raise TooManyAttempts(_moment(before, "blocked_until") - now)
            counted = _next(pk, before, limit, now)
            if self._swap(counted.item, found):
                return counted
        raise TooManyAttempts(CROWDED)

    def _swap(self, item: Item, found: Item | None) -> bool:
        """Write the item where still stands what was found; a write sent twice finds itself and counts once."""
        condition = "attribute_not_exists(pk)" if found is None else "stamp = :stamp"
        values = None if found is None else {":stamp": found.get("stamp")}
        try:
            self._dynamo.put(TABLE, item, condition=condition, values=values)
        except ConditionFailed:
            return False
        return True

    def _put_back(self, counted: Counted) -> None:
        """Leave the counter as if the attempt had not been, unless somebody else tried meanwhile."""
        condition, values = "stamp = :stamp", {":stamp": counted.item["stamp"]}
        with suppress(ConditionFailed):
            if counted.before is None:
                self._dynamo.delete(TABLE, {"pk": counted.item["pk"]}, condition=condition, values=values)
            else:
                self._dynamo.put(TABLE, counted.before, condition=condition, values=values)

    def _uncount(self, counted: Counted) -> None:
        """Take one off, with the wait it began, under a new stamp: who counts at this moment reads again."""
        with suppress(ConditionFailed):
            self._dynamo.update(
                TABLE,
                {"pk": counted.item["pk"]},
                "ADD failures :less SET stamp = :stamp, blocked_until = :blocked",
                values={":less": -1, ":stamp": new_stamp(), ":none": 0, ":blocked": 0},
                condition="failures > :none",
            )


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 network that one IPv6 household has to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, NETWORK_BITS), strict=False))
    return str(parsed)


def new_stamp() -> str:
    return secrets.token_urlsafe(STAMP_BYTES)


def _next(pk: str, before: Item | None, limit: Limit, now: datetime) -> Counted:
    failures = _number(before, "failures") + 1
    wait = limit.wait_after(failures)
    until = ceil((now + wait).timestamp()) if wait else 0
    forgotten = ceil((now + MEMORY).timestamp())
    if before is not None and not limit.slides:
        forgotten = _number(before, "expires_at")
    item: Item = {
        "pk": pk,
        "failures": failures,
        "blocked_until": until,
        "expires_at": max(forgotten, until),
        "stamp": new_stamp(),
    }
    return Counted(item, before, locks=bool(wait))


def _number(item: Item | None, name: str) -> int:
    value = 0 if item is None else item.get(name, 0)
    return value if isinstance(value, int) else 0


def _moment(item: Item, name: str) -> datetime:
    return datetime.fromtimestamp(_number(item, name), UTC)
