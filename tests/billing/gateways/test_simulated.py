"""The terminal that moves no money keeps every promise of a real gateway, and does what its page was told."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from tests import factories
from webapp.billing.gateways.protocol import Answered, ChargeOrder, NoMessages, RefundOrder, Return
from webapp.billing.gateways.simulated import SimulatedTerminal
from webapp.db import transactional
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database


@pytest.fixture
def terminal(app: Flask) -> Iterator[SimulatedTerminal]:
    with app.app_context():
        yield SimulatedTerminal()


@pytest.fixture
def reader(database: Database) -> UUID:
    made = new_id()
    with database.administer() as connection:
        place = factories.location(connection)
        factories.insert(connection, "simulated_reader", id=made, location_id=place, name="Desk 1")
    return made


def tell(database: Database, tap: str, *, keeps: bool = False) -> None:
    with database.administer() as connection:
        connection.execute("update simulated_reader set next_tap = %s, keeps = %s", (tap, keeps))


def told(database: Database) -> tuple[str, bool]:
    with database.administer() as connection:
        row = connection.execute("select next_tap, keeps from simulated_reader").fetchone()
    assert row is not None
    return row[0], row[1]


def money(database: Database) -> list[tuple[str, int, int]]:
    with database.administer() as connection:
        rows = connection.execute("select state, captured_cents, refunded_cents from simulated_charge").fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


def order(reader: UUID | None, **other: object) -> ChargeOrder:
    made = ChargeOrder(uuid4(), 8650, "USD", reader=None if reader is None else str(reader))
    return replace(made, **other)  # type: ignore[arg-type]


def test_a_card_is_charged_taken_and_given_back(terminal: SimulatedTerminal, reader: UUID, database: Database) -> None:
    wanted = order(reader)
    reserved = terminal.authorise(wanted)
    assert (reserved.kind, reserved.cents) == (Answered.AUTHORISED, 8650)
    intent = str(reserved.external_id)
    assert {terminal.capture(intent, 8000, wanted.key("capture")).kind for _ in range(3)} == {Answered.CAPTURED}
    back = RefundOrder(uuid4(), intent, 500, "USD")
    assert {terminal.refund(back).kind for _ in range(3)} == {Answered.REFUNDED}
    assert terminal.refund(RefundOrder(uuid4(), intent, 7501, "USD")).kind is Answered.REFUSED
    assert money(database) == [("captured", 8000, 500)]


@pytest.mark.parametrize(("tap", "code"), [("decline", "generic_decline"), ("expired", "expired_card")])
def test_a_card_can_be_declined_and_another_one_taken(
    terminal: SimulatedTerminal, reader: UUID, database: Database, tap: str, code: str
) -> None:
    tell(database, tap)
    wanted = order(reader)
    answer = terminal.authorise(wanted)
    assert (answer.kind, answer.code) == (Answered.DECLINED, code)
    assert terminal.authorise(wanted) == answer, "the same order again is not another card"
    assert terminal.authorise(replace(wanted, tries=2)).kind is Answered.AUTHORISED
    assert money(database) == [("authorised", 0, 0)]


def test_an_answer_can_be_lost_although_the_card_was_charged(
    terminal: SimulatedTerminal, reader: UUID, database: Database
) -> None:
    tell(database, "time_out")
    wanted = order(reader)
    assert terminal.authorise(wanted).kind is Answered.UNKNOWN
    assert terminal.look(wanted).kind is Answered.AUTHORISED


def test_a_reader_that_is_offline_took_nothing(terminal: SimulatedTerminal, reader: UUID, database: Database) -> None:
    tell(database, "offline")
    wanted = order(reader)
    answer = terminal.authorise(wanted)
    assert (answer.kind, answer.code) == (Answered.UNREACHABLE, "reader_offline")
    assert terminal.look(wanted).kind is Answered.UNKNOWN
    assert terminal.authorise(wanted).kind is Answered.AUTHORISED, "it is online again"
    for nowhere in (str(uuid4()), "no reader"):
        assert terminal.authorise(replace(order(None), reader=nowhere)).kind is Answered.UNREACHABLE


def test_what_was_chosen_is_for_one_card_or_for_all(
    terminal: SimulatedTerminal, reader: UUID, database: Database
) -> None:
    tell(database, "decline")
    terminal.authorise(order(reader))
    assert told(database) == ("approve", False)
    tell(database, "decline", keeps=True)
    assert [terminal.authorise(order(reader)).kind for _ in range(2)] == [Answered.DECLINED] * 2
    assert told(database) == ("decline", True)


def test_what_is_voided_can_never_be_reserved(terminal: SimulatedTerminal, reader: UUID, database: Database) -> None:
    early, late = order(reader), order(reader)
    assert terminal.void(early).kind is Answered.VOIDED
    assert terminal.authorise(early).kind is Answered.VOIDED
    terminal.authorise(late)
    assert {terminal.void(late).kind for _ in range(2)} == {Answered.VOIDED}
    assert money(database) == [("voided", 0, 0)] * 2


def test_what_was_taken_cannot_be_voided_and_the_other_way_round(terminal: SimulatedTerminal, reader: UUID) -> None:
    taken, voided = order(reader), order(reader)
    intent = str(terminal.authorise(taken).external_id)
    terminal.capture(intent, 8650, taken.key("capture"))
    assert terminal.void(taken).kind is Answered.CAPTURED
    intent = str(terminal.authorise(voided).external_id)
    terminal.void(voided)
    assert terminal.capture(intent, 8650, voided.key("capture")).kind is Answered.VOIDED
    assert terminal.capture("sim_nobodys", 1, "key").kind is Answered.REFUSED


@pytest.mark.parametrize(
    ("card", "kind"),
    [("simcard_approve", Answered.AUTHORISED), ("simcard_expired", Answered.DECLINED), ("?", Answered.DECLINED)],
)
def test_a_card_on_file_pays_without_a_reader(terminal: SimulatedTerminal, card: str, kind: Answered) -> None:
    assert terminal.authorise(order(None, card=card)).kind is kind
    customer = terminal.customer("person")
    assert customer is not None
    (kept,) = terminal.cards(customer)
    assert terminal.authorise(order(None, card=kept.method, customer=customer)).kind is Answered.AUTHORISED


def test_readers_are_those_of_a_location(terminal: SimulatedTerminal, reader: UUID, database: Database) -> None:
    with database.administer() as connection:
        row = connection.execute("select location_id from simulated_reader").fetchone()
    assert row is not None
    assert [(one.id, one.name, one.online) for one in terminal.readers(row[0])] == [(str(reader), "Desk 1", True)]
    tell(database, "offline")
    assert [one.online for one in terminal.readers(row[0])] == [False]
    assert list(terminal.readers(uuid4())) == []


def test_it_has_neither_pages_nor_messages(terminal: SimulatedTerminal) -> None:
    page = terminal.checkout(order(None), Return("https://a", "https://b", "Clinic", factories.NOW))
    assert (page.url, page.outcome.kind) == (None, Answered.UNREACHABLE)
    with pytest.raises(NoMessages):
        terminal.event(b"{}", "", factories.NOW)


def test_it_is_never_asked_within_a_transaction_of_ours(terminal: SimulatedTerminal, reader: UUID) -> None:
    with transactional(factories.scope()), pytest.raises(RuntimeError):
        terminal.authorise(order(reader))


def test_the_same_order_from_many_sides_charges_once(
    app: Flask, terminal: SimulatedTerminal, reader: UUID, database: Database
) -> None:
    wanted, found = order(reader), []

    def ask() -> None:
        with app.app_context():
            reserved = terminal.authorise(wanted)
            found.append((reserved, terminal.capture(str(reserved.external_id), 8650, wanted.key("capture")).kind))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {kind for _, kind in found} == {Answered.CAPTURED}
    assert len({reserved.external_id for reserved, _ in found}) == 1
    assert money(database) == [("captured", 8650, 0)]
