"""Visits as the board's macros take them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from flask_babel import gettext as _

from webapp.booking.queries import BoardVisit
from webapp.booking.states import MOVABLE, Status, allows_check_in, minutes_in_state, minutes_late, shown_as
from webapp.booking.wording import check_label, clock, local_date
from webapp.desk.views.address import Address
from webapp.templating import may


@dataclass(slots=True)
class Card:
    """One visit as a card or a row; `place` is added by a grid.

    `timer` is what the browser counts by itself: "since", "due" or "until" with seconds since 1970. `version` is there
    when the visit can be moved from here. `tasks` says what of the arrival is still to do.
    """

    id: str
    href: str
    status: str
    who: str
    start: str
    what: str
    with_whom: str
    flags: list[dict[str, str]] = field(default_factory=list)
    minutes: int | None = None
    late: int | None = None
    left: str = ""
    timer: str = ""
    tasks: str = ""
    overbooked: bool = False
    selected: bool = False
    version: int | None = None
    amount: str = ""
    place: str = ""
    row: int = 0
    kind: str = "visit"


class Cards:
    """Makes the cards of one board; what all of them share is looked up once."""

    def __init__(self, asked: Address, at: datetime, zone: str) -> None:
        self._zone, self._at, self._today = zone, at, local_date(at, zone)
        self._open = asked.opening(UUID(int=0)).removesuffix(str(UUID(int=0)))
        self._selected = asked.visit
        self._moves = may("visit.move")

    def card(self, visit: BoardVisit) -> Card:
        """The card of one visit."""
        status, id_ = visit.status, str(visit.id)
        card = Card(
            id=id_,
            href=f"{self._open}{id_}",
            status=shown_as(status),
            who=visit.patient_name,
            start=clock(visit.starts_at, self._zone),
            what=visit.service,
            with_whom=", ".join(part for part in (visit.provider_name, visit.room_name) if part),
            flags=[{"icon": icon, "label": label} for icon, label in visit.alerts],
            overbooked=visit.lane > 0,
            selected=visit.id == self._selected,
            version=visit.version if self._moves and status in MOVABLE else None,
        )
        if status is Status.HELD:
            self._count_down(card, visit)
        elif local_date(visit.starts_at, self._zone) == self._today:
            self._count_up(card, visit)
        return card

    def _count_down(self, card: Card, visit: BoardVisit) -> None:
        card.who = _("Held on the portal") if visit.via == "portal" else _("Held")
        if visit.held_until is not None:
            card.left = _left(visit.held_until, self._at)
            card.timer = f"until {int(visit.held_until.timestamp())}"

    def _count_up(self, card: Card, visit: BoardVisit) -> None:
        since = {Status.ARRIVED: visit.arrived_at, Status.IN_ROOM: visit.started_at}.get(visit.status)
        if since is not None:
            card.minutes = minutes_in_state(
                visit.status, arrived_at=visit.arrived_at, started_at=visit.started_at, now=self._at
            )
            card.timer = f"since {int(since.timestamp())}"
            if visit.open_checks:
                card.tasks = _("Still to check: %(what)s", what=", ".join(map(check_label, visit.open_checks)))
        elif allows_check_in(visit.status):
            card.late = minutes_late(visit.status, visit.starts_at, self._at)
            card.timer = f"due {int(visit.starts_at.timestamp())}"


def _left(until: datetime, at: datetime) -> str:
    minutes, seconds = divmod(max(0, int((until - at).total_seconds())), 60)
    return f"{minutes}:{seconds:02d}"
