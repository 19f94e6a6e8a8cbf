"""How often one account may ask for what is expensive: wide for people, narrow for programs, in all processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from tests.morning import on_the_hour
from tests.stack.people import SignIn, Visitor
from webapp import clock, rate
from webapp.dynamo.budget import ENVIRON_KEY, Budget
from webapp.errors import TooOften
from webapp.routing import door_of

if TYPE_CHECKING:
    from flask import Flask

    from webapp.rate import Rate

__all__ = ["on_the_hour"]

pytestmark = pytest.mark.usefixtures("on_the_hour")

LIMITED = {
    "desk.search": rate.SEARCHES,
    "ops.find_activity": rate.LOOK_UPS,
    "ops.export_activity": rate.EXPORTS,
    "ops.invite": rate.INVITATIONS,
    "ops.invite_again": rate.INVITATIONS,
    "desk.invite_to_portal": rate.INVITATIONS,
    "desk.forget_app": rate.INVITATIONS,
    "portal.invite_helper": rate.INVITATIONS,
    "portal.download_copy": rate.EXPORTS,
}
COUNTED = ("UpdateItem", "counters")
AT_ONCE = 6
"""Fewer threads than one process lets wait for DynamoDB."""


def use_up(app: Flask, limit: Rate, account_id: UUID | None) -> None:
    assert account_id is not None
    with app.test_request_context(), ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda _: _take(app, limit, account_id), range(limit.most)))


def _take(app: Flask, limit: Rate, account_id: UUID) -> bool:
    with app.app_context():
        try:
            rate.take(limit, account_id, clock.now())
        except TooOften:
            return False
        return True


def test_these_doors_are_limited_and_no_others(app: Flask) -> None:
    limits = {name: door.limit for name in app.view_functions if (door := door_of(app, name)) and door.limit}
    assert limits == LIMITED


def test_requests_sent_at_once_pass_no_more_than_requests_one_by_one(app: Flask) -> None:
    account = uuid4()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        passed = list(pool.map(lambda _: _take(app, rate.EXPORTS, account), range(rate.EXPORTS.most + 40)))
    assert sum(passed) == rate.EXPORTS.most


def test_a_receptionist_who_types_all_minute_is_never_stopped_and_a_program_is(app: Flask, sign_in: SignIn) -> None:
    desk = sign_in("receptionist", at=clock.now())
    answers = [desk.post("/search", {"q": "al"}, fragment=True) for _ in range(rate.SEARCHES.most + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    refused = answers[-1]
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert "very often in a short time" in refused.text
    assert "Try again in 1 minute." in refused.text
    assert "<html" not in refused.text
    assert sign_in("receptionist", at=clock.now()).post("/search", {"q": "al"}).status_code == 200
    assert desk.get("/board").status_code == 200
    with clock.stopped_at(clock.now() + timedelta(seconds=60)):
        assert desk.post("/search", {"q": "al"}).status_code == 200


def test_a_search_pays_one_round_trip_for_it(sign_in: SignIn) -> None:
    desk, budget = sign_in("receptionist", at=clock.now()), Budget()
    desk.post("/search", {"q": "al"}, environ_overrides={ENVIRON_KEY: budget})
    assert budget.calls.count(COUNTED) == 1
    assert len(budget.calls) == 3  # the session, the count, the record of who was shown
    other = Budget()
    desk.get("/board", environ_overrides={ENVIRON_KEY: other})
    assert COUNTED not in other.calls


def test_who_may_not_come_in_counts_for_nothing(sign_in: SignIn) -> None:
    budget = Budget()
    assert (
        sign_in("patient", at=clock.now())
        .post("/search", {"q": "al"}, environ_overrides={ENVIRON_KEY: budget})
        .status_code
    )
    assert COUNTED not in budget.calls


def test_the_export_of_the_log_is_limited(app: Flask, sign_in: SignIn) -> None:
    auditor = sign_in("auditor", at=clock.now())
    wanted = {"about": "day", "of": f"{clock.now():%Y-%m-%d}"}
    assert auditor.post("/activity/export", wanted).mimetype == "text/csv"
    use_up(app, rate.EXPORTS, auditor.account_id)
    refused = auditor.post("/activity/export", wanted)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    assert "Try again in 60 minutes." in refused.text


def test_a_record_number_is_looked_up_and_not_gone_through(app: Flask, sign_in: SignIn) -> None:
    auditor = sign_in("auditor", at=clock.now())
    use_up(app, rate.LOOK_UPS, auditor.account_id)
    assert auditor.post("/activity/find", {"number": "1"}).status_code == 429


def test_an_invitation_too_many_is_refused_with_the_input_kept(app: Flask, sign_in: SignIn) -> None:
    manager = sign_in("manager", at=clock.now())
    use_up(app, rate.INVITATIONS, manager.account_id)
    form = {"display_name": "Robin Marsh", "email": "robin@anteroom.example", "role": "biller"}
    refused = manager.post("/accounts/invite", form)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    for kept in ("Robin Marsh", "robin@anteroom.example", "very often in a short time"):
        assert kept in refused.text
    assert manager.get("/accounts").text.count("robin@anteroom.example") == 0


def test_a_refusal_is_in_the_activity_log(app: Flask, sign_in: SignIn) -> None:
    manager: Visitor = sign_in("manager", at=clock.now())
    use_up(app, rate.SEARCHES, manager.account_id)
    manager.post("/search", {"q": "al"})
    assert "too_often" in manager.get(f"/activity/people/{manager.account_id}").text
