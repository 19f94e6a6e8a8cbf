"""Who has an authenticator app, and the recovery codes for when it is lost; called in transactions of app_identity."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from webapp.identity.models import Account, RecoveryCode, SecondFactor
from webapp.identity.permissions import StaffRole
from webapp.identity.recovery_codes import digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session


def is_asked_of(roles: Iterable[StaffRole]) -> bool:
    """Whether a holder of these roles needs a second factor: everybody but patients."""
    return any(role is not StaffRole.PATIENT for role in roles)


def enrolled_at(session: Session, account_id: UUID) -> datetime | None:
    """Since when the account has an authenticator app; None without one."""
    return session.execute(
        select(SecondFactor.enrolled_at).where(SecondFactor.account_id == account_id)
    ).scalar_one_or_none()


def email_of(session: Session, account_id: UUID) -> str:
    """The address an app names the account by."""
    return session.execute(select(Account.email).where(Account.id == account_id)).scalar_one()


def enroll(session: Session, account_id: UUID, digests: Iterable[bytes], at: datetime) -> None:
    """Note that the account has an app now, with exactly these recovery codes: earlier ones no longer count."""
    session.execute(
        insert(SecondFactor)
        .values(account_id=account_id, enrolled_at=at)
        .on_conflict_do_update(index_elements=[SecondFactor.account_id], set_={"enrolled_at": at})
    )
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    session.execute(insert(RecoveryCode).values([{"account_id": account_id, "digest": each} for each in digests]))


def use_recovery_code(session: Session, account_id: UUID, key: bytes, code: str, at: datetime) -> bool:
    """Use a code up; False for one that is unknown or was used, also by somebody at the same moment."""
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.digest == digest(key, account_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=at)
        .returning(RecoveryCode.account_id)
    )
    return used.one_or_none() is not None


def codes_left(session: Session, account_id: UUID) -> int:
    """How many recovery codes still count."""
    return session.execute(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    ).scalar_one()


def reset(session: Session, account_id: UUID) -> None:
    """Forget the app and the codes, so that the next sign-in sets up new ones.

    Call it inside `Sessions.cut_off`, and `service.forget_secret` after its commit.
    """
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))
