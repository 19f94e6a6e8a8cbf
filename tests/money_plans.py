"""Hot queries about money, for the test that looks at their plans: what pages, doors and jobs ask all day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.factories import NOW
from webapp.billing.queries import attempts, balances, cards, desk, documents, links, owing, own, papers, worklists
from webapp.db import Role

if TYPE_CHECKING:
    from uuid import UUID

BIG = frozenset(
    {
        "attempt",
        "attempt_allocation",
        "attempt_event",
        "invoice",
        "invoice_line",
        "ledger_entry",
        "ledger_transaction",
        "payment",
    }
)


def money_queries(made: Callable[[str, int], UUID]) -> dict[str, tuple[Role, Callable[[], object]]]:
    """Queries by name with the role that asks; `made(kind, n)` is the id that many_rows.sql gave to the n-th."""
    person, invoice, attempt = made("patient", 30_000), made("invoice", 30_000), made("attempt", 30_001)
    payment, site, visit = made("payment", 30_001), made("location", 1), made("visit", 12_000)
    people, since = [person], NOW - timedelta(days=365)
    return {
        "page of an invoice": (Role.DESK, lambda: documents.page(invoice)),
        "what is due of an invoice": (Role.DESK, lambda: [balances.due_of([invoice]), balances.reserved_of([invoice])]),
        "a payment": (Role.DESK, lambda: desk.taken(payment)),
        "an attempt and its story": (Role.DESK, lambda: [desk.attempt(attempt), attempts.story_of(attempt)]),
        "attempts for an invoice": (Role.DESK, lambda: desk.attempts_for(invoice)),
        "a page that is open": (Role.DESK, lambda: attempts.page_open_for([invoice], person, NOW)),
        "attempts left over": (Role.DESK, lambda: attempts.left_over(NOW)),
        "attempt of a held time": (Role.DESK, lambda: attempts.latest_for(visit)),
        "who owes, a page": (Role.DESK, owing.owed),
        "who owes, by age": (Role.DESK, lambda: owing.owed_by_age(NOW.date(), owing.all_due())),
        "credit that pays nothing": (Role.DESK, worklists.unapplied_credit),
        "attempts that hang": (Role.DESK, worklists.open_attempts),
        "drafts": (Role.DESK, lambda: worklists.drafts(site)),
        "how somebody stands": (Role.DESK, lambda: [balances.account_of(people), balances.with_credit(people)]),
        "a statement": (
            Role.DESK,
            lambda: [
                papers.documents_since(people, since),
                papers.payments_since(people, since),
                papers.refunds_since(people, since),
            ],
        ),
        "a receipt": (Role.DESK, lambda: papers.payments_of(made("receipt", 30_001))),
        "a payment link": (Role.DESK, lambda: [links.to_pay(bytes(32), NOW), links.of_invoice(invoice, NOW)]),
        "saved cards": (Role.DESK, lambda: [desk.cards_of(people, "stripe"), cards.customer_of(person, "stripe")]),
        "cards about to be left": (Role.DESK, lambda: cards.open_setups(NOW)),
        "own invoices": (Role.PATIENT, lambda: own.invoices_of(person)),
        "own invoice": (Role.PATIENT, lambda: own.own_page(person, invoice, NOW)),
        "own statement": (Role.PATIENT, lambda: papers.documents_since(people, since)),
    }
