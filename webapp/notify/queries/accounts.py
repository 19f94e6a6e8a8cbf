"""Where what concerns a portal account is mailed: to the address that it signs in with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.db import db
from webapp.identity.models import Account
from webapp.notify.queries.places import place_of
from webapp.notify.queries.recipients import recipient
from webapp.practice.queries import locations

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.notify.parcels import Place


@dataclass(frozen=True, slots=True)
class Holder:
    """A patient who has a portal account: how they are called, in which language, and its address."""

    patient_id: UUID
    given: str
    language: str
    email: str
    place: Place


def holder(account_id: UUID, patient_id: UUID, at: datetime) -> Holder | None:
    """Read it; None where there is no such account, or the person has died."""
    account, site = db.session.get(Account, account_id), next(iter(locations()), None)
    if account is None or site is None:
        return None
    person = recipient(patient_id, at)
    if not person.lives:
        return None
    return Holder(person.patient_id, person.given, person.wishes.language, account.email, place_of(site.id))
