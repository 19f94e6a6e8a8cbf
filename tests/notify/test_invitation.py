"""The desk has a code mailed: to the patient's own address, worked out by the job, as long as it lets anybody in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests import factories
from tests.factories import NOW
from tests.notify.postman import Postman, mailbox
from webapp import clock
from webapp.db import Role, transactional
from webapp.identity.portal_actions import PortalInvite, invite, withdraw
from webapp.identity.portal_codes import code_of
from webapp.notify import jobs

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from webapp.settings import Settings


@pytest.fixture
def invitation(app: Flask, clinic: Clinic, settings: Settings) -> UUID:
    with app.app_context(), transactional(factories.scope(Role.DESK)) as session:
        wanted = PortalInvite(clinic.patients[0], mailed=True)
        return invite(session, wanted, settings.session_key, by=None, at=NOW)


def mailed(worker_app: Flask, owner: Owner) -> None:
    """Do what was promised."""
    rows = owner.execute("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'notify.invitation'").fetchall()
    with worker_app.app_context(), clock.stopped_at(NOW):
        for row in rows:
            jobs.mail_invitation(**row["args"])


def test_the_code_goes_to_the_patient_and_stands_nowhere_else(
    worker_app: Flask, owner: Owner, invitation: UUID, settings: Settings
) -> None:
    mailed(worker_app, owner)
    (item,) = mailbox(owner)
    code = code_of(settings.session_key, invitation)
    assert item["recipient"] == "rosa0@example.com"
    assert code in item["body"]
    assert code in item["html"]
    assert code not in item["subject"]
    assert "/sign-up" in item["body"]
    assert "preferences" not in item["body"]
    promised = owner.execute("SELECT args::text FROM jobs.procrastinate_jobs").fetchall()
    assert code not in repr(promised)


@pytest.mark.parametrize("over", ["withdrawn", "ended", "dead"])
def test_a_code_that_lets_nobody_in_is_not_mailed(
    app: Flask, worker_app: Flask, clinic: Clinic, owner: Owner, invitation: UUID, over: str
) -> None:
    if over == "withdrawn":
        with app.app_context(), transactional(factories.scope(Role.DESK)) as session:
            withdraw(session, clinic.patients[0], invitation, at=NOW)
    elif over == "ended":
        owner.execute("UPDATE portal_invitation SET ends_at = %s", (NOW,))
    else:
        owner.execute("UPDATE patient SET deceased_at = %s", (NOW,))
    mailed(worker_app, owner)
    assert mailbox(owner) == []


def test_without_an_address_nothing_is_mailed(
    worker_app: Flask, owner: Owner, invitation: UUID, postman: Postman
) -> None:
    del invitation, postman
    owner.execute("DELETE FROM patient_telecom")
    mailed(worker_app, owner)
    assert mailbox(owner) == []
