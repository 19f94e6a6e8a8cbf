"""Who looked at a patient's record, in plain words: for the page and for the copy to take home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.identity.permissions import StaffRole
from webapp.identity.words import ROLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from flask_babel import LazyString

    from webapp.activity.queries import Record

WHAT: dict[str, LazyString] = {
    "opened": _l("Opened the record"),
    "changed": _l("Changed something in the record"),
    "exported": _l("Saved or printed a copy"),
    "listed": _l("Saw the name in a list"),
    "second_factor_reset": _l("Took the authenticator app off the portal account"),
    "refused": _l("Tried something that was not possible"),
}
DETAILS: dict[tuple[str, str], LazyString] = {
    ("opened", "looks"): _l("Looked at this list"),
    ("opened", "profile"): _l("Opened phone and address"),
    ("changed", "profile"): _l("Changed phone and address"),
    ("opened", "portal_access"): _l("Looked at who may act for the patient"),
    ("changed", "portal_access"): _l("Changed who may act for the patient"),
    ("changed", "registrations"): _l("Matched a portal account with the record"),
    ("listed", "registrations"): _l("Compared the record with a registration"),
    ("exported", "day_sheet"): _l("Printed the day's list"),
    ("exported", "whole_record"): _l("Downloaded a copy of everything"),
    ("exported", "activity"): _l("Saved a list of who looked"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """One time somebody had to do with the record; `own` when it was who reads this, `times` in the same minute."""

    at: datetime
    who: str
    role: str
    what: str
    own: bool
    times: int = 1


def looks_of(records: Iterable[Record], names: Mapping[UUID, str], reader: UUID) -> list[Look]:
    """Each record in words, newest first; the same by the same person within a minute is one line."""
    told: list[Look] = []
    for record in records:
        look = Look(
            at=record.at.replace(second=0, microsecond=0),
            who=_who(record, names, reader),
            role=_role(record),
            what=str(DETAILS.get((record.action, record.detail)) or WHAT.get(record.action) or WHAT["opened"]),
            own=record.actor == reader,
        )
        if told and _alike(told[-1], look):
            told[-1] = Look(look.at, look.who, look.role, look.what, look.own, told[-1].times + 1)
        else:
            told.append(look)
    return told


def _alike(one: Look, other: Look) -> bool:
    return (one.at, one.who, one.role, one.what) == (other.at, other.who, other.role, other.what)


def _who(record: Record, names: Mapping[UUID, str], reader: UUID) -> str:
    if record.actor is None:
        return str(_("The clinic's computer system"))
    if record.actor == reader:
        return str(_("You"))
    return names.get(record.actor) or str(_("Somebody whose account is gone"))


def _role(record: Record) -> str:
    """As what they did it; a patient's account is the patient or a helper of theirs."""
    roles = [role for role in StaffRole if role.value in record.roles and role is not StaffRole.PATIENT]
    if roles:
        return ", ".join(str(ROLE_NAMES[role]) for role in roles)
    return str(_("Portal")) if StaffRole.PATIENT.value in record.roles else ""
