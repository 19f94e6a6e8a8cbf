"""Visits as the board's macros take them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _

from webapp.booking.queries import BoardVisit, Group
from webapp.booking.states import MOVABLE, Status, minutes_in_state, minutes_late
from webapp.booking.wording import check_label, clock, local_date
from webapp.desk.views.address import Address
from webapp.practice.hours import local_day
from webapp.practice.models import Location
from webapp.templating import may_at


@dataclass(slots=True)
class Card:
    """One visit as a card or a row; `place` is added by a grid.

    `waited` is how long somebody waits, is in the room, or a hold still lasts; `timer` what the browser counts by
    itself: "since", "due" or "until" with seconds since 1970. `version` is there when the visit can be moved from here.
    `tasks` says what of the arrival is still to do.
    """

    id: str
    href: str
    status: str
    who: str
    start: str
    what: str
    with_whom: str
    flags: tuple[tuple[str, str], ...] = ()
    waited: str = ""
    too_long: bool = False
    late: str = ""
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

    @property
    def face(self) -> tuple[Hashable, ...]:
        """All that its place on a grid shows, in the order of the macro `board_card`."""
        return (
            self.id, self.href, self.status, self.who, self.start, self.what, self.place, self.flags, self.waited,
            self.too_long, self.late, self.left, self.timer, self.tasks, self.overbooked, self.selected, self.version,
            self.amount,
        )  # fmt: skip


LONG_WAIT = 15
"""Minutes in the waiting room after which a receptionist should wonder."""


class Cards:
    """Makes the cards of one board; what all of them share is looked up once."""

    def __init__(self, asked: Address, at: datetime, location: Location) -> None:
        self._zone, self._at = location.time_zone, at
        today = local_day(self._zone, local_date(at, self._zone))
        self._today_from, self._today_to = today.start, today.end
        self._open = asked.opening(UUID(int=0)).removesuffix(str(UUID(int=0)))
        self._selected = asked.visit
        self._moves = may_at("visit.move", location.id)
        # Looked up once: a translation costs as much as a card.
        self._min = _("%(minutes)s min", minutes="{n}")
        self._min_late = _("%(minutes)s min late", minutes="{n}")
        self._time_left = _("%(time)s left", time="{n}")

    def card(self, visit: BoardVisit) -> Card:
        """The card of one visit."""
        status, id_ = visit.status, str(visit.id)
        card = Card(
            id=id_,
            href=f"{self._open}{id_}",
            status=visit.shown,
            who=visit.patient_name,
            start=clock(visit.starts_at, self._zone),
            what=visit.service,
            with_whom=f"{visit.provider_name}, {visit.room_name}" if visit.room_name else visit.provider_name,
            flags=visit.alerts,
            overbooked=visit.lane > 0,
            selected=visit.id == self._selected,
            version=visit.version if self._moves and status in MOVABLE else None,
            amount="" if visit.owed is None else str(visit.owed),
        )
        if status is Status.HELD:
            self._count_down(card, visit)
        elif self._today_from <= visit.starts_at < self._today_to:
            self._count_up(card, visit)
        return card

    def group(self, group: Group) -> Card:
        """The card of a group visit, which leads to its roster."""
        tasks = [
            _("%(count)s here", count=group.here) if group.here else "",
            # On the portal, or for somebody on the waiting list who is asked: they may say no.
            _("%(count)s held", count=group.held) if group.held else "",
        ]
        return Card(
            id=str(group.id),
            href=url_for("booking.roster", session_id=group.id),
            status="confirmed",
            who=group.service,
            start=clock(group.starts_at, self._zone),
            what=_("%(taken)s of %(capacity)s", taken=group.taken, capacity=group.capacity),
            with_whom=", ".join(part for part in (group.provider_name, group.room_name) if part),
            tasks=", ".join(task for task in tasks if task),
            kind="group",
        )

    def _count_down(self, card: Card, visit: BoardVisit) -> None:
        # The desk keeps a time for one reason only: somebody on the waiting list is asked. Whom, the drawer says.
        card.who = _("Held on the portal") if visit.via == "portal" else _("Offered by the desk")
        if visit.held_until is not None:
            card.waited = _left(visit.held_until, self._at)
            card.left = self._time_left.replace("{n}", card.waited)
            card.timer = f"until {int(visit.held_until.timestamp())}"

    def _count_up(self, card: Card, visit: BoardVisit) -> None:
        status = visit.status
        if status is Status.BOOKED or status is Status.CONFIRMED:
            late = minutes_late(status, visit.starts_at, self._at)
            card.late = self._min_late.replace("{n}", str(late)) if late else ""
            card.timer = f"due {int(visit.starts_at.timestamp())}"
            return
        since = visit.arrived_at if status is Status.ARRIVED else visit.started_at if status is Status.IN_ROOM else None
        if since is None:
            return
        minutes = minutes_in_state(status, arrived_at=since, started_at=since, now=self._at) or 0
        card.waited = self._min.replace("{n}", str(minutes))
        card.too_long = status is Status.ARRIVED and minutes > LONG_WAIT
        card.timer = f"since {int(since.timestamp())}"
        if visit.open_checks:
            card.tasks = _("Still to check: %(what)s", what=", ".join(map(check_label, visit.open_checks)))


def _left(until: datetime, at: datetime) -> str:
    minutes, seconds = divmod(max(0, int((until - at).total_seconds())), 60)
    return f"{minutes}:{seconds:02d}"
