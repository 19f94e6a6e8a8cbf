"""The terminal that moves no money keeps every promise of a real gateway, and does what its page was told."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from tests import factories
from webapp import clock
from webapp.billing.gateways.protocol import Answered, ChargeOrder, KeepOrder, NoMessages, RefundOrder, Return
from webapp.billing.gateways.simulated import SimulatedTerminal, choose
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


BACK = Return("https://clinic.example/paid", "https://clinic.example/not", "A-1", factories.NOW + timedelta(hours=1))


def test_somebody_pays_on_its_page(terminal: SimulatedTerminal, database: Database) -> None:
    with clock.stopped_at(factories.NOW):
        wanted = order(None, back=BACK)
        page = terminal.checkout(wanted, BACK)
        assert str(page.url).startswith("https://clinic.example/terminal/pages/simcs_")
        assert terminal.checkout(wanted, BACK).url == page.url, "one page, however often it is asked for"
        name = str(page.outcome.external_id)
        assert choose(name, "decline") == wanted.attempt
        assert terminal.look(wanted).kind is Answered.WAITING, "another card may follow"
        assert choose(name, "approve") == wanted.attempt
        assert choose(name, "approve") is None
        assert terminal.look(wanted).kind is Answered.AUTHORISED
        assert money(database) == [("authorised", 0, 0)]


def test_a_page_that_was_given_up_or_forgotten_takes_nothing(terminal: SimulatedTerminal, database: Database) -> None:
    with clock.stopped_at(factories.NOW):
        given_up, never_made, late = order(None, back=BACK), order(None, back=BACK), order(None, back=BACK)
        name = str(terminal.checkout(given_up, BACK).outcome.external_id)
        assert terminal.void(given_up).kind is Answered.VOIDED
        assert choose(name, "approve") is None
        assert terminal.void(never_made).kind is Answered.VOIDED
        # An order that was still under way makes a page on which nobody can pay.
        assert choose(str(terminal.checkout(never_made, BACK).outcome.external_id), "approve") is None
        name = str(terminal.checkout(late, BACK).outcome.external_id)
    with clock.stopped_at(BACK.expires_at):
        assert terminal.look(late).kind is Answered.VOIDED
        assert choose(name, "approve") is None
    assert {state for state, _, _ in money(database)} == {"voided"}


def test_a_card_is_left_on_its_page(terminal: SimulatedTerminal) -> None:
    with clock.stopped_at(factories.NOW):
        wanted = KeepOrder(uuid4(), "simcus_1", "USD", BACK)
        name = str(terminal.keep_page(wanted).outcome.external_id)
        assert terminal.kept(wanted).card is None
        choose(name, "decline")
        assert terminal.kept(wanted).outcome.kind is Answered.WAITING
        choose(name, "approve")
        card = terminal.kept(wanted).card
        assert card is not None
        assert (card.customer, card.last4) == ("simcus_1", "4242")
        assert terminal.authorise(order(None, customer=card.customer, card=card.method)).kind is Answered.AUTHORISED
        assert terminal.forget(card.method).definite


def test_it_sends_no_messages(terminal: SimulatedTerminal) -> None:
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
