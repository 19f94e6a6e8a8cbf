"""Somebody on the portal, somebody at the desk, and what the desk's bell and lists say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from tests import factories
from tests.factories import NOW
from webapp import clock
from webapp.news import News
from webapp.notify import staff_list
from webapp.notify.audiences import Audience

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.stack.people import SignIn, Visitor


@pytest.fixture
def rosa(sign_in: SignIn, clinic: Clinic) -> Visitor:
    """The first patient, on the portal."""
    return sign_in("patient", patients=(clinic.patients[0],), at=NOW)


@pytest.fixture
def sam(sign_in: SignIn) -> Visitor:
    """A receptionist."""
    return sign_in("receptionist", at=NOW)


def new(person: Visitor, page: str = "/home") -> int:
    """How many the bell says are new."""
    text = person.get(page).text
    assert 'id="bell"' in text, page
    return int(text.split('aria-label="Notices, ')[1].split(" new")[0]) if "Notices, " in text else 0


def happened(app: Flask, kind: News = News.UNDELIVERED, subject: object = None, at: datetime = NOW) -> bool:
    with app.app_context():
        return staff_list.publish(kind, str(subject or uuid4()), at, at)


def visit_of(owner: Owner, clinic: Clinic, starts: datetime) -> UUID:
    return factories.appointment(owner, clinic, starts)


def step(clinic: Clinic, visit: UUID, name: str) -> str:
    return f"/me/{clinic.patients[0]}/visits/{visit}/{name}"


def canceled(rosa: Visitor, clinic: Clinic, visit: UUID) -> None:
    assert rosa.post(step(clinic, visit, "cancel"), {"version": 1, "fee": 0}).status_code == 303


def kinds(app: Flask) -> list[str]:
    """What stands on the front desk's list, and on no other."""
    with app.app_context():
        return [notice.kind.value for notice in staff_list.listed(Audience, {}, clock.now())]
