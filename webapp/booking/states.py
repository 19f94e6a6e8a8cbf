"""States of a visit as one table, and the steps between them as another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


def N_(message: str) -> str:  # noqa: N802 - the name message extraction knows for "translate later, at the edge"
    """Mark a message for translation without translating it: a domain noun knows no locale."""
    return message


class Status(StrEnum):
    """Where a visit stands; the values are what `appointment.status` holds."""

    HELD = "held"
    LAPSED = "lapsed"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    IN_ROOM = "in_room"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"


class Action(StrEnum):
    """What people and jobs do to a visit; the values are the names of the verbs in `booking.actions`."""

    BOOK = "book"
    BOOK_HELD = "book_held"
    CONFIRM = "confirm"
    CHECK_IN = "check_in"
    START = "start"
    FINISH = "finish"
    CANCEL = "cancel"
    MARK_NO_SHOW = "mark_no_show"
    LAPSE = "lapse"


@dataclass(frozen=True, slots=True)
class State:
    """One row of the table: word and icon on screen, FHIR R4 Appointment.status, and whether it occupies time."""

    label: str
    icon: str
    fhir: str
    live: bool


STATES: dict[Status, State] = {
    Status.HELD: State(N_("Held"), "lock", "pending", live=True),
    Status.LAPSED: State(N_("Hold ended"), "lock-open", "cancelled", live=False),
    Status.BOOKED: State(N_("Not confirmed"), "clock", "booked", live=True),
    Status.CONFIRMED: State(N_("Confirmed"), "check", "booked", live=True),
    Status.ARRIVED: State(N_("Waiting"), "user-check", "arrived", live=True),
    Status.IN_ROOM: State(N_("In room"), "stethoscope", "checked-in", live=True),
    Status.FINISHED: State(N_("Done"), "check-check", "fulfilled", live=True),
    Status.CANCELLED: State(N_("Canceled"), "x", "cancelled", live=False),
    Status.NOSHOW: State(N_("Did not attend"), "ban", "noshow", live=False),
}

LIVE = frozenset(status for status, state in STATES.items() if state.live)
MOVABLE = frozenset({Status.BOOKED, Status.CONFIRMED})


@dataclass(frozen=True, slots=True)
class Transition:
    """The states an action may start from and the one it leads to; no `before` means the visit is new."""

    before: frozenset[Status]
    after: Status


TRANSITIONS: dict[Action, Transition] = {
    Action.BOOK: Transition(frozenset(), Status.BOOKED),
    Action.BOOK_HELD: Transition(frozenset({Status.HELD}), Status.BOOKED),
    Action.CONFIRM: Transition(frozenset({Status.BOOKED}), Status.CONFIRMED),
    Action.CHECK_IN: Transition(frozenset({Status.BOOKED, Status.CONFIRMED}), Status.ARRIVED),
    # Only from the waiting room: a visit that skipped check-in would have no arrival, and waiting times would lie.
    Action.START: Transition(frozenset({Status.ARRIVED}), Status.IN_ROOM),
    Action.FINISH: Transition(frozenset({Status.IN_ROOM}), Status.FINISHED),
    Action.CANCEL: Transition(
        frozenset({Status.HELD, Status.BOOKED, Status.CONFIRMED, Status.ARRIVED}), Status.CANCELLED
    ),
    Action.MARK_NO_SHOW: Transition(frozenset({Status.BOOKED, Status.CONFIRMED}), Status.NOSHOW),
    Action.LAPSE: Transition(frozenset({Status.HELD}), Status.LAPSED),
}

UNDO_GRACE = timedelta(minutes=3)
"""How long after a change it can be put back: as long as nobody was told of it yet."""

UNDOABLE: dict[tuple[Status, Status], frozenset[str]] = {
    (Status.BOOKED, Status.BOOKED): frozenset(),
    (Status.CONFIRMED, Status.CONFIRMED): frozenset(),
    (Status.BOOKED, Status.CONFIRMED): frozenset(),
    (Status.BOOKED, Status.ARRIVED): frozenset({"arrived_at"}),
    (Status.CONFIRMED, Status.ARRIVED): frozenset({"arrived_at"}),
    (Status.ARRIVED, Status.IN_ROOM): frozenset({"started_at"}),
    (Status.IN_ROOM, Status.FINISHED): frozenset({"finished_at", "released_at"}),
    (Status.BOOKED, Status.CANCELLED): frozenset({"cancelled_at", "cancel_reason"}),
    (Status.CONFIRMED, Status.CANCELLED): frozenset({"cancelled_at", "cancel_reason"}),
    (Status.ARRIVED, Status.CANCELLED): frozenset({"cancelled_at", "cancel_reason"}),
    (Status.BOOKED, Status.NOSHOW): frozenset(),
    (Status.CONFIRMED, Status.NOSHOW): frozenset(),
}
"""Which last step, from a state to a state, can be put back, and what it left on the visit; no change is a move."""

_NEXT: dict[Status, Action] = {
    Status.BOOKED: Action.CHECK_IN,
    Status.CONFIRMED: Action.CHECK_IN,
    Status.ARRIVED: Action.START,
    Status.IN_ROOM: Action.FINISH,
}

TO_PAY = "to_pay"


def allows(status: Status, action: Action) -> bool:
    """Tell whether the table has a step from this state by this action."""
    return status in TRANSITIONS[action].before


def next_action(status: Status) -> Action | None:
    """Name the one primary step of a visit in this state; None when nothing is left to do at the desk."""
    return _NEXT.get(status)


def next_step(status: Status, *, on: date, today: date) -> Action | None:
    """Name the primary step of a visit on a local day as seen today: before its day nobody is checked in."""
    action = next_action(status)
    if action is Action.CHECK_IN and on > today:
        return Action.CONFIRM if allows(status, Action.CONFIRM) else None
    return action


def shown_as(status: Status, *, balance_cents: int = 0) -> str:
    """Name the status people see: "to_pay" for a finished visit that the patient still owes for, else its own."""
    if status is Status.FINISHED and balance_cents > 0:
        return TO_PAY
    return status.value


def minutes_late(status: Status, starts_at: datetime, now: datetime) -> int | None:
    """Count whole minutes since the start of a visit whose patient has not checked in; None when not late."""
    if not allows(status, Action.CHECK_IN):
        return None
    return _whole_minutes(starts_at, now) or None


def minutes_in_state(
    status: Status, *, arrived_at: datetime | None, started_at: datetime | None, now: datetime
) -> int | None:
    """Count whole minutes a patient has waited or been in the room; None in every other state."""
    since = {Status.ARRIVED: arrived_at, Status.IN_ROOM: started_at}.get(status)
    return None if since is None else _whole_minutes(since, now)


def _whole_minutes(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds() // 60))
