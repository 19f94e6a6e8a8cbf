"""The ledger: transactions that balance, and entries that nobody changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.billing.models.columns import CURRENCY, Cents
from webapp.db import Base

_KINDS = (
    "('issue','credit_note','write_off','payment','payment_failed','allocation','deposit','deposit_used',"
    "'refund','reversal','float','over_short','banked')"
)
_ACCOUNTS = (
    "('patient_receivable','payer_receivable','drawer_cash','card_clearing','bank_clearing','checks','revenue','fees',"
    "'discounts','deposits','credits','write_offs','over_short')"
)


class LedgerTransaction(Base):
    """One thing that happened to money; its entries sum to zero, which a deferred trigger proves at COMMIT.

    Never changed: a correction is another transaction that `reverses_id` ties to it, once.  `document_id` is the
    invoice or credit note that it writes into the ledger, once.
    """

    __tablename__ = "ledger_transaction"
    __table_args__ = (
        CheckConstraint(f"kind in {_KINDS}", name="kind_known"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint("reverses_id is null or reverses_id <> id", name="reverses_another"),
        CheckConstraint("kind <> 'reversal' or reverses_id is not null", name="reversal_names"),
        CheckConstraint(
            "kind not in ('credit_note','write_off','payment_failed','refund','reversal','over_short')"
            " or length(trim(coalesce(reason, ''))) > 0",
            name="reason",
        ),
        CheckConstraint("(kind in ('issue','credit_note')) = (document_id is not null)", name="document"),
        Index("ledger_transaction_patient_id_at_ix", "patient_id", "at"),
        Index("ledger_transaction_location_id_at_ix", "location_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    currency: Mapped[str]
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transaction.id"), unique=True)
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoice.id"), unique=True)
    reason: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    request: Mapped[str] = mapped_column(server_default=text("''"))

    entries: Mapped[list[LedgerEntry]] = relationship(viewonly=True, order_by="LedgerEntry.id")


class LedgerEntry(Base):
    """One side of a transaction: cents above zero debit the account, below zero credit it.

    Which account is `account` with the columns beside it.  `payment_id` is whose money moved: what a payment has left
    is the sum of its entries.  `drawer_day_id` is in which count the money has to turn up.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint(f"account in {_ACCOUNTS}", name="account_known"),
        CheckConstraint("cents <> 0", name="cents"),
        CheckConstraint(
            "account not in ('patient_receivable','payer_receivable','write_offs') or invoice_id is not null",
            name="of_invoice",
        ),
        CheckConstraint("account not in ('credits','deposits') or payment_id is not null", name="of_payment"),
        CheckConstraint(
            "account not in ('drawer_cash','checks','card_clearing','over_short')"
            " or (drawer_id is not null and drawer_day_id is not null)",
            name="of_drawer",
        ),
        CheckConstraint(
            "account not in ('patient_receivable','payer_receivable','credits','deposits') or patient_id is not null",
            name="of_patient",
        ),
        CheckConstraint("account not in ('revenue','fees','discounts') or category is not null", name="of_category"),
        ForeignKeyConstraint(["invoice_id", "patient_id"], ["invoice.id", "invoice.patient_id"]),
        ForeignKeyConstraint(["drawer_day_id", "drawer_id"], ["drawer_day.id", "drawer_day.drawer_id"]),
        Index("ledger_entry_transaction_id_ix", "transaction_id"),
        Index("ledger_entry_patient_id_account_ix", "patient_id", "account"),
        Index("ledger_entry_invoice_id_ix", "invoice_id", postgresql_where=text("invoice_id is not null")),
        Index("ledger_entry_payment_id_ix", "payment_id", postgresql_where=text("payment_id is not null")),
        Index(
            "ledger_entry_owed_ix",
            "invoice_id",
            "cents",
            postgresql_where=text("account = 'patient_receivable'"),
        ),
        Index("ledger_entry_credit_ix", "payment_id", "cents", postgresql_where=text("account = 'credits'")),
        Index("ledger_entry_drawer_day_id_ix", "drawer_day_id", postgresql_where=text("drawer_day_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transaction.id"))
    account: Mapped[str]
    cents: Mapped[Cents]
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    invoice_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"))
    drawer_id: Mapped[UUID | None]
    drawer_day_id: Mapped[UUID | None]
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    category: Mapped[str | None]
