"""Who is to be mailed the code of an invitation, while it lets anybody in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.db import db
from webapp.identity.models import PortalInvitation
from webapp.identity.permissions import Relation
from webapp.notify.queries.places import place_of
from webapp.notify.queries.recipients import recipient
from webapp.practice.queries import locations

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.notify.parcels import Place


@dataclass(frozen=True, slots=True)
class Invited:
    """An open invitation of a patient's own, and where its code goes."""

    id: UUID
    patient_id: UUID
    given: str
    language: str
    email: str
    ends_at: datetime
    place: Place


def invited(invitation_id: UUID, at: datetime) -> Invited | None:
    """Read it; None for one that was used or withdrawn, is over, is somebody else's, or has no address to go to."""
    found = db.session.get(PortalInvitation, invitation_id)
    site = next(iter(locations()), None)
    if found is None or site is None or found.relation != Relation.SELF.value:
        return None
    person = recipient(found.patient_id, at)
    over = found.used_at is not None or found.withdrawn_at is not None or found.ends_at <= at
    if over or not person.lives or not person.email:
        return None
    return Invited(
        id=found.id,
        patient_id=person.patient_id,
        given=person.given,
        language=person.wishes.language,
        email=person.email,
        ends_at=found.ends_at,
        place=place_of(site.id),
    )
