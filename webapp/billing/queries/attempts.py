"""Attempts: which of them nobody has brought to an end, and the story of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, literal_column, select

from webapp.billing.attempts import State
from webapp.billing.models import Attempt, AttemptAllocation, AttemptEvent
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

AT_ONCE = 200
# As the partial index says it, in words of its own: what a parameter stands for, a plan for all of them can't know.
IS_OPEN = Attempt.state.not_in([literal_column(f"'{state}'") for state in ("captured", "voided", "failed", "refunded")])


def left_over(before: datetime) -> list[UUID]:
    """Attempts that are not at their end and that nothing has happened to since, the oldest first."""
    last = select(func.max(AttemptEvent.at)).where(AttemptEvent.attempt_id == Attempt.id).scalar_subquery()
    unsettled = (Attempt.state == literal_column("'captured'")) & Attempt.settled_at.is_(None)
    found: list[Attempt] = []
    for left in (IS_OPEN & (Attempt.state != State.CAPTURE_FAILED.value), unsettled):
        query = (
            select(Attempt)
            .where(left, func.coalesce(last, Attempt.created_at) <= before)
            .order_by(Attempt.created_at, Attempt.id)
            .limit(AT_ONCE)
        )
        found += db.session.scalars(query)
    return [each.id for each in sorted(found, key=lambda each: (each.created_at, each.id))[:AT_ONCE]]


def direction_of(attempt_id: UUID) -> str | None:
    """Whether an attempt charges or refunds; None when there is none."""
    return db.session.scalar(select(Attempt.direction).where(Attempt.id == attempt_id))


def latest_for(appointment_id: UUID) -> Attempt | None:
    """The attempt that was last made to pay for a held time."""
    query = select(Attempt).where(Attempt.appointment_id == appointment_id, Attempt.direction == "charge")
    return db.session.scalars(query.order_by(Attempt.created_at.desc(), Attempt.id.desc()).limit(1)).first()


def page_open_for(invoices: Collection[UUID], patient_id: UUID, at: datetime) -> Attempt | None:
    """The attempt on whose page one of some invoices of a patient can be paid now."""
    query = (
        select(Attempt)
        .join(AttemptAllocation, AttemptAllocation.attempt_id == Attempt.id)
        .where(
            AttemptAllocation.invoice_id.in_(list(invoices)),
            Attempt.patient_id == patient_id,
            Attempt.method.in_(["payment_link", "portal"]),
            Attempt.state.in_([State.AUTHORISING.value, State.UNKNOWN.value, State.WAITING.value]),
            Attempt.settled_at.is_(None),
            Attempt.expires_at > at,
        )
        .order_by(Attempt.created_at.desc(), Attempt.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).first()


def story_of(attempt_id: UUID) -> Sequence[AttemptEvent]:
    """What happened to an attempt, as it can be read out to a caller."""
    query = select(AttemptEvent).where(AttemptEvent.attempt_id == attempt_id).order_by(AttemptEvent.id)
    return db.session.scalars(query).all()
