"""What the pages about group visits send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext as _

from webapp.booking.actions.seats import JoinRequest
from webapp.booking.actions.sessions import SessionMove, SessionRequest
from webapp.booking.forms import read_group, read_move, read_visit
from webapp.errors import FormInvalid

NOWHERE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Seat:
    """Who wants a seat: in the group of `request`, or in one that begins with them (`begins`)."""

    request: JoinRequest
    begins: SessionRequest | None = None


def read_seat(form: Mapping[str, str]) -> Seat:
    """Read the booking form of a group visit; raises FormInvalid."""
    group = read_group(form.get("starts_at", ""))
    # The rest is checked as for any visit; a group stands where its time would be.
    sent = read_visit({**form, "starts_at": "2000-01-01T00:00Z"} if group is not None else form)
    request = JoinRequest(group or NOWHERE, sent.patient_id, sent.note)
    if group is not None:
        return Seat(request)
    return Seat(request, SessionRequest(sent.service_id, sent.location_id, sent.starts_at, sent.provider_id))


def read_group_move(form: Mapping[str, str], session_id: UUID) -> SessionMove:
    """Read the form that moves a whole group; raises FormInvalid."""
    sent = read_move(form, session_id)
    return SessionMove(session_id, sent.starts_at, sent.provider_id, sent.version)


def read_other_group(form: Mapping[str, str]) -> tuple[UUID, int | None]:
    """Read which group a seat changes to, and the version of the seat that was seen; raises FormInvalid."""
    group = read_group(form.get("starts_at", ""))
    version = form.get("version", "")
    if group is None:
        raise FormInvalid({"starts_at": [_("Choose a group")]})
    if not (version.isascii() and version.isdecimal() and len(version) < 10):  # noqa: PLR2004 - fits the column
        raise FormInvalid({"starts_at": [_("This page was out of date. Open it again.")]})
    return group, int(version)
