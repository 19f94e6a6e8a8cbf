"""Codes of invitations: what they are, how long they count, and how often they can be guessed at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.portal.signing_up import (
    BORN,
    browser,
    eight_in_the_morning,
    invited,
    new_email,
    owner,
    rosa,
    show_code,
    sign_up,
)
from tests.stack.people import Visitor
from webapp import clock
from webapp.identity.permissions import Relation
from webapp.identity.portal_actions import CODE_LASTS, PortalInvite
from webapp.identity.signing_up import MOST_TRIES

if TYPE_CHECKING:
    from flask import Flask
    from psycopg import Connection


__all__ = ["eight_in_the_morning", "owner", "rosa"]

OVER = "That code and birth date do not go together"
SECOND = timedelta(seconds=1)


def test_every_code_that_lets_nobody_in_is_answered_with_the_same_page(
    app: Flask, owner: Connection[Any], rosa: UUID
) -> None:
    now = clock.now()
    used, withdrawn, good = (invited(app, PortalInvite(rosa, Relation.PARENT), now) for _ in range(3))
    old = invited(app, PortalInvite(rosa, Relation.PARENT), now - CODE_LASTS)
    owner.execute("UPDATE patient SET birth_date = '2020-03-04' WHERE id = %s", (rosa,))
    sign_up(browser(app), used.text, new_email(), "3/4/2020", name="Ada")
    owner.execute("UPDATE portal_invitation SET withdrawn_at = %s WHERE id = %s", (now, withdrawn.id))
    tries = [(each.text, "3/4/2020") for each in (used, withdrawn, old)] + [(good.text, BORN), ("23456-789AB", BORN)]
    pages = set()
    for text, born in tries:
        answer = show_code(browser(app), text, born)
        assert answer.status_code == 422
        assert OVER in answer.text
        page = answer.text.replace(text, "").replace(born, "")
        pages.add("".join(line for line in page.splitlines() if "csrf" not in line))
    assert len(pages) == 1
    assert show_code(browser(app), good.text, "3/4/2020").status_code == 303


@pytest.mark.parametrize(("after", "status"), [(CODE_LASTS - SECOND, 303), (CODE_LASTS, 422)])
def test_a_code_counts_for_seven_days_to_the_second(
    app: Flask, rosa: UUID, visitor: Visitor, after: timedelta, status: int
) -> None:
    code = invited(app, PortalInvite(rosa), factories.NOW)
    with clock.stopped_at(factories.NOW + after):
        assert show_code(visitor, code.text).status_code == status


def test_a_parents_code_is_over_on_the_day_the_child_comes_of_age(
    app: Flask, owner: Connection[Any], visitor: Visitor
) -> None:
    factories.location(owner)
    child = factories.patient(owner, birth_date=date(2008, 11, 23))
    midnight = datetime(2026, 11, 23, 5, tzinfo=UTC)
    code = invited(app, PortalInvite(child, Relation.PARENT), midnight - timedelta(days=1))
    with clock.stopped_at(midnight):
        assert show_code(visitor, code.text, "11/23/2008").status_code == 422
    with clock.stopped_at(midnight - SECOND):
        assert show_code(visitor, code.text, "11/23/2008").status_code == 303


def test_birth_dates_of_a_code_are_guessed_ten_times_in_its_whole_life(app: Flask, rosa: UUID) -> None:
    code, at = invited(app, PortalInvite(rosa)), factories.NOW
    for day in range(1, MOST_TRIES + 1):
        at += timedelta(minutes=20)
        with clock.stopped_at(at):
            assert show_code(browser(app), code.text, f"5/{day}/1973").status_code == 422
    with clock.stopped_at(at + timedelta(hours=5)):
        assert show_code(browser(app), code.text, BORN).status_code == 422


def test_guesses_wait_longer_and_longer_also_when_they_are_right(app: Flask, rosa: UUID, visitor: Visitor) -> None:
    code = invited(app, PortalInvite(rosa))
    with clock.stopped_at(factories.NOW):
        for day in range(1, 6):
            assert show_code(visitor, code.text, f"5/{day}/1973").status_code == 422
        answer = show_code(visitor, code.text, BORN)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == 30


def test_a_right_pair_costs_no_try(app: Flask, rosa: UUID) -> None:
    code = invited(app, PortalInvite(rosa))
    with clock.stopped_at(factories.NOW):
        for _ in range(MOST_TRIES + 2):
            assert show_code(browser(app), code.text).status_code == 303


def test_a_code_is_a_keyed_hash_in_the_database_and_names_nobody(
    app: Flask, owner: Connection[Any], rosa: UUID
) -> None:
    code = invited(app, PortalInvite(rosa, mailed=True))
    row = owner.execute("SELECT row_to_json(i)::text FROM portal_invitation AS i").fetchone()
    jobs = owner.execute("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'notify.invitation'").fetchall()
    assert jobs == [({"invitation": str(code.id)},)]
    assert row is not None
    assert code.text not in row[0]
    assert code.text.replace("-", "") not in row[0]
    assert replace(code).text != invited(app, PortalInvite(rosa)).text
