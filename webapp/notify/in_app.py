"""Notices in the portal, in DynamoDB: one item each, and one beside them that names those not read yet.

Items hold ids, times and amounts; the words are made when somebody looks.  The set of unread ones takes an id twice
without counting it twice, so a notice that is written again is the same notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from webapp import dynamo
from webapp.identity.session_items import NOTICES as TABLE
from webapp.identity.session_items import UNREAD
from webapp.notify.notices import Kind
from webapp.notify.parcels import Line

if TYPE_CHECKING:
    from webapp.dynamo import Item
    from webapp.notify.parcels import Parcel

NOTICE = "N#"
LASTS = timedelta(days=90)
SHOWN = 50
MOST_UNREAD = 99


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice of an account: which patient it is about, where, and what happened."""

    id: str
    kind: Kind
    patient_id: UUID
    location_id: UUID
    line: Line
    created_at: datetime
    unread: bool = False


def put(parcel: Parcel) -> None:
    """Write a notice and count it as unread, unless it is there already; raises DynamoUnavailable."""
    client, line = dynamo.client(), parcel.lines[0]
    account, item = str(parcel.account_id), _item(parcel, line)
    key = {"account": account, "sk": item["sk"]}
    if client.get(TABLE, key) is not None:
        return
    ends = int((parcel.created_at + LASTS).timestamp())
    # Counted first: a notice that nobody counted would never be seen.
    client.update(
        TABLE,
        {"account": account, "sk": UNREAD},
        "ADD unread :one SET expires_at = :ends",
        values={":one": frozenset({str(line.message_id)}), ":ends": ends},
        repeatable=True,
    )
    client.put(TABLE, item)


def of_account(account: UUID, at: datetime) -> list[Notice]:
    """The notices of an account, newest first; raises DynamoUnavailable."""
    client = dynamo.client()
    unread = unread_ids(client.get(TABLE, {"account": str(account), "sk": UNREAD}), at)
    page = client.query(
        TABLE,
        "account = :account AND begins_with(sk, :notice)",
        {":account": str(account), ":notice": NOTICE},
        forward=False,
        limit=SHOWN,
    )
    found = [_notice(item, unread) for item in page.items if _lasts(item, at)]
    return [notice for notice in found if notice is not None]


def all_read(account: UUID) -> None:
    """Nothing is unread any more; raises DynamoUnavailable."""
    dynamo.client().delete(TABLE, {"account": str(account), "sk": UNREAD})


def unread_ids(item: Item | None, at: datetime) -> frozenset[str]:
    """What an UNREAD item names; nothing once it is over: DynamoDB takes it away days later."""
    if item is None or not _lasts(item, at):
        return frozenset()
    ids = item.get("unread")
    return ids if isinstance(ids, frozenset) else frozenset()


def _item(parcel: Parcel, line: Line) -> Item:
    item: Item = {
        "account": str(parcel.account_id),
        "sk": f"{NOTICE}{parcel.created_at.astimezone(UTC).isoformat(timespec='microseconds')}#{line.message_id}",
        "id": str(line.message_id),
        "kind": parcel.kind.value,
        "patient": str(parcel.patient_id),
        "subject": str(line.subject_id),
        "created_at": int(parcel.created_at.timestamp()),
        "expires_at": int((parcel.created_at + LASTS).timestamp()),
        "location": str(parcel.location_id),
    }
    moments = {"starts_at": line.starts_at, "was_starts_at": line.was_starts_at, "until": line.until}
    item |= {name: int(moment.timestamp()) for name, moment in moments.items() if moment is not None}
    if line.cents is not None:
        item |= {"cents": line.cents, "currency": line.currency}
    return item


def _notice(item: Item, unread: frozenset[str]) -> Notice | None:
    """An item as a notice; None for one that a newer version wrote and this one can't read."""
    try:
        return Notice(
            id=str(item["id"]),
            kind=Kind(str(item["kind"])),
            patient_id=UUID(str(item["patient"])),
            location_id=UUID(str(item["location"])),
            line=Line(
                message_id=UUID(str(item["id"])),
                subject_id=UUID(str(item["subject"])),
                starts_at=_moment(item, "starts_at"),
                was_starts_at=_moment(item, "was_starts_at"),
                until=_moment(item, "until"),
                cents=cents if isinstance(cents := item.get("cents"), int) else None,
                currency=str(item["currency"]) if "currency" in item else None,
            ),
            created_at=_moment(item, "created_at") or datetime.fromtimestamp(0, UTC),
            unread=str(item["id"]) in unread,
        )
    except (KeyError, ValueError):
        return None


def _moment(item: Item, name: str) -> datetime | None:
    seconds = item.get(name)
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None


def _lasts(item: Item, at: datetime) -> bool:
    ends = _moment(item, "expires_at")
    return ends is not None and at < ends
