"""The items of the sessions table: their keys, what makes one count, and what is sealed in it."""

from __future__ import annotations

import hmac
import json
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from webapp.identity.permissions import GRANTABLE, Purpose, Relation, StaffRole
from webapp.identity.person import Grant, Standing
from webapp.identity.place import Place

if TYPE_CHECKING:
    from collections.abc import Collection

    from webapp.dynamo import Item, Value

TABLE = "sessions"
EPOCH = "EPOCH"
# What pages show everywhere comes with the session: of a patient the unread notices, of everybody who works here how
# many notices there were for all of them, and how far this account has read.
NOTICES = "notifications"
UNREAD = "UNREAD"
STAFF = "staff"
READ = "READ"
COUNTED: Item = {"account": STAFF, "sk": "COUNT"}
SESSION = "S#"
CHALLENGE = "C#"
EPOCH_BYTES = 16
# The last second that a datetime can hold.
END_OF_TIME = 253_402_300_800
KNOWN_ROLES = frozenset(role.value for role in StaffRole)
KNOWN_PURPOSES = frozenset(purpose.value for purpose in Purpose)


class Beside(StrEnum):
    """Whose notices a page shows, and so which items come along with the session."""

    PATIENT = "patient"
    STAFF = "staff"


def keys_beside(account_id: UUID, wanted: Collection[Beside]) -> dict[str, list[Item]]:
    """The keys of what comes along with a session, by table."""
    keys = [key_of(account_id, UNREAD)] if Beside.PATIENT in wanted else []
    if Beside.STAFF in wanted:
        keys += [COUNTED, key_of(account_id, READ)]
    return {NOTICES: keys} if keys else {}


def key_of(account_id: UUID, sort: str) -> Item:
    return {"account": str(account_id), "sk": sort}


def new_epoch() -> str:
    return secrets.token_urlsafe(EPOCH_BYTES)


def moment_of(seconds: Value) -> datetime:
    """A moment from whole epoch seconds; anything that cannot be one is long over."""
    return datetime.fromtimestamp(seconds if isinstance(seconds, int) and 0 <= seconds < END_OF_TIME else 0, UTC)


def is_alive(item: Item, now: datetime) -> bool:
    return now < moment_of(item.get("expires_at"))


def counts(item: Item, epoch: Item, now: datetime) -> bool:
    same = hmac.compare_digest(str(item.get("epoch")).encode(), str(epoch.get("epoch")).encode())
    return same and epoch.get("epoch") is not None and is_alive(item, now)


def bound_text(item: Item) -> str:
    """What the sealed content is tied to: it opens in no other item, and not with a later end written beside it."""
    return "|".join(str(item.get(name, "")) for name in ("account", "sk", "epoch", "created_at", "expires_at"))


def pack_standing(standing: Standing, token: str, place: Place) -> bytes:
    content = {
        "token": token,
        "name": standing.display_name,
        "roles": sorted(standing.roles),
        "sites": {role.value: sorted(map(str, sites)) for role, sites in standing.sites.items()},
        "provider": str(standing.provider_id or ""),
        "place": [place.browser, place.system, place.address],
        # An older version knows of patients and ends only: it sees the grants that it can judge.
        "grants": [
            [str(grant.patient_id), _text(grant.ends_at)]
            for grant in standing.grants
            if grant.starts_at is None and grant.may >= frozenset(GRANTABLE)
        ],
        "acts": [
            [
                str(each.patient_id),
                _text(each.starts_at),
                _text(each.ends_at),
                each.relation,
                sorted(each.may),
                each.name,
            ]
            for each in standing.grants
        ],
    }
    return json.dumps(content, separators=(",", ":")).encode()


def unpack_place(content: bytes) -> Place:
    return Place(*json.loads(content).get("place", ()))


def unpack_standing(content: bytes, account_id: UUID) -> Standing | None:
    """What was sealed; None for a session from before grants had purposes, unless it acts for nobody."""
    found = json.loads(content)
    if "acts" not in found and found["grants"]:
        return None
    return Standing(
        account_id=account_id,
        display_name=found["name"],
        # A role that a newer version has and this one does not know gives nothing.
        roles=frozenset(StaffRole(role) for role in found["roles"] if role in KNOWN_ROLES),
        grants=tuple(_grant(*each) for each in found.get("acts", ())),
        provider_id=UUID(found["provider"]) if found["provider"] else None,
        # A session from before roles had locations has none; its roles held everywhere.
        sites={
            StaffRole(role): frozenset(map(UUID, sites))
            for role, sites in found.get("sites", {}).items()
            if role in KNOWN_ROLES
        },
    )


def _grant(patient: str, starts: str, ends: str, relation: str, may: list[str], name: str) -> Grant:
    """One grant as it was packed; a purpose that only a newer version has gives nothing."""
    purposes = frozenset(Purpose(each) for each in may if each in KNOWN_PURPOSES)
    return Grant(UUID(patient), _moment(ends), purposes, Relation(relation), _moment(starts), name)


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
