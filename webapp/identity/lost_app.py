"""A patient lost the authenticator app: the desk, which knows who is there, takes it off their portal account."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text

from webapp import cycle
from webapp.db import transactional
from webapp.errors import NotFound, Unavailable
from webapp.identity.gateways.cognito import SignInUnavailable, WrongPassword
from webapp.identity.jobs import end_sessions
from webapp.identity.portal_queries import app_since
from webapp.identity.service import identity
from webapp.identity.shutting_out import shut_out
from webapp.ids import new_id
from webapp.jobs import announce, promise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

_FORGET = text("select doors.forget_app(:patient, :account)")


@contextmanager
def forgotten_by_pool(patient_id: UUID, account_id: UUID) -> Iterator[None]:
    """Be around `forget`: Cognito forgets the app before our row goes, as pressing again mends either half.

    Sessions of the account end.  Raises NotFound where there is no app to be taken off, Unavailable.
    """
    with transactional(cycle.scope(), read_only=True) as session:
        if app_since(session, patient_id, account_id) is None:
            raise NotFound
    with shut_out(patient_id, account_id):
        try:
            identity().service.forget_secret(str(account_id))
        except SignInUnavailable as away:
            raise Unavailable from away
        except WrongPassword:
            # Cognito never heard of the person, so there is no app to forget.
            pass
        yield


def forget(session: Session, patient_id: UUID, account_id: UUID) -> None:
    """Take app and recovery codes off a patient's own account, and let them hear of it; raises NotFound."""
    if not session.execute(_FORGET, {"patient": patient_id, "account": account_id}).scalar_one():
        raise NotFound
    promise(end_sessions, account=str(account_id))
    announce("notify.app_forgotten", notice=str(new_id()), patient=str(patient_id), account=str(account_id))
