"""For whom a request acts: the one patient in its address, or all for whom its permission holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import PURPOSES, Permission

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.identity.person import Grant
    from webapp.routing import Door

PATIENT = "patient_id"


def patients_of(door: Door, args: dict[str, Any]) -> tuple[UUID, ...]:
    """Whose rows the transaction of a patient's door sees: nobody's where the person may not act, never everybody's."""
    if door.role is not Role.PATIENT or door.permission is None:
        return ()
    allowed: tuple[UUID, ...] = current_user.patients_for(door.permission)
    if PATIENT not in args:
        return allowed
    return tuple(patient for patient in allowed if patient == args[PATIENT])


def is_refused(door: Door, args: dict[str, Any]) -> bool:
    """Whether the address names a patient for whom the person may not act now, or not in this.

    Asked at every door of a patient's permission, whatever its database role.
    """
    if PATIENT not in args or door.permission is None:
        return False
    if door.role is not Role.PATIENT and door.permission not in PURPOSES:
        return False
    return not current_user.may_for(door.permission, args[PATIENT])


def nothing_here(args: dict[str, Any]) -> NotFound:
    """What whoever may not act for a patient is told: a helper whose time is over that it is, others nothing."""
    ended = current_user.has_ended(args[PATIENT])
    return NotFound(
        _l("You do not act for this person any more. If you have a question, call the clinic.") if ended else None
    )


def acting_for() -> Grant | None:
    """For whom this page acts, when it is somebody else than oneself; for the frame of every portal page."""
    patient_id = (request.view_args or {}).get(PATIENT)
    grant: Grant | None = None if patient_id is None else current_user.grant_for(patient_id)
    return grant if grant is not None and grant.relation != "self" else None


def menu_patient(permission: str) -> UUID | None:
    """Whose page the portal's menu leads to: whom this page acts for, else oneself; None where neither is allowed."""
    wanted = Permission(permission)
    here = (request.view_args or {}).get(PATIENT)
    own = [grant.patient_id for grant in current_user.grants if grant.relation == "self"]
    return next((each for each in (here, *own) if each is not None and current_user.may_for(wanted, each)), None)
