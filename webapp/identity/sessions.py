"""Sessions in DynamoDB: one item per session, one epoch item per account; the only switch of being signed in.

A session counts while its item exists, its hour is not over, its person was seen lately, and it carries its account's
present epoch.  So ending one session is a delete, and ending all of an account is a new epoch.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from webapp import metrics
from webapp.dynamo import Check, ConditionFailed, Put
from webapp.identity.handle import Handle, new_handle, parse_handle
from webapp.identity.idle import IdleLimits
from webapp.identity.person import Person, Standing
from webapp.identity.place import NOWHERE, Place
from webapp.identity.sealing import seal, unseal
from webapp.identity.session_items import (
    CHALLENGE,
    COUNTED,
    EPOCH,
    NOTICES,
    READ,
    SESSION,
    TABLE,
    UNREAD,
    Beside,
    bound_text,
    counts,
    is_alive,
    key_of,
    keys_beside,
    moment_of,
    new_epoch,
    pack_standing,
    unpack_place,
    unpack_standing,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from webapp.dynamo import Dynamo, Item
    from webapp.identity.tokens import Token

LIFETIME = timedelta(hours=1)
TOUCH_EVERY = timedelta(minutes=1)
CHALLENGE_LIFETIME = timedelta(minutes=3)

CREATED_ATTEMPTS = 2


class EpochMoved(Exception):  # noqa: N818  the expected answer of a lost race
    """Roles changed or sessions were ended while somebody was signing in; read the roles again."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One session in the list of an account: since when, last seen, until when, where; `digest` names it."""

    digest: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    place: Place


class Sessions:
    """The sessions table, sealed with `key`; every method raises DynamoUnavailable, and then nobody is let in."""

    def __init__(self, dynamo: Dynamo, key: bytes, idle: IdleLimits | None = None) -> None:
        self._dynamo = dynamo
        self._key = key
        self._idle = idle or IdleLimits()

    # -- signing in and out

    def epoch(self, account_id: UUID) -> str:
        """The account's present epoch, made when there is none; read it BEFORE the roles that go into a session."""
        key = key_of(account_id, EPOCH)
        for _ in range(CREATED_ATTEMPTS):
            found = self._dynamo.get(TABLE, key)
            if found is not None:
                return str(found["epoch"])
            try:
                self._dynamo.put(TABLE, {**key, "epoch": new_epoch()}, condition="attribute_not_exists(sk)")
            except ConditionFailed:
                # Somebody else made it between our two calls; theirs counts.
                continue
        return str((self._dynamo.get(TABLE, key) or {}).get("epoch", ""))

    def create(self, standing: Standing, *, token: Token, epoch: str, now: datetime, place: Place = NOWHERE) -> Handle:
        """Open a session of one hour on the epoch that was read before the roles; raises EpochMoved if it moved since.

        The verified JWT is stored sealed and never leaves the server.  The session ends with it at the latest, so a
        clock of ours that runs fast lengthens nothing.
        """
        handle = new_handle(standing.account_id)
        created = int(now.timestamp())
        item: Item = {
            **key_of(standing.account_id, SESSION + handle.digest),
            "epoch": epoch,
            "created_at": created,
            "seen_at": created,
            "expires_at": min(created + int(LIFETIME.total_seconds()), int(token.expires_at.timestamp())),
        }
        item["sealed"] = seal(self._key, pack_standing(standing, token.text, place), bound_text(item))
        same_epoch = Check(TABLE, key_of(standing.account_id, EPOCH), "epoch = :epoch", {":epoch": epoch})
        try:
            self._dynamo.transact([same_epoch, Put(TABLE, item, "attribute_not_exists(sk)")])
        except ConditionFailed as failed:
            raise EpochMoved from failed
        metrics.SESSIONS.labels("opened").inc()
        return handle

    def end(self, handle: Handle) -> None:
        """Sign one session out, in every process from its next request on."""
        self._dynamo.delete(TABLE, key_of(handle.account_id, SESSION + handle.digest))
        metrics.SESSIONS.labels("ended").inc()

    def end_one(self, account_id: UUID, digest: str) -> None:
        """End the session of an account that `digest` names in its list."""
        self._dynamo.delete(TABLE, key_of(account_id, SESSION + digest))

    def end_all(self, account_id: UUID) -> None:
        """Sign an account out everywhere; the epoch does it, the deletes only tidy."""
        self.bump(account_id)
        metrics.SESSIONS.labels("ended everywhere").inc()
        for digest in self._digests(account_id):
            self._dynamo.delete(TABLE, key_of(account_id, SESSION + digest))

    @contextmanager
    def cut_off(self, account_id: UUID) -> Iterator[None]:
        """Run the transaction that takes a role away or disables the account: bump, commit, bump.

        The first bump refuses the change where DynamoDB is down; the second catches a sign-in that read the old roles
        in between.  Should the process die before it, the job that the change promised comes after.
        """
        self.bump(account_id)
        yield
        self.bump(account_id)

    def bump(self, account_id: UUID) -> None:
        """Give the account a new epoch, so that no session of before counts.

        The write has no condition because any new random epoch is right, whatever stood there.
        """
        self._dynamo.put(TABLE, {**key_of(account_id, EPOCH), "epoch": new_epoch()})

    # -- on every request

    def resolve(self, text: object, now: datetime, *, beside: Collection[Beside] = ()) -> Person | None:
        """The person behind a cookie's handle in one consistent round trip, or None when the session does not count.

        Item and epoch are compared here, the hour and the idle limit are checked here: DynamoDB removes expired items
        days late.  The same round trip brings whose notices the page shows (`beside`), if they can be had.
        """
        handle = parse_handle(text)
        if handle is None:
            return None
        session_key, epoch_key = key_of(handle.account_id, SESSION + handle.digest), key_of(handle.account_id, EPOCH)
        found = self._dynamo.batch_get({TABLE: [session_key, epoch_key]}, beside=keys_beside(handle.account_id, beside))
        items = {str(item["sk"]): item for item in found[TABLE]}
        item, epoch = items.get(str(session_key["sk"])), items.get(EPOCH)
        if item is None or epoch is None or not counts(item, epoch, now):
            metrics.SESSIONS.labels("over").inc()
            return None
        content = self._open(item)
        if content is None:
            return None
        standing, seen_at = unpack_standing(content, handle.account_id), _seen_at(item, now)
        if standing is None:
            return None
        idle_ends_at = seen_at + self._idle.of(standing.roles)
        if now >= idle_ends_at:
            return None
        notices = {str(each["sk"]): each for each in found.get(NOTICES, ())}
        return Person(
            standing=standing,
            handle=str(handle),
            at=now,
            created_at=moment_of(item.get("created_at")),
            seen_at=seen_at,
            expires_at=moment_of(item.get("expires_at")),
            idle_ends_at=idle_ends_at,
            unread=notices.get(UNREAD),
            counted=notices.get(str(COUNTED["sk"])),
            read=notices.get(READ),
        )

    def touch(self, person: Person, now: datetime) -> bool:
        """Note that the person did something, at most once a minute; False when the session ended meanwhile.

        The write only ever changes a live item: a request in flight cannot bring back a session that was signed out.
        """
        handle = parse_handle(person.handle)
        if handle is None or now - person.seen_at < TOUCH_EVERY:
            return handle is not None
        at = int(now.timestamp())
        try:
            self._dynamo.update(
                TABLE,
                key_of(handle.account_id, SESSION + handle.digest),
                "SET seen_at = :now",
                values={":now": at, ":before": at - int(TOUCH_EVERY.total_seconds())},
                condition="attribute_exists(sk) AND expires_at > :now AND seen_at <= :before",
                repeatable=True,
            )
        except ConditionFailed as failed:
            # Another request of the same session may have touched it first; then it is there and alive.
            return failed.item is not None and is_alive(failed.item, now)
        return True

    def of_account(self, account_id: UUID, now: datetime) -> list[OpenSession]:
        """The account's sessions that count, newest first."""
        epoch = self.epoch(account_id)
        items = [item for item in self._items(account_id, SESSION) if item["epoch"] == epoch and is_alive(item, now)]
        opened = [found for item in items if (found := self._opened(account_id, item, now))]
        return sorted(opened, key=lambda one: one.created_at, reverse=True)

    def _opened(self, account_id: UUID, item: Item, now: datetime) -> OpenSession | None:
        content = self._open(item)
        standing = None if content is None else unpack_standing(content, account_id)
        if content is None or standing is None or now >= _seen_at(item, now) + self._idle.of(standing.roles):
            return None
        return OpenSession(
            digest=str(item["sk"]).removeprefix(SESSION),
            created_at=moment_of(item.get("created_at")),
            seen_at=moment_of(item.get("seen_at")),
            expires_at=moment_of(item.get("expires_at")),
            place=unpack_place(content),
        )

    # -- between password and new password

    def keep_challenge(
        self, account_id: UUID, content: dict[str, str], now: datetime, lifetime: timedelta = CHALLENGE_LIFETIME
    ) -> Handle:
        """Keep a half-done sign-in on the server, for three minutes by default; the browser gets a handle only."""
        handle = new_handle(account_id)
        item: Item = {
            **key_of(account_id, CHALLENGE + handle.digest),
            "expires_at": int((now + lifetime).timestamp()),
        }
        item["sealed"] = seal(self._key, json.dumps(content).encode(), bound_text(item))
        self._dynamo.put(TABLE, item, condition="attribute_not_exists(sk)")
        return handle

    def challenge(self, text: object, now: datetime) -> tuple[Handle, dict[str, str]] | None:
        """The half-done sign-in behind a handle, or None when it is over."""
        handle = parse_handle(text)
        item = handle and self._dynamo.get(TABLE, key_of(handle.account_id, CHALLENGE + handle.digest))
        if not handle or not item or not is_alive(item, now):
            return None
        content = self._open(item)
        return None if content is None else (handle, json.loads(content))

    def drop_challenge(self, handle: Handle) -> None:
        self._dynamo.delete(TABLE, key_of(handle.account_id, CHALLENGE + handle.digest))

    def _open(self, item: Item) -> bytes | None:
        sealed = item.get("sealed")
        return unseal(self._key, sealed, bound_text(item)) if isinstance(sealed, bytes) else None

    def _digests(self, account_id: UUID) -> list[str]:
        return [str(item["sk"]).removeprefix(SESSION) for item in self._items(account_id, SESSION)]

    def _items(self, account_id: UUID, kind: str) -> list[Item]:
        items: list[Item] = []
        start: Item | None = None
        while True:
            page = self._dynamo.query(
                TABLE,
                "account = :account AND begins_with(sk, :kind)",
                {":account": str(account_id), ":kind": kind},
                start=start,
            )
            items += page.items
            start = page.next
            if start is None:
                return items


def _seen_at(item: Item, now: datetime) -> datetime:
    """When the session was last seen, never later than now: a moment to come would keep the idle limit away."""
    return min(moment_of(item.get("seen_at")), now)
