"""Where people meet the stand-in: card readers, and the page on which somebody pays by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.stack.stripe_books import OPEN, Refused, listed

if TYPE_CHECKING:
    from tests.stack.stripe_books import Books, Json

PAGE = """<!doctype html><html lang="en"><title>Pay</title><main><h1>%s</h1><form method="post">
<label>Card <input name="card" value="pm_card_visa"></label><button>Pay</button></form></main></html>"""


@dataclass
class Counter:
    """Readers and pages on top of the books."""

    books: Books
    address: str = ""

    def add_reader(self, label: str, location: str | None = None, *, online: bool = True) -> str:
        """Put up a reader."""
        reader: Json = {
            "id": self.books.named("tmr"),
            "object": "terminal.reader",
            "label": label,
            "status": "online" if online else "offline",
            "metadata": {} if location is None else {"location": location},
            "action": None,
        }
        self.books.readers[reader["id"]] = reader
        return str(reader["id"])

    def readers(self) -> Json:
        return listed(list(self.books.readers.values()))

    def reader(self, name: str) -> Json:
        if name not in self.books.readers:
            raise Refused(404, "invalid_request_error", "resource_missing")
        return self.books.readers[name]

    def process(self, name: str, form: Json) -> Json:
        """Show an amount on a reader."""
        reader, intent = self.reader(name), self.books.intent(str(form.get("payment_intent")))
        if reader["status"] != "online":
            raise Refused(400, "invalid_request_error", "terminal_reader_offline")
        if reader["action"] and reader["action"]["status"] == "in_progress":
            raise Refused(400, "invalid_request_error", "terminal_reader_busy")
        if intent["status"] not in OPEN:
            raise Refused(400, "invalid_request_error", "payment_intent_unexpected_state")
        reader["action"] = {
            "type": "process_payment_intent",
            "status": "in_progress",
            "process_payment_intent": {"payment_intent": intent["id"]},
        }
        return reader

    def clear(self, name: str) -> Json:
        reader = self.reader(name)
        reader["action"] = None
        return reader

    def present(self, name: str, card: str) -> Json:
        """Hold a test card to a reader that shows an amount."""
        reader = self.reader(name)
        action = reader["action"]
        if not action or action["status"] != "in_progress":
            raise Refused(400, "invalid_request_error", "resource_missing")
        intent = self.books.intent(action["process_payment_intent"]["payment_intent"])
        try:
            self.books.charge(intent, card)
        except Refused:
            action["status"] = "failed"
            self.books.tell("terminal.reader.action_failed", reader)
        else:
            action["status"] = "succeeded"
            self.books.tell("terminal.reader.action_succeeded", reader)
        return reader

    def open_page(self, form: Json) -> Json:
        """Make a page for one amount, or for a card to be kept."""
        if form.get("mode") == "setup":
            return self._keep_page(form)
        price: Any = form["line_items"]["0"]["price_data"]
        session: Json = {
            "id": self.books.named("cs"),
            "object": "checkout.session",
            "status": "open",
            "text": price["product_data"]["name"],
            "amount_total": int(price["unit_amount"]),
            "currency": price["currency"],
            "metadata": dict(form.get("metadata", {})),
            "customer": form.get("customer"),
            "success_url": form["success_url"],
            "cancel_url": form["cancel_url"],
            "payment_intent": None,
            "orders": dict(form.get("payment_intent_data", {})),
        }
        session["url"] = f"{self.address}/pay/{session['id']}"
        self.books.sessions[session["id"]] = session
        return session

    def _keep_page(self, form: Json) -> Json:
        session: Json = {
            "id": self.books.named("cs"),
            "object": "checkout.session",
            "status": "open",
            "text": "Keep a card",
            "metadata": dict(form.get("metadata", {})),
            "customer": form["customer"],
            "success_url": form["success_url"],
            "cancel_url": form["cancel_url"],
            "payment_intent": None,
            "setup_intent": None,
        }
        session["url"] = f"{self.address}/pay/{session['id']}"
        self.books.sessions[session["id"]] = session
        return session

    def _leave(self, session: Json, card: str) -> str:
        """Leave a test card on a page."""
        intent: Json = {"id": self.books.named("seti"), "object": "setup_intent", "payment_method": None}
        intent["payment_method"] = self.books.attach(card, {"customer": session["customer"]})["id"]
        self.books.setups[intent["id"]] = intent
        session.update(status="complete", setup_intent=intent["id"])
        self.books.tell("checkout.session.completed", session)
        return str(session["success_url"])

    def page(self, name: str) -> Json:
        if name not in self.books.sessions:
            raise Refused(404, "invalid_request_error", "resource_missing")
        return self.books.sessions[name]

    def expire(self, name: str) -> Json:
        session = self.page(name)
        if session["status"] != "open":
            raise Refused(400, "invalid_request_error", "checkout_session_not_open")
        session["status"] = "expired"
        self.books.tell("checkout.session.expired", session)
        return session

    def pay(self, name: str, card: str) -> str:
        """Pay on a page with a test card; where the payer goes next.  A declined card can be followed by another."""
        session = self.page(name)
        if session["status"] != "open":
            raise Refused(400, "invalid_request_error", "checkout_session_not_open")
        if "setup_intent" in session:
            return self._leave(session, card)
        if session["payment_intent"] is None:
            made = self.books.make_intent(
                {
                    "amount": str(session["amount_total"]),
                    "currency": session["currency"],
                    "customer": session["customer"],
                    **session["orders"],
                }
            )
            session["payment_intent"] = made["id"]
        self.books.charge(self.books.intent(session["payment_intent"]), card)
        session["status"] = "complete"
        self.books.tell("checkout.session.completed", session)
        return str(session["success_url"])
