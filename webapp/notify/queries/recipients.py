"""To whom and where a message about a patient goes, as it stands at the moment it goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.db import db
from webapp.identity.permissions import Purpose, Relation
from webapp.identity.queries import hearers_of
from webapp.notify.models import ContactPreference, RefusedAddress
from webapp.notify.reach import PURPOSE_OF, TOPIC_OF, Addresses, Choice, Topic, Wishes, digest, e164
from webapp.notify.timing import Quiet
from webapp.patients.models import Patient, PatientTelecom

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from webapp.notify.notices import Kind

LANGUAGES = ("en", "es")
# A carer may know of visits, but is nobody's post box.
_STANDS_IN = frozenset({Relation.SELF, Relation.PARENT, Relation.GUARDIAN})


@dataclass(frozen=True, slots=True)
class Helper:
    """An account that acts for a patient now, in what, and its address if that stands in for the patient's."""

    account_id: UUID
    may: frozenset[Purpose]
    email: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a message is for: `patient_id` is the record that stays; addresses that take nothing more are left out."""

    patient_id: UUID
    given: str
    lives: bool
    wishes: Wishes
    email: str
    sms: str
    helpers: tuple[Helper, ...]

    def accounts(self, kind: Kind) -> list[UUID]:
        """Whose notice it is in the portal."""
        return [helper.account_id for helper in self._trusted(kind)]

    def addresses(self, kind: Kind) -> Addresses:
        """The patient's own; an e-mail address that they lack is that of who may hear of it in their place."""
        if self.email:
            return Addresses(self.email, None, self.sms)
        stands_in = next((helper for helper in self._trusted(kind) if helper.email), None)
        if stands_in is None:
            return Addresses("", None, self.sms)
        return Addresses(stands_in.email, stands_in.account_id, self.sms)

    def _trusted(self, kind: Kind) -> list[Helper]:
        return [helper for helper in self.helpers if PURPOSE_OF[TOPIC_OF[kind]] in helper.may]


def recipient(patient_id: UUID, at: datetime) -> Recipient:
    """Read everything that decides where messages about a patient go."""
    patient = db.session.get_one(Patient, patient_id)
    if patient.merged_into is not None:
        patient = db.session.get_one(Patient, patient.merged_into)
    emails, phones = known_addresses(patient.id)
    helpers = _helpers(patient.id, at)
    dead = refused([*emails, *phones, *(helper.email for helper in helpers if helper.email)])
    return Recipient(
        patient_id=patient.id,
        given=patient.given,
        lives=patient.deceased_at is None,
        wishes=wishes(db.session.get(ContactPreference, patient.id), patient.language),
        email=next((each for each in emails if each not in dead), ""),
        sms=next((number for number in phones if number not in dead), ""),
        helpers=tuple(replace(helper, email="") if helper.email in dead else helper for helper in helpers),
    )


def wishes(preference: ContactPreference | None, language: str) -> Wishes:
    """What somebody chose, or what holds for whoever chose nothing; languages that we don't write are English."""
    spoken = language.partition("-")[0].lower()
    spoken = spoken if spoken in LANGUAGES else LANGUAGES[0]
    if preference is None:
        return Wishes(spoken)
    quiet = None
    if preference.quiet_from is not None and preference.quiet_to is not None:
        quiet = Quiet(preference.quiet_from, preference.quiet_to)
    return Wishes(
        language=preference.language or spoken,
        choices=tuple((topic, Choice(getattr(preference, topic.value))) for topic in Topic),
        reminder_minutes=None if preference.reminder_minutes is None else tuple(preference.reminder_minutes),
        quiet=quiet,
    )


def refused(addresses: Iterable[str]) -> dict[str, str]:
    """Which of some addresses take nothing more, and why."""
    wanted = {digest(address): address for address in addresses}
    rows = select(RefusedAddress.digest, RefusedAddress.reason).where(RefusedAddress.digest.in_(wanted))
    return {wanted[bytes(row.digest)]: row.reason for row in db.session.execute(rows)} if wanted else {}


def known_addresses(patient_id: UUID) -> tuple[list[str], list[str]]:
    """E-mail addresses and phone numbers of a record, as carriers take them, the first to be tried first."""
    query = select(PatientTelecom).where(PatientTelecom.patient_id == patient_id)
    telecoms = db.session.scalars(query.order_by(PatientTelecom.rank, PatientTelecom.id)).all()
    emails = [telecom.value for telecom in telecoms if telecom.system == "email"]
    phones = [telecom for telecom in telecoms if telecom.system == "phone"]
    # A number that is said to be a mobile takes texts; of the others nobody knows.
    ranked = sorted(phones, key=lambda phone: phone.use != "mobile")
    return emails, [number for number in (e164(phone.value) for phone in ranked) if number]


def _helpers(patient_id: UUID, at: datetime) -> list[Helper]:
    """Who acts for a patient now, themselves first; the database says until when, for parents too."""
    return [
        Helper(each.account_id, each.grant.may, each.email if each.grant.relation in _STANDS_IN else "")
        for each in hearers_of(db.session(), patient_id)
        if each.grant.holds(at)
    ]
