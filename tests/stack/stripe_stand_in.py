"""A small Stripe on loopback that remembers: the real library talks to it, and it can say what money really moved."""

from __future__ import annotations

import copy
import json
import random
import re
import threading
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

import stripe

from tests.stack.stripe_books import Books, Refused
from tests.stack.stripe_counter import PAGE, Counter

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    from tests.stack.stripe_books import Json, Moved

SECRET_KEY = "sk_test_standin_0123456789abcdef"
WEBHOOK_SECRET = "whsec_standin_0123456789abcdef"
NAMES = re.compile(r"[^\[\]]+")


@dataclass(frozen=True)
class Message:
    """One delivery of a signed event."""

    id: str
    body: bytes
    signature: str


@dataclass(frozen=True)
class Answer:
    """What was answered under an idempotency key, to which order."""

    order: tuple[str, str]
    status: int
    body: Json


@dataclass
class StripeStandIn:
    """Listens on a free loopback port; `books` and `counter` are its inside, for what a test wants to be the case.

    Orders are worked on one after the other.  The same idempotency key gets the same answer, or a conflict when the
    order is another one.
    """

    events: list[Json] = field(default_factory=list)
    calls: list[tuple[str, str, str | None]] = field(default_factory=list)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.books = Books(self._happened)
        self.counter = Counter(self.books)
        handler = type("Handler", (_Handler,), {"stand_in": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.counter.address = self.address

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def statement(self) -> dict[str, Moved]:
        """What money really moved, by attempt."""
        with self._lock:
            return self.books.statement()

    def expire_authorisations(self) -> None:
        """A week passes: what was only authorised is given back."""
        with self._lock:
            for name, intent in self.books.intents.items():
                if intent["status"] == "requires_capture":
                    self.books.cancel(name)

    def messages(
        self, at: datetime, *, copies: int = 1, seed: int | None = None, secret: str = WEBHOOK_SECRET
    ) -> list[Message]:
        """Every event so far, signed at a moment, each so many times; in an order of its own with a `seed`."""
        with self._lock:
            told = [event for event in self.events for _ in range(copies)]
        if seed is not None:
            random.Random(seed).shuffle(told)
        return [message(event, at, secret) for event in told]

    def deliver(self, url: str, messages: list[Message]) -> list[int]:
        """Send messages to a server; the status of each answer."""
        return [_post(url, one) for one in messages]

    def answer(self, method: str, path: str, form: Json, key: str | None) -> tuple[int, Json]:
        """Do an order once."""
        with self._lock:
            self.calls.append((method, path, key))
            order = (f"{method} {path}", json.dumps(form, sort_keys=True))
            kept = self._answers.get(key) if key else None
            if kept is not None:
                if kept.order != order:
                    return 400, Refused(400, "idempotency_error").body
                return kept.status, kept.body
            try:
                status, body = 200, copy.deepcopy(self._do(method, path, form))
            except Refused as refused:
                status, body = refused.status, copy.deepcopy(refused.body)
            if key and method == "POST":
                self._answers[key] = Answer(order, status, body)
            return status, body

    def _do(self, method: str, path: str, form: Json) -> Json:
        for wanted, pattern, do in ROUTES:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return do(self, form, *found.groups())
        raise Refused(404, "invalid_request_error", "unknown_address")

    def _happened(self, kind: str, thing: Json) -> None:
        event = {"id": self.books.named("evt"), "object": "event", "type": kind, "data": {"object": thing}}
        self.events.append(copy.deepcopy(event))


Route = tuple[str, str, "Callable[..., Json]"]
ROUTES: list[Route] = [
    ("POST", r"/v1/payment_intents", lambda s, form: s.books.make_intent(form)),
    ("GET", r"/v1/payment_intents/(\w+)", lambda s, _, name: s.books.intent(name)),
    ("POST", r"/v1/payment_intents/(\w+)/confirm", lambda s, form, name: s.books.confirm(name, form)),
    ("POST", r"/v1/payment_intents/(\w+)/capture", lambda s, form, name: s.books.capture(name, form)),
    ("POST", r"/v1/payment_intents/(\w+)/cancel", lambda s, _, name: s.books.cancel(name)),
    ("POST", r"/v1/refunds", lambda s, form: s.books.refund(form)),
    ("GET", r"/v1/refunds", lambda s, form: s.books.refunds_of(str(form.get("payment_intent")))),
    ("POST", r"/v1/customers", lambda s, _: s.books.make_customer()),
    ("GET", r"/v1/customers/(\w+)/payment_methods", lambda s, _, name: s.books.methods_of(name)),
    ("POST", r"/v1/payment_methods/(\w+)/attach", lambda s, form, name: s.books.attach(name, form)),
    ("GET", r"/v1/payment_methods/(\w+)", lambda s, _, name: s.books.method(name)),
    ("POST", r"/v1/payment_methods/(\w+)/detach", lambda s, _, name: s.books.detach(name)),
    ("GET", r"/v1/setup_intents/(\w+)", lambda s, _, name: s.books.setup(name)),
    ("GET", r"/v1/terminal/readers", lambda s, _: s.counter.readers()),
    ("GET", r"/v1/terminal/readers/(\w+)", lambda s, _, name: s.counter.reader(name)),
    ("POST", r"/v1/terminal/readers/(\w+)/process_payment_intent", lambda s, f, name: s.counter.process(name, f)),
    ("POST", r"/v1/terminal/readers/(\w+)/cancel_action", lambda s, _, name: s.counter.clear(name)),
    ("POST", r"/v1/checkout/sessions", lambda s, form: s.counter.open_page(form)),
    ("GET", r"/v1/checkout/sessions/(\w+)", lambda s, _, name: s.counter.page(name)),
    ("POST", r"/v1/checkout/sessions/(\w+)/expire", lambda s, _, name: s.counter.expire(name)),
]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one piece, at once: else each answer waits for the client's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    stand_in: ClassVar[StripeStandIn]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/pay/"):
            self._show(parts.path.removeprefix("/pay/"))
            return
        self._api("GET", parts.path, parts.query)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        if len(body.encode()) < length:
            # Who was cut off in the middle of an order has ordered nothing.
            self.close_connection = True
            return
        path = urlsplit(self.path).path
        if path.startswith("/pay/"):
            self._paid(path.removeprefix("/pay/"), dict(parse_qsl(body)))
            return
        self._api("POST", path, body)

    def _api(self, method: str, path: str, content: str) -> None:
        if self.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
            self._send(401, Refused(401, "invalid_request_error", "api_key_invalid").body)
            return
        key = self.headers.get("Idempotency-Key")
        self._send(*self.stand_in.answer(method, path, nested(content), key))

    def _show(self, name: str) -> None:
        try:
            title = self.stand_in.counter.page(name)["text"]
        except Refused as refused:
            self._send(refused.status, refused.body)
            return
        self._send(200, PAGE % title, kind="text/html")

    def _paid(self, name: str, form: dict[str, str]) -> None:
        try:
            with self.stand_in._lock:
                onwards = self.stand_in.counter.pay(name, form.get("card", ""))
        except Refused as refused:
            self._send(refused.status, PAGE % "Declined", kind="text/html")
            return
        self._send(303, "", Location=onwards)

    def _send(self, status: int, body: Json | str, *, kind: str = "application/json", **headers: str) -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the library names it
        """Say nothing."""


def nested(content: str) -> Json:
    """A form as Stripe takes it: `a[b][0]=c` is a thing in a thing."""
    form: Json = {}
    for name, value in parse_qsl(content, keep_blank_values=True):
        *path, last = NAMES.findall(name)
        place = form
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return form


def message(event: Json, at: datetime, secret: str = WEBHOOK_SECRET) -> Message:
    """An event as it is sent, signed at a moment."""
    body = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(body, secret, int(at.timestamp()))
    return Message(str(event["id"]), body.encode(), str(signature))


def _post(url: str, one: Message) -> int:
    request = urllib.request.Request(url, one.body, {"Stripe-Signature": one.signature}, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)
