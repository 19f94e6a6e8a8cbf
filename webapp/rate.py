"""How often one account may ask for what is expensive: counted in DynamoDB for all processes, before any work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import dynamo
from webapp.errors import TooOften

if TYPE_CHECKING:
    from uuid import UUID

TABLE = "counters"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `most` requests of one account in each span of `per`; `kind` is shared by doors that count together."""

    kind: str
    most: int
    per: timedelta


# Who types without a pause asks about three times a second for a name: forty names a minute, day in, day out.
SEARCHES = Rate("search", 120, timedelta(minutes=1))
# Record numbers follow each other: a page that leads from one to a name is for looking up, not for going through.
LOOK_UPS = Rate("look_up", 30, timedelta(minutes=1))
# A file holds up to two thousand lines, each read from the log and named from PostgreSQL.
EXPORTS = Rate("export", 30, timedelta(hours=1))
# Each one is a mail to somebody outside.
INVITATIONS = Rate("invitation", 100, timedelta(hours=1))


def take(rate: Rate, account_id: UUID, at: datetime) -> None:
    """Count one request, in one round trip; raises TooOften where the span is used up, and DynamoUnavailable.

    The span is part of the key, so a counter is never read after its time; DynamoDB's TTL only sweeps.  A write whose
    answer was lost is sent again and may count twice: limits are wide, and an error would cost the person more.
    """
    seconds = int(rate.per.total_seconds())
    span = int(at.timestamp()) // seconds
    ends_at = (span + 1) * seconds
    try:
        dynamo.client().update(
            TABLE,
            {"pk": f"rate#{rate.kind}#{account_id}#{span}"},
            "ADD asked :one SET expires_at = :end",
            values={":one": 1, ":end": ends_at, ":most": rate.most},
            condition="attribute_not_exists(pk) OR asked < :most",
            repeatable=True,
        )
    except dynamo.ConditionFailed as full:
        wait = datetime.fromtimestamp(ends_at, UTC) - at
        sentence = _("You asked for this very often in a short time.")
        raise TooOften(f"{sentence} {wait_sentence(wait)}", wait=wait) from full


def wait_sentence(wait: timedelta) -> str:
    """How long to wait after too many attempts, rounded up."""
    seconds = ceil(wait.total_seconds())
    if seconds < 60:  # noqa: PLR2004
        return str(ngettext("Try again in %(num)s second.", "Try again in %(num)s seconds.", seconds))
    return str(ngettext("Try again in %(num)s minute.", "Try again in %(num)s minutes.", ceil(seconds / 60)))
