"""The address of a board: which day, seen how, with what left out. Unknown values are ignored, never an error."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from flask import g, url_for
from werkzeug.datastructures import MultiDict

from webapp.booking.queries import BoardVisit
from webapp.booking.states import STATES, TO_PAY, Status
from webapp.practice.hours import monday

VIEWS = ("day", "week", "list")
YEARS = range(1900, 2200)
"""Years that a board can be opened in: every instant around them exists in every zone."""
FILTERS = frozenset({*(status.value for status in STATES), TO_PAY}) - {Status.LAPSED.value}


@dataclass(frozen=True, slots=True)
class Address:
    """What the person asked to see; `visit` is the one in the drawer, empty `providers` means whoever works."""

    day: date
    view: str = "day"
    status: str = ""
    providers: tuple[UUID, ...] = ()
    room: UUID | None = None
    location: UUID | None = None
    visit: UUID | None = None

    @property
    def days(self) -> tuple[date, date]:
        """First and last day that the board shows."""
        if self.view != "week":
            return self.day, self.day
        return monday(self.day), monday(self.day) + timedelta(days=6)

    def url(self, **changes: Any) -> str:  # noqa: ANN401 - each field has its own type
        """Address of the same board with some of it changed."""
        wanted = replace(self, **changes)
        query = [
            ("view", "" if wanted.view == "day" else wanted.view),
            ("status", wanted.status),
            *(("provider", str(provider)) for provider in wanted.providers),
            *((name, str(id_ or "")) for name, id_ in (("room", wanted.room), ("location", wanted.location))),
            ("visit", str(wanted.visit or "")),
        ]
        # Words of ours and ids: nothing in them has to be encoded, and a board makes a hundred addresses.
        asked = "&".join(f"{name}={value}" for name, value in query if value)
        path = f"{_boards()}{wanted.day.isoformat()}"
        return f"{path}?{asked}" if asked else path

    def opening(self, visit: UUID) -> str:
        """Address of the same board with a visit's drawer open; a board asks for hundreds of these."""
        bare = self.url(visit=None)
        return f"{bare}{'&' if '?' in bare else '?'}visit={visit}"

    def among(self, visit: BoardVisit) -> bool:
        """Whether a visit is of the providers and the room that the board is narrowed to."""
        return (not self.providers or visit.provider_id in self.providers) and (
            self.room is None or visit.room_id == self.room
        )

    def shows(self, visit: BoardVisit) -> bool:
        """Whether all filters let a visit through, the one by status too."""
        return self.among(visit) and (not self.status or visit.shown == self.status)


def _boards() -> str:
    """The address of all boards, up to the day; looked up once a request."""
    if "boards" not in g:
        g.boards = url_for("desk.board", day=date.min).removesuffix(date.min.isoformat())
    boards: str = g.boards
    return boards


def read(args: MultiDict[str, str], day: date) -> Address:
    """Read an address from a query string."""
    view, status = args.get("view", "day"), args.get("status", "")
    return Address(
        day=day,
        view=view if view in VIEWS else "day",
        status=status if status in FILTERS else "",
        providers=tuple(filter(None, map(_id, args.getlist("provider")))),
        room=_id(args.get("room", "")),
        location=_id(args.get("location", "")),
        visit=_id(args.get("visit", "")),
    )


def of(url: str) -> Address | None:
    """Read the address of a board from a path of ours; None for any other page."""
    path, _mark, query = url.partition("?")
    name = path.removeprefix("/board/")
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return None
    return read(MultiDict(parse_qsl(query)), day) if day.year in YEARS else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
