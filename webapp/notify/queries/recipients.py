"""To whom and where a message about a patient goes, as it stands at the moment it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.db import db
from webapp.identity.models import Account, AccountPatient
from webapp.notify.models import ContactPreference, RefusedAddress
from webapp.notify.reach import DEFAULTS, Addresses, Choice, Topic, Wishes, digest, e164
from webapp.notify.timing import Quiet
from webapp.patients.models import Patient, PatientTelecom

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

LANGUAGES = ("en", "es")
# A carer may know of visits, but is nobody's post box.
_STANDS_IN = ("self", "parent", "guardian")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a message is for: `patient_id` is the record that stays, `accounts` those that may act for it now."""

    patient_id: UUID
    given: str
    lives: bool
    wishes: Wishes
    addresses: Addresses
    accounts: tuple[UUID, ...]


def recipient(patient_id: UUID, at: datetime) -> Recipient:
    """Read everything that decides where messages about a patient go."""
    patient = db.session.get_one(Patient, patient_id)
    if patient.merged_into is not None:
        patient = db.session.get_one(Patient, patient.merged_into)
    preference = db.session.get(ContactPreference, patient.id)
    people = _acting_for(patient.id, at)
    return Recipient(
        patient_id=patient.id,
        given=patient.given,
        lives=patient.deceased_at is None,
        wishes=wishes(preference, patient.language),
        addresses=_addresses(patient.id, people),
        accounts=tuple(account for account, _, _ in people),
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


def default_choices() -> dict[Topic, Choice]:
    return dict(DEFAULTS)


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


def _acting_for(patient_id: UUID, at: datetime) -> Sequence[tuple[UUID, str, str]]:
    query = (
        select(Account.id, Account.email, AccountPatient.relation)
        .join(AccountPatient, AccountPatient.account_id == Account.id)
        .where(AccountPatient.patient_id == patient_id, Account.disabled_at.is_(None))
        .where(AccountPatient.ends_at.is_(None) | (AccountPatient.ends_at > at))
        .order_by(AccountPatient.relation != "self", Account.id)
    )
    return [(row.id, row.email, row.relation) for row in db.session.execute(query)]


def _addresses(patient_id: UUID, people: Sequence[tuple[UUID, str, str]]) -> Addresses:
    emails, phones = known_addresses(patient_id)
    of_accounts = {email: account for account, email, relation in people if relation in _STANDS_IN}
    dead = refused([*emails, *of_accounts, *phones])
    email = next((each for each in (*emails, *of_accounts) if each not in dead), "")
    own = email in emails
    return Addresses(
        email=email,
        email_account=None if own or not email else of_accounts[email],
        sms=next((number for number in phones if number not in dead), ""),
    )
