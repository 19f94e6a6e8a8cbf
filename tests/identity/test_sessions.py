"""Sessions on the real DynamoDB interface, with the clock in the test's hand."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask

from webapp import dynamo
from webapp.dynamo import Dynamo
from webapp.dynamo.breaker import SEATS
from webapp.identity.handle import Handle, parse_handle
from webapp.identity.permissions import Permission, StaffRole
from webapp.identity.person import Grant, Standing
from webapp.identity.session_items import EPOCH, SESSION, TABLE
from webapp.identity.sessions import EpochMoved, Sessions
from webapp.identity.tokens import Token
from webapp.settings import Settings

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
KEY = bytes(range(32))
TOKEN = Token(text="header.claims.signature", subject="sub", expires_at=NOW + timedelta(days=1))


@pytest.fixture
def client(app: Flask, settings: Settings) -> Dynamo:
    return dynamo.connect(settings)


@pytest.fixture
def sessions(client: Dynamo) -> Sessions:
    return Sessions(client, KEY)


@pytest.fixture
def account() -> UUID:
    return uuid4()


def standing_of(account: UUID, *roles: StaffRole, grants: tuple[Grant, ...] = ()) -> Standing:
    return Standing(account, "Dana Whitfield", frozenset(roles or {StaffRole.RECEPTIONIST}), grants)


def signed_in(sessions: Sessions, account: UUID, *roles: StaffRole, grants: tuple[Grant, ...] = ()) -> Handle:
    standing = standing_of(account, *roles, grants=grants)
    return sessions.create(standing, token=TOKEN, epoch=sessions.epoch(account), now=NOW)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def stay(sessions: Sessions, handle: Handle, until: int) -> None:
    """Do something every ten minutes."""
    for seconds in range(0, until + 1, 600):
        person = sessions.resolve(str(handle), after(seconds))
        assert person is not None
        assert sessions.touch(person, after(seconds))


def key_of(handle: Handle) -> dynamo.Item:
    return {"account": str(handle.account_id), "sk": SESSION + handle.digest}


def test_a_session_brings_back_who_signed_in(sessions: Sessions, account: UUID) -> None:
    grants = (Grant(uuid4()), Grant(uuid4(), after(60)))
    provider = uuid4()
    roles, sites = frozenset({StaffRole.CLINICIAN, StaffRole.PATIENT}), {StaffRole.CLINICIAN: frozenset({uuid4()})}
    standing = Standing(account, "Noor Haddad", roles, grants, provider, sites)
    handle = sessions.create(standing, token=TOKEN, epoch=sessions.epoch(account), now=NOW)
    person = sessions.resolve(str(handle), after(1))
    assert person is not None
    assert person.standing == standing
    assert person.get_id() == str(handle)
    assert Permission.CLINICAL_VIEW in person.permissions
    assert (person.created_at, person.expires_at) == (NOW, after(3600))


def test_a_grant_ends_at_its_moment_within_the_session(sessions: Sessions, account: UUID) -> None:
    lasting, ending = uuid4(), uuid4()
    handle = signed_in(sessions, account, StaffRole.PATIENT, grants=(Grant(lasting), Grant(ending, after(60))))
    before, then = sessions.resolve(str(handle), after(59)), sessions.resolve(str(handle), after(60))
    assert before is not None
    assert then is not None
    assert before.patients == (lasting, ending)
    assert then.patients == (lasting,)


@pytest.mark.parametrize(("seconds", "counts"), [(3599, True), (3600, False), (3601, False)])
def test_a_session_counts_for_an_hour_to_the_second(
    sessions: Sessions, account: UUID, seconds: int, *, counts: bool
) -> None:
    handle = signed_in(sessions, account)
    stay(sessions, handle, 3300)
    assert (sessions.resolve(str(handle), after(seconds)) is not None) is counts


def test_an_expired_session_that_nobody_swept_is_refused(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    handle = signed_in(sessions, account)
    assert sessions.resolve(str(handle), after(3600)) is None
    assert client.get(TABLE, key_of(handle)) is not None


def test_touching_never_moves_the_end(sessions: Sessions, account: UUID) -> None:
    handle = signed_in(sessions, account)
    for minute in range(1, 60):
        person = sessions.resolve(str(handle), after(60 * minute))
        assert person is not None
        assert sessions.touch(person, after(60 * minute))
    assert sessions.resolve(str(handle), after(3600)) is None


def test_a_session_ends_with_its_token_at_the_latest(sessions: Sessions, account: UUID) -> None:
    token = Token(text="t", subject="s", expires_at=after(600))
    handle = sessions.create(standing_of(account), token=token, epoch=sessions.epoch(account), now=NOW)
    assert sessions.resolve(str(handle), after(599)) is not None
    assert sessions.resolve(str(handle), after(600)) is None


def test_a_later_end_written_into_the_table_opens_nothing(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    handle = signed_in(sessions, account)
    client.update(TABLE, key_of(handle), "SET expires_at = :later", values={":later": int(after(9999).timestamp())})
    assert sessions.resolve(str(handle), after(10)) is None


def test_what_was_sealed_for_one_account_opens_for_no_other(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    manager, other = signed_in(sessions, account, StaffRole.MANAGER), uuid4()
    handle = signed_in(sessions, other)
    stolen = (client.get(TABLE, key_of(manager)) or {})["sealed"]
    client.update(TABLE, key_of(handle), "SET sealed = :stolen", values={":stolen": stolen})
    assert sessions.resolve(str(handle), after(1)) is None


def test_the_table_holds_neither_token_nor_name_nor_secret(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    handle = signed_in(sessions, account)
    stored = repr(client.query(TABLE, "account = :a", {":a": str(account)}).items)
    secret = base64.urlsafe_b64encode(handle.secret).rstrip(b"=").decode()
    assert all(word not in stored for word in ("header.claims", "Dana", "receptionist", secret))


def test_a_table_dump_replayed_as_cookie_is_nothing(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    handle = signed_in(sessions, account)
    for item in client.query(TABLE, "account = :a", {":a": str(account)}).items:
        for value in (
            item["sk"],
            item.get("sealed"),
            handle.digest,
            f"{account}.{handle.digest}",
            f"{account}.{EPOCH}",
        ):
            assert sessions.resolve(value, after(1)) is None


def test_signing_out_bites_in_another_process_at_once(sessions: Sessions, settings: Settings, account: UUID) -> None:
    elsewhere = Sessions(dynamo.connect(settings), KEY)
    handle = signed_in(sessions, account)
    assert elsewhere.resolve(str(handle), after(1)) is not None
    sessions.end(handle)
    assert elsewhere.resolve(str(handle), after(1)) is None


def test_a_request_in_flight_does_not_revive_a_session(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    handle = signed_in(sessions, account)
    person = sessions.resolve(str(handle), after(120))
    assert person is not None
    sessions.end(handle)
    assert not sessions.touch(person, after(120))
    assert client.get(TABLE, key_of(handle)) is None


def test_fifty_requests_in_flight_do_not_revive_a_session(sessions: Sessions, account: UUID) -> None:
    handle = signed_in(sessions, account)

    def request(number: int) -> None:
        person = sessions.resolve(str(handle), after(120 + number))
        if person is not None:
            sessions.touch(person, after(120 + number))

    with ThreadPoolExecutor(SEATS) as pool:
        before = [pool.submit(request, number) for number in range(25)]
        out = pool.submit(sessions.end, handle)
        flying = [pool.submit(request, number) for number in range(25, 50)]
        for done in (*before, out, *flying):
            done.result()
    assert sessions.resolve(str(handle), after(180)) is None


def test_a_session_is_touched_at_most_once_a_minute(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    handle = signed_in(sessions, account)

    def seen_after(seconds: int) -> object:
        person = sessions.resolve(str(handle), after(seconds))
        assert person is not None
        assert sessions.touch(person, after(seconds))
        return (client.get(TABLE, key_of(handle)) or {})["seen_at"]

    first = int(NOW.timestamp())
    assert seen_after(59) == first
    assert seen_after(60) == first + 60
    assert seen_after(119) == first + 60
    assert seen_after(120) == first + 120


def test_two_requests_of_one_minute_both_stay_in(sessions: Sessions, account: UUID) -> None:
    handle = signed_in(sessions, account)
    one, two = sessions.resolve(str(handle), after(90)), sessions.resolve(str(handle), after(90))
    assert one is not None
    assert two is not None
    assert sessions.touch(one, after(90))
    assert sessions.touch(two, after(90))


def test_a_touch_after_the_hour_says_out(sessions: Sessions, account: UUID) -> None:
    handle = signed_in(sessions, account)
    stay(sessions, handle, 3000)
    person = sessions.resolve(str(handle), after(3599))
    assert person is not None
    assert not sessions.touch(person, after(3600))


def test_a_new_epoch_ends_every_session_of_the_account_only(sessions: Sessions, account: UUID) -> None:
    desk, home, other = signed_in(sessions, account), signed_in(sessions, account), signed_in(sessions, uuid4())
    sessions.bump(account)
    assert sessions.resolve(str(desk), after(1)) is None
    assert sessions.resolve(str(home), after(1)) is None
    assert sessions.resolve(str(other), after(1)) is not None


def test_an_absent_epoch_is_out(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    handle = signed_in(sessions, account)
    client.delete(TABLE, {"account": str(account), "sk": EPOCH})
    assert sessions.resolve(str(handle), after(1)) is None


def test_ending_all_leaves_no_item_and_one_query_lists_them(sessions: Sessions, account: UUID) -> None:
    for _ in range(3):
        signed_in(sessions, account)
    assert len(sessions.of_account(account, after(1))) == 3
    sessions.end_all(account)
    assert sessions.of_account(account, after(1)) == []


def test_first_sign_ins_at_the_same_moment_agree_on_one_epoch(sessions: Sessions, account: UUID) -> None:
    with ThreadPoolExecutor(SEATS) as pool:
        assert len(set(pool.map(lambda _: sessions.epoch(account), range(8)))) == 1


def test_a_session_on_an_epoch_that_moved_is_not_created(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    epoch = sessions.epoch(account)
    sessions.bump(account)
    with pytest.raises(EpochMoved):
        sessions.create(standing_of(account), token=TOKEN, epoch=epoch, now=NOW)
    assert client.query(TABLE, "account = :a AND begins_with(sk, :s)", {":a": str(account), ":s": SESSION}).items == []


@pytest.mark.parametrize(
    "garbage",
    [None, 0, "", "x", "\x00" * 80, f"3f9c2a68-6a0f-4c7e-9d5b-1b8f2f6f0a11.{'A' * 43}", "é" * 80, b"\xff", ["a"], {}],
)
def test_garbage_is_nobody(sessions: Sessions, garbage: object) -> None:
    assert sessions.resolve(garbage, NOW) is None


def test_an_item_somebody_broke_is_nobody_and_no_error(sessions: Sessions, client: Dynamo, account: UUID) -> None:
    handle = signed_in(sessions, account)
    whole = client.get(TABLE, key_of(handle)) or {}
    for missing in ("epoch", "expires_at", "sealed", "created_at"):
        client.put(TABLE, {name: value for name, value in whole.items() if name != missing})
        assert sessions.resolve(str(handle), after(1)) is None
    for odd in ("soon", 10**30, -1, True, None):
        client.put(TABLE, {**whole, "expires_at": odd})
        assert sessions.resolve(str(handle), after(1)) is None


def test_a_half_done_sign_in_lasts_three_minutes_and_is_no_session(sessions: Sessions, account: UUID) -> None:
    handle = sessions.keep_challenge(account, {"session": "cognito's"}, NOW)
    assert sessions.challenge(str(handle), after(179)) == (parse_handle(str(handle)), {"session": "cognito's"})
    assert sessions.challenge(str(handle), after(180)) is None
    assert sessions.resolve(str(handle), after(1)) is None
    sessions.drop_challenge(handle)
    assert sessions.challenge(str(handle), after(1)) is None
