"""What the desk is told when several visits, a series or a group can't be as they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal, refuses

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID


class SeveralTaken(Refusal):
    """Of several visits that go together some have no place; `refused` says why, by number or by visit."""

    code = "several_taken"
    message = _l("Not all of these visits can be where they should. Nothing was changed; look at those marked below.")

    def __init__(self, refused: Mapping[Any, Refusal], *, patient: UUID | None = None) -> None:
        super().__init__(patient=patient)
        self.refused: dict[Any, Refusal] = dict(refused)


class NothingLeft(Refusal):
    """Every visit that could have moved was to stay where it is."""

    status = 422
    code = "nothing_left"
    message = _l("Every visit stays where it is. Choose a time for at least one of them.")


class SeriesTooShort(Refusal):
    """A series has at least two visits."""

    status = 422
    code = "series_too_short"
    message = _l("A series has at least two visits. Book a single visit instead, or let it end later.")


class SeriesTooLong(Refusal):
    """No series has more than two years of weeks."""

    status = 422
    code = "series_too_long"
    message = _l("A series has at most 104 visits. Let it end earlier, or repeat it less often.")


class NotAGroup(Refusal):
    """The service is for one patient at a time, or not for so many."""

    status = 422
    code = "not_a_group"
    message = _l("This type of visit does not take that many patients at once.")


@refuses("appointment_seat_key")
class SessionFull(Refusal):
    """Every seat of the group visit is taken."""

    code = "session_full"
    message = _l("This group is full. Choose another one, or start a new one.")


class NoSeatToOffer(Refusal):
    """Every seat of the group visit is taken or offered to somebody, it has begun, or nobody waits who fits."""

    code = "no_seat_to_offer"
    message = _l("No seat is left to offer, or all who wait for one have been asked.")


class SessionClosed(Refusal):
    """The group visit was canceled."""

    code = "session_closed"
    message = _l("This group was canceled. Choose another one, or start a new one.")


class SessionUnderWay(Refusal):
    """Somebody has arrived for the group visit."""

    code = "session_under_way"
    message = _l("Somebody has arrived for this group already. Move or cancel the others one by one.")


class SeatOnly(Refusal):
    """A seat has the time of its group: it changes to another group, or moves with its own."""

    code = "seat_only"
    message = _l("This visit is a seat in a group. Choose another group for the patient, or move the whole group.")
