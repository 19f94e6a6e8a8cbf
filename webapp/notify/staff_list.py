"""The notices of everybody who works here: one list for each audience in DynamoDB, and one item that counts them.

Nothing is written for an account but how far it has read, so a notice costs the same for three colleagues and for
three hundred.  Unread is what was counted since then.  What is no longer listed is not unread either: every night the
count of what is gone moves on, for everybody at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from webapp import dynamo
from webapp.dynamo import ConditionFailed, Put, Update
from webapp.identity.session_items import COUNTED, READ, STAFF, key_of
from webapp.identity.session_items import NOTICES as TABLE
from webapp.news import News
from webapp.notify.audiences import AUDIENCES, Audience

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from webapp.dynamo import Item

LASTS = timedelta(days=14)
SHOWN = 50
"""Of each audience."""
NOTICE = "N#"
GONE = "gone_"
_SIGHT = {":list": "", ":notice": NOTICE}
_LISTED = "account = :list AND begins_with(sk, :notice)"


@dataclass(frozen=True, slots=True)
class StaffNotice:
    """What happened when, and the id of what it is about; the words are made for whoever reads them."""

    kind: News
    subject: str
    at: datetime
    new: bool = False


def publish(kind: News, subject: str, at: datetime, slot: datetime) -> bool:
    """Put a notice on its list and count it, both or neither; False: it is there already.  Raises DynamoUnavailable."""
    audience = AUDIENCES[kind]
    notice: Item = {
        "account": _list_of(audience),
        "sk": f"{NOTICE}{slot.astimezone(UTC).isoformat(timespec='microseconds')}#{kind}#{subject}",
        "kind": kind.value,
        "subject": subject,
        "at": int(at.timestamp()),
        "expires_at": int((at + LASTS).timestamp()),
    }
    once = Put(TABLE, notice, "attribute_not_exists(sk)")
    counted = Update(TABLE, COUNTED, f"ADD {audience} :one", {":one": 1})
    try:
        dynamo.client().transact([once, counted])
    except ConditionFailed:
        return False
    return True


def unread(audiences: Iterable[Audience], counted: Item | None, read: Item | None) -> dict[Audience, int]:
    """How many notices of each audience an account has not read; none where nothing was ever counted."""
    if counted is None:
        return {}
    mine = read or {}
    return {each: max(0, _number(counted, each) - _passed(counted, mine, each)) for each in audiences}


def listed(audiences: Iterable[Audience], new: dict[Audience, int], at: datetime) -> list[StaffNotice]:
    """The notices of some audiences, newest first; the last `new` of each are marked.  Raises DynamoUnavailable."""
    found: list[StaffNotice] = []
    for audience in audiences:
        values = {**_SIGHT, ":list": _list_of(audience)}
        page = dynamo.client().query(TABLE, _LISTED, values, forward=False, limit=SHOWN)
        alive = [item for item in page.items if _lasts(item, at)]
        fresh = new.get(audience, 0)
        found += [known for number, item in enumerate(alive) if (known := _notice(item, new=number < fresh))]
    return sorted(found, key=lambda notice: notice.at, reverse=True)


def mark_read(account: UUID, audiences: Iterable[Audience], counted: Item, at: datetime) -> None:
    """Note that an account has read as far as was counted; a page that is older than another changes nothing.

    Raises DynamoUnavailable.
    """
    numbers = {each.value: _number(counted, each) for each in audiences}
    upto = sum(_number(counted, each) for each in Audience)
    # Longer than any notice lasts: by then the count of what is gone has passed it.
    ends = int((at + LASTS + timedelta(days=2)).timestamp())
    values = {":upto": upto, ":ends": ends, **{f":{name}": number for name, number in numbers.items()}}
    sets = ["upto = :upto", "expires_at = :ends", *(f"{name} = :{name}" for name in numbers)]
    try:
        dynamo.client().update(
            TABLE,
            key_of(account, READ),
            f"SET {', '.join(sets)}",
            values=values,
            condition="attribute_not_exists(upto) OR upto <= :upto",
            repeatable=True,
        )
    except ConditionFailed:
        return


def forget_gone(at: datetime) -> None:
    """Count what is no longer listed, so that it is unread for nobody; raises DynamoUnavailable.

    The counter is read first: what is published meanwhile makes less gone than there is, never more.
    """
    client = dynamo.client()
    counted = client.get(TABLE, COUNTED)
    if counted is None:
        return
    gone = {f"{GONE}{each}": _number(counted, each) - _alive(each, at) for each in Audience}
    onward = {name: number for name, number in gone.items() if number > _number(counted, name)}
    for name, number in onward.items():
        client.update(TABLE, COUNTED, f"SET {name} = :gone", values={":gone": number}, repeatable=True)


def _alive(audience: Audience, at: datetime) -> int:
    count, start = 0, None
    while True:
        values = {**_SIGHT, ":list": _list_of(audience)}
        page = dynamo.client().query(TABLE, _LISTED, values, start=start)
        count += sum(_lasts(item, at) for item in page.items)
        start = page.next
        if start is None:
            return count


def _passed(counted: Item, read: Item, audience: Audience) -> int:
    return max(_number(read, audience), _number(counted, f"{GONE}{audience}"))


def _number(item: Item, name: str) -> int:
    number = item.get(name)
    return number if isinstance(number, int) else 0


def _list_of(audience: Audience) -> str:
    return f"{STAFF}.{audience.name.lower()}"


def _notice(item: Item, *, new: bool) -> StaffNotice | None:
    """An item as a notice; None for one that a newer version wrote and this one can't read."""
    try:
        return StaffNotice(News(str(item["kind"])), str(item["subject"]), _moment(item, "at"), new)
    except (KeyError, ValueError, TypeError):
        return None


def _moment(item: Item, name: str) -> datetime:
    seconds = item[name]
    if not isinstance(seconds, int):
        raise TypeError(name)
    return datetime.fromtimestamp(seconds, UTC)


def _lasts(item: Item, at: datetime) -> bool:
    ends = item.get("expires_at")
    return isinstance(ends, int) and at.timestamp() < ends
