"""One row in every table with patient data: what tests of row security and of copies look for."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests import factories
from tests.factories import NOW, clock_time
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

    Owner = psycopg.Connection[Any]

MONEY_TABLES = (
    "invoice",
    "invoice_line",
    "payment",
    "refund",
    "attempt",
    "attempt_allocation",
    "attempt_event",
    "card_on_file",
    "ledger_transaction",
    "ledger_entry",
)


def a_full_record(owner: Owner, clinic: factories.Clinic, patient: UUID, hour: int) -> None:
    """One row in every table with patient data."""
    insert, encounter = factories.insert, new_id()
    insert(owner, "patient_identifier", id=new_id(), patient_id=patient, system="urn:x", value=str(patient))
    factories.phone(owner, patient)
    insert(owner, "patient_address", id=new_id(), patient_id=patient)
    insert(owner, "patient_contact", id=new_id(), patient_id=patient, name="Luis")
    insert(owner, "patient_alert", id=new_id(), patient_id=patient, label="Call only")
    insert(owner, "clinical_alert", id=new_id(), patient_id=patient, label="Penicillin")
    insert(
        owner, "encounter", id=encounter, patient_id=patient, source_system="urn:x", source_id=str(patient),
        status="finished", class_code="AMB", starts_at=NOW,
    )  # fmt: skip
    insert(owner, "encounter_detail", encounter_id=encounter, patient_id=patient)
    insert(owner, "account_patient", account_id=factories.account(owner), patient_id=patient, relation="self")
    on_the_portal(owner, patient)
    visit = factories.appointment(owner, clinic, clock_time(hour), patient_id=patient)
    merge = new_id()
    insert(
        owner, "patient_merge", id=merge, patient_id=patient, merged_id=factories.patient(owner), merged_at=NOW,
    )  # fmt: skip
    insert(owner, "patient_merge_row", merge_id=merge, patient_id=patient, table_name="appointment", row_id=visit)
    insert(
        owner, "series", id=new_id(), patient_id=patient, frequency="weekly", count=2, time_zone="UTC",
        first_at=NOW, created_at=NOW,
    )  # fmt: skip
    listed = new_id()
    insert(
        owner, "waiting_wish", id=listed, patient_id=patient, service_id=clinic.service, earliest=NOW.date(),
        created_at=NOW,
    )  # fmt: skip
    insert(owner, "coverage", id=new_id(), patient_id=patient, payer_name="Aetna", share_percent=25, valid_from=NOW)
    a_few_messages(owner, clinic, patient, visit)
    with owner.transaction():
        an_account_settled(owner, clinic, patient, visit)
    insert(
        owner, "waiting_offer", id=new_id(), wish_id=listed, patient_id=patient, hold_id=visit, offered_at=NOW,
        expires_at=NOW + timedelta(minutes=30),
    )  # fmt: skip


def on_the_portal(owner: Owner, patient: UUID) -> None:
    """Invited, registered, with a calendar address."""
    insert = factories.insert
    insert(
        owner, "portal_invitation", id=new_id(), patient_id=patient, digest=sha256(patient.bytes).digest(),
        relation="self", created_at=NOW, ends_at=NOW,
    )  # fmt: skip
    insert(
        owner, "portal_registration", id=new_id(), account_id=factories.account(owner), given="Rosa", family="Jimenez",
        birth_date=NOW.date(), phone="555-0142", created_at=NOW, status="matched", patient_id=patient, decided_at=NOW,
    )  # fmt: skip
    insert(
        owner, "calendar_feed", id=new_id(), patient_id=patient, secret_hash=new_id().bytes, created_at=NOW,
    )  # fmt: skip


def a_few_messages(owner: Owner, clinic: factories.Clinic, patient: UUID, visit: UUID) -> None:
    """What somebody was told, how they want to be, and what lies in a local clinic's mailbox."""
    insert = factories.insert
    insert(owner, "contact_preference", patient_id=patient, changed_at=NOW)
    insert(
        owner, "message", id=new_id(), patient_id=patient, kind="confirmation", channel="email", subject_id=visit,
        starts_at=NOW, location_id=clinic.location, created_at=NOW, due_at=NOW, useless_at=NOW, dedupe_key=str(visit),
    )  # fmt: skip
    insert(
        owner, "mailbox_item", id=new_id(), parcel_id=visit, patient_id=patient, channel="email", body="At ten", at=NOW,
        recipient="rosa@example.com",
    )  # fmt: skip


def an_account_settled(owner: Owner, clinic: factories.Clinic, patient: UUID, visit: UUID) -> None:
    """An issued invoice, paid by card and given back in part: balanced, as every transaction has to be."""
    insert, own = factories.insert, {"patient_id": patient, "location_id": clinic.location}
    invoice, attempt = an_invoice(owner, own, visit), an_attempt(owner, own)
    insert(owner, "attempt_allocation", attempt_id=attempt, invoice_id=invoice, patient_id=patient, cents=12_000)
    payment, drawer, day = new_id(), new_id(), new_id()
    insert(owner, "drawer", id=drawer, location_id=clinic.location, name=str(drawer), kind="cash")
    insert(owner, "drawer_day", id=day, drawer_id=drawer, day=NOW.date(), opened_at=NOW)
    insert(owner, "drawer_day_step", drawer_day_id=day, at=NOW, kind="open")
    issued = transaction(owner, own, "issue", document_id=invoice)
    paid, back = transaction(owner, own, "payment"), transaction(owner, own, "refund", reason="Too much")
    insert(
        owner, "payment", id=payment, **own, receipt_id=new_id(), transaction_id=paid, method="card_reader",
        cents=12_000, currency="USD", attempt_id=attempt, at=NOW,
    )  # fmt: skip
    insert(
        owner, "refund", id=new_id(), payment_id=payment, **own, transaction_id=back, method="cash", cents=500,
        reason="Too much", at=NOW,
    )  # fmt: skip
    insert(
        owner, "payment_link", id=new_id(), invoice_id=invoice, patient_id=patient, created_at=NOW,
        token_hash=patient.bytes * 2, expires_at=NOW + timedelta(days=30),
    )  # fmt: skip
    insert(
        owner, "card_setup", id=new_id(), **own, gateway="simulated", customer="c", actor_id=new_id(),
        form_key=new_id(), created_at=NOW, expires_at=NOW + timedelta(minutes=30),
    )  # fmt: skip
    owed: dict[str, object] = {"account": "patient_receivable", "invoice_id": invoice}
    money = {"account": "drawer_cash", "drawer_id": drawer, "drawer_day_id": day}
    settled = {**owed, "payment_id": payment}
    entries = (
        (issued, owed, 12_000), (issued, {"account": "revenue", "category": "Visits"}, -12_000),
        (paid, money, 12_000), (paid, settled, -12_000), (back, money, -500), (back, settled, 500),
    )  # fmt: skip
    for of, account, cents in entries:
        insert(owner, "ledger_entry", transaction_id=of, cents=cents, **own, **account)


def an_invoice(owner: Owner, own: dict[str, UUID], visit: UUID) -> UUID:
    """An issued invoice of one line of $120.00; its transaction has to be in the ledger by the end."""
    invoice, patient = new_id(), own["patient_id"]
    factories.insert(owner, "invoice", id=invoice, **own, appointment_id=visit, currency="USD", created_at=NOW)
    factories.insert(
        owner, "invoice_line", id=new_id(), invoice_id=invoice, patient_id=patient, position=1, label="Visit",
        unit_cents=12_000, category="Visits",
    )  # fmt: skip
    owner.execute(
        "UPDATE invoice SET status = 'issued', year = 2026, number = (SELECT count(*) FROM invoice), issued_at = %s,"
        " due_on = %s WHERE id = %s",
        (NOW, NOW, invoice),
    )
    return invoice


def an_attempt(owner: Owner, own: dict[str, UUID], **columns: object) -> UUID:
    """An attempt to take $120.00 at the reader with its first step, and a card that is kept."""
    attempt, patient = new_id(), own["patient_id"]
    defaults = {
        "purpose": "invoice", "gateway": "simulated", "method": "card_reader", "cents": 12_000, "currency": "USD",
        "form_key": new_id(), "request_hash": b"x", "created_at": NOW, "expires_at": NOW + timedelta(hours=1),
    }  # fmt: skip
    factories.insert(owner, "attempt", id=attempt, **own, **{**defaults, **columns})
    factories.insert(owner, "attempt_event", attempt_id=attempt, patient_id=patient, at=NOW, kind="created")
    factories.insert(
        owner, "card_on_file", id=new_id(), patient_id=patient, gateway="simulated", customer="c", method=str(new_id()),
        brand="visa", last4="4242", exp_month=1, exp_year=2030, added_at=NOW,
    )  # fmt: skip
    return attempt


def transaction(owner: Owner, own: dict[str, UUID], kind: str, **columns: object) -> UUID:
    """A transaction of the ledger in dollars, without its entries."""
    made = new_id()
    factories.insert(owner, "ledger_transaction", id=made, kind=kind, at=NOW, currency="USD", **own, **columns)
    return made
