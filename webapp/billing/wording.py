"""Money in the words of the desk: ways to pay, what happened to a document, what a card did and what to do next."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.billing.attempts import WORDS, State
from webapp.billing.postings import Kind
from webapp.money import money

if TYPE_CHECKING:
    from webapp.billing.models import Attempt, CardOnFile, Payment
    from webapp.billing.queries.documents import Happening


def method_label(method: str) -> str:
    """A way to pay: "Card reader", "Cash"."""
    words = {
        "card_reader": _("Card reader"),
        "card_on_file": _("Saved card"),
        "cash": _("Cash"),
        "bank_transfer": _("Bank transfer"),
        "check": _("Check"),
        "payment_link": _("Payment link"),
        "portal": _("Online"),
        "card": _("Card"),
    }
    return words.get(method, method)


def card_label(card: CardOnFile) -> str:
    """What tells a card from another one: "Visa ending 4242"."""
    return _("%(brand)s ending %(digits)s", brand=card.brand.title(), digits=card.last4)


def overdue(due_on: date, today: date) -> str:
    """How late a payment is: "today", "46 days late"."""
    days = (today - due_on).days
    if days <= 0:
        return _("today") if days == 0 else _("not due yet")
    return ngettext("%(num)s day late", "%(num)s days late", days)


def happening(each: Happening, currency: str) -> str:
    """One line of an invoice's activity, amounts in it and without who did it."""
    amount = money(abs(each.cents), currency)
    words = {
        Kind.ISSUE: _("Invoice issued"),
        Kind.CREDIT_NOTE: _("Credit note: %(amount)s less", amount=amount),
        Kind.WRITE_OFF: _("%(amount)s written off", amount=amount),
        Kind.PAYMENT: _("%(amount)s paid: %(how)s", amount=amount, how=method_label(each.method)),
        Kind.PAYMENT_FAILED: _("Payment of %(amount)s could not be collected and is owed again", amount=amount),
        Kind.ALLOCATION: _("%(amount)s paid with credit", amount=amount),
        Kind.DEPOSIT_USED: _("%(amount)s paid with the deposit", amount=amount),
        Kind.REFUND: _("%(amount)s refunded and owed again", amount=amount),
        Kind.REVERSAL: _("%(amount)s taken back and owed again", amount=amount),
    }
    return words[Kind(each.kind)]


HAPPENED = {
    Kind.ISSUE: "file-text",
    Kind.CREDIT_NOTE: "undo-2",
    Kind.WRITE_OFF: "minus",
    Kind.PAYMENT: "wallet",
    Kind.PAYMENT_FAILED: "circle-alert",
    Kind.REFUND: "undo-2",
    Kind.REVERSAL: "rotate-cw",
}
"""Icons of an invoice's activity; anything else is a check."""


def refunded(cents: int, currency: str, method: str) -> str:
    """What went back, and how: "$20.00 refunded: Cash"."""
    return _("%(amount)s refunded: %(how)s", amount=money(cents, currency), how=method_label(method))


def state_tone(state: State) -> tuple[str, str]:
    """Tone and icon of an attempt's pill."""
    if state in {State.CAPTURED, State.REFUNDED}:
        return "ok", "check"
    if state in {State.AUTHORISED, State.CAPTURING}:
        return "info", "check"
    if state in {State.DECLINED, State.CAPTURE_FAILED}:
        return "danger", "x"
    if state in {State.VOIDED, State.FAILED}:
        return "neutral", "undo-2"
    return "warn", "hourglass"


def state_label(attempt: Attempt) -> str:
    """Where an attempt stands, in a word or two."""
    return _(WORDS[State(attempt.state)])


def reason_label(code: str) -> str:
    """Why, as it can be read out to whoever holds the card; nothing when there is no reason to say."""
    words = {
        "card_declined": _("the bank said no"),
        "declined": _("the bank said no"),
        "generic_decline": _("the bank said no"),
        "insufficient_funds": _("there is not enough money on the card"),
        "expired_card": _("the card has expired"),
        "incorrect_cvc": _("the card's security code is wrong"),
        "offline": _("the reader is offline"),
        "reader_offline": _("the reader is offline"),
        "terminal_reader_offline": _("the reader is offline"),
        "unreachable": _("the card service could not be reached"),
        "not_confirmed": _("no card was held to the reader"),
        "time_over": _("no card came in time"),
        "ended": _("ended at the desk"),
        "left": _("ended by the patient"),
        "hold_over": _("the time had been given away"),
        "slot_taken": _("somebody was quicker"),
        "never_collected": _("it was never collected"),
        "canceled": _("the visit was canceled"),
        "wish_ended": _("the visit was changed meanwhile"),
        "wrong_state": _("the visit was changed meanwhile"),
        "patient_not_bookable": _("the patient cannot be booked any more"),
        "location_closed": _("the clinic is closed then"),
        "provider_away": _("the provider is away then"),
        "outside_hours": _("the provider does not work then any more"),
    }
    return words.get(code, "" if not code else _("reason %(code)s", code=code.replace("_", " ")))


def step_label(kind: str, code: str, *, refund: bool) -> str:
    """One step of an attempt's story as a sentence."""
    words = {
        State.CREATED: _("Prepared"),
        State.AUTHORISING: _("The card was asked for"),
        State.WAITING: _("Waiting for the card"),
        State.UNKNOWN: _("No answer came in time; we ask again"),
        State.DECLINED: _("Declined"),
        State.AUTHORISED: _("The bank reserved the amount"),
        State.CAPTURING: _("Written on the account; being collected"),
        State.CAPTURED: _("Collected"),
        State.CAPTURE_FAILED: _("Could not be collected; the amount is owed again"),
        State.VOIDING: _("Being given back"),
        State.VOIDED: _("Given back; nothing was charged"),
        State.FAILED: _("The refund failed; nothing went back") if refund else _("Failed; nothing was charged"),
        State.REFUNDING: _("Sent to the card company"),
        State.REFUNDED: _("Refunded"),
    }
    why = reason_label(code)
    text = words[State(kind)]
    return _("%(what)s: %(why)s", what=text, why=why) if why else text


def paying_by_page(attempt: Attempt, until: str) -> str:
    """What the desk is told while somebody has a page of the card company's open."""
    amount = money(attempt.cents, attempt.currency)
    return _(
        "%(amount)s is being paid on the card company's page, which is open until %(time)s.", amount=amount, time=until
    )


BY_PAGE = frozenset({"payment_link", "portal"})


def what_next(attempt: Attempt) -> str:
    """What the desk does now, and what may be said to whoever pays."""
    if attempt.direction == "refund":
        return _refund_next(State(attempt.state))
    if attempt.method in BY_PAGE and State(attempt.state) is State.WAITING:
        return _(
            "The patient has the card company's page open. Wait for them, or end it to take the payment here:"
            " the page is closed then. This page looks again by itself."
        )
    words = {
        State.CREATED: _("Nothing was asked yet. This page looks again by itself."),
        State.AUTHORISING: _("The bank is being asked. Wait here: this page looks again by itself."),
        State.WAITING: _("Ask for the card to be held to the reader. This page looks again by itself."),
        State.UNKNOWN: _(
            "The answer got lost, so nobody knows yet whether the card was charged. Do not charge it again:"
            " we ask the card company every minute, and what it says stands here."
        ),
        State.DECLINED: _("Nothing was charged. Try again with the same or another card, or pay another way."),
        State.AUTHORISED: _("The amount is reserved on the card and is being written to the account."),
        State.CAPTURING: _("The payment counts. The money is collected by itself in the next minutes."),
        State.CAPTURED: _("Paid. Nothing is left to do."),
        State.CAPTURE_FAILED: _(
            "The bank took its promise back, so the invoice is owed again. Call the patient, or charge another card."
        ),
        State.VOIDING: _("What was reserved is being given back. Nothing will be charged."),
        State.VOIDED: _("Nothing was charged. A reserved amount leaves the card's statement in a few days."),
        State.FAILED: _("Nothing was charged. Take the payment again, or another way."),
    }
    return words.get(State(attempt.state), "")


def _refund_next(state: State) -> str:
    if state is State.REFUNDED:
        return _("Sent back. It is on the card in 5 to 10 days.")
    if state is State.FAILED:
        return _("The card company did not send it back. Give it back another way, or ask it why.")
    return _("The refund is on its way to the card company. This page looks again by itself.")


def payment_line(payment: Payment) -> str:
    """A payment as a list calls it: "Cash, $86.50"."""
    return _("%(how)s, %(amount)s", how=method_label(payment.method), amount=money(payment.cents, payment.currency))
