"""What tests send to the page that closes a day, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.billing.till import Till
    from tests.stack.people import Visitor

DAY = "/billing/day/2026-11-23"


def sign(till: Till, who: Visitor, counted: dict[UUID, str], **more: str) -> TestResponse:
    return who.post(f"{DAY}/close", form(till, counted, **more))


def form(till: Till, counted: dict[UUID, str], **more: str) -> dict[str, Any]:
    """The form as the page sends it: every count with its version; `more` is of the cash drawer."""
    sent: dict[str, Any] = {"location": str(till.clinic.location), "count": [str(each) for each in counted]}
    for each, text in counted.items():
        row = till.one("SELECT version FROM drawer_day WHERE id = %s", each)
        sent |= {f"version-{each}": str(row["version"]), f"counted-{each}": text}
    cash = till.day()
    return sent | {f"{name.replace('_', '-')}-{cash}": text for name, text in more.items()}


def kept(till: Till, each: UUID) -> dict[str, Any]:
    return till.one("SELECT * FROM drawer_day WHERE id = %s", each)


def day_of(till: Till, kind: str) -> UUID:
    row = till.one(
        "SELECT d.id FROM drawer_day AS d JOIN drawer AS w ON w.id = d.drawer_id WHERE w.kind = %(kind)s",
        {"kind": kind},
    )
    found: UUID = row["id"]
    return found


def books(till: Till) -> int:
    return int(till.one("SELECT coalesce(sum(cents), 0) AS cents FROM ledger_entry")["cents"])
