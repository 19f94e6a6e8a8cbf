"""Stripe slow, silent, cut or gone: an answer within ten seconds that never takes a time-out for a no."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.stack.proxy import BlackHole, CutAfter, CutAt, Latency, Pass, Proxy, Reset, answer
from tests.stack.stripe_books import Moved
from tests.stack.stripe_stand_in import SECRET_KEY, WEBHOOK_SECRET
from webapp.billing.gateways import punctual
from webapp.billing.gateways.protocol import Answered, ChargeOrder, RefundOrder
from webapp.billing.gateways.stripe_gateway import StripeGateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.stripe_stand_in import StripeStandIn


@pytest.fixture
def proxy(stand_in: StripeStandIn) -> Iterator[Proxy]:
    with Proxy(stand_in.port) as proxy:
        yield proxy


@pytest.fixture
def gateway(proxy: Proxy) -> Iterator[StripeGateway]:
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, f"http://127.0.0.1:{proxy.port}")
    yield gateway
    gateway.close()


def order() -> ChargeOrder:
    return ChargeOrder(uuid4(), 8650, "USD", card="pm_card_visa")


def test_silence_is_unknown_and_short(gateway: StripeGateway, proxy: Proxy) -> None:
    proxy.mode = BlackHole()
    began = monotonic()
    assert gateway.authorise(order()).kind is Answered.UNKNOWN
    assert monotonic() - began < 10


def test_all_calls_of_a_verb_together_stay_below_ten_seconds(gateway: StripeGateway, proxy: Proxy) -> None:
    assert punctual.VERB_SECONDS < 10
    proxy.mode = Latency(3.5)
    wanted, began = order(), monotonic()
    assert gateway.authorise(wanted).kind in {Answered.UNKNOWN, Answered.UNREACHABLE}
    assert monotonic() - began < 10, "made, read and asked: three calls that each are in time"
    proxy.mode = Pass()
    assert gateway.void(wanted).kind is Answered.VOIDED


def test_nobody_there_took_nothing(stand_in: StripeStandIn) -> None:
    with Proxy(stand_in.port) as closed:
        port = closed.port
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, f"http://127.0.0.1:{port}")
    wanted = order()
    assert gateway.authorise(wanted).kind is Answered.UNREACHABLE
    assert gateway.look(wanted).kind is Answered.UNREACHABLE
    assert gateway.void(wanted).kind is Answered.UNREACHABLE
    assert gateway.capture("pi_1", 1, "key").kind is Answered.UNREACHABLE
    assert gateway.refund(RefundOrder(uuid4(), "pi_1", 1, "USD")).kind is Answered.UNREACHABLE
    assert gateway.readers(uuid4()) == ()
    assert gateway.cards("cus_1") == ()
    assert gateway.customer("key") is None


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("step", [b"POST /v1/payment_intents HTTP", b"/confirm"])
def test_a_line_that_is_cut_leaves_a_question_that_looking_answers(
    gateway: StripeGateway, proxy: Proxy, stand_in: StripeStandIn, step: bytes, *, heard: bool
) -> None:
    wanted = order()
    proxy.mode = CutAt(step, heard=heard)
    assert gateway.authorise(wanted).kind is Answered.UNKNOWN
    found = gateway.look(wanted)
    charged = step == b"/confirm" and heard
    assert found.kind is (Answered.AUTHORISED if charged else Answered.UNKNOWN)
    assert gateway.authorise(wanted).kind is Answered.AUTHORISED
    assert stand_in.statement() == {str(wanted.attempt): Moved(8650, 0, 0)}


@pytest.mark.parametrize("heard", [False, True])
def test_capture_void_and_refund_are_sent_again_after_a_cut(
    gateway: StripeGateway, proxy: Proxy, stand_in: StripeStandIn, *, heard: bool
) -> None:
    wanted = order()
    intent = str(gateway.authorise(wanted).external_id)
    proxy.mode = CutAt(b"/capture", heard=heard)
    assert gateway.capture(intent, 8650, wanted.key("capture")).kind is Answered.UNKNOWN
    assert gateway.capture(intent, 8650, wanted.key("capture")).kind is Answered.CAPTURED
    back = RefundOrder(uuid4(), intent, 650, "USD")
    proxy.mode = CutAt(b"POST /v1/refunds", heard=heard)
    assert gateway.refund(back).kind is Answered.UNKNOWN
    assert gateway.refund(back).kind is Answered.REFUNDED
    other = order()
    gateway.authorise(other)
    proxy.mode = CutAt(b"/cancel", heard=heard)
    assert gateway.void(other).kind is Answered.UNKNOWN
    assert gateway.void(other).kind is Answered.VOIDED
    assert stand_in.statement() == {str(wanted.attempt): Moved(0, 8650, 650), str(other.attempt): Moved(0, 0, 0)}


@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Service Unavailable", "409 Conflict"])
def test_an_error_of_theirs_is_unknown(gateway: StripeGateway, proxy: Proxy, status: str) -> None:
    proxy.mode = answer(status, b'{"error": {"type": "api_error"}}')
    assert gateway.authorise(order()).kind is Answered.UNKNOWN


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "429 Too Many Requests"])
def test_an_order_that_was_turned_away_took_nothing(gateway: StripeGateway, proxy: Proxy, status: str) -> None:
    proxy.mode = answer(status, b'{"error": {"type": "invalid_request_error"}}')
    assert gateway.authorise(order()).kind is Answered.UNREACHABLE


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"\xff\xff", b"null"])
def test_an_answer_without_sense_is_unknown(gateway: StripeGateway, proxy: Proxy, body: bytes) -> None:
    proxy.mode = answer("200 OK", body)
    wanted = order()
    assert gateway.authorise(wanted).kind is Answered.UNKNOWN
    assert gateway.look(wanted).kind is Answered.UNKNOWN
    assert gateway.void(wanted).kind is Answered.UNKNOWN
    for name in ("pi_1", "cs_1"):
        named = replace(wanted, external_id=name)
        assert {gateway.look(named).kind, gateway.void(named).kind, gateway.authorise(named).kind} == {Answered.UNKNOWN}
    assert gateway.capture("pi_1", 1, "key").kind is Answered.UNKNOWN
    assert gateway.refund(RefundOrder(uuid4(), "pi_1", 1, "USD")).kind is Answered.UNKNOWN


@pytest.mark.parametrize("mode", [Reset(), CutAfter(20)])
def test_half_an_answer_is_unknown(gateway: StripeGateway, proxy: Proxy, mode: Reset | CutAfter) -> None:
    wanted = order()
    intent = gateway.authorise(wanted).external_id
    proxy.mode = mode
    asked = replace(wanted, external_id=intent)
    assert gateway.look(asked).kind in {Answered.UNKNOWN, Answered.UNREACHABLE}
    assert gateway.void(asked).kind in {Answered.UNKNOWN, Answered.UNREACHABLE}
