"""Rows of the access matrix for payment links, saved cards, and what patients see and pay by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.identity.permissions import StaffRole

    Roles = frozenset[StaffRole]

R = TypeVar("R")

OPEN_IN_MONEY: dict[tuple[str, str], int] = {
    # Money: links that are nobody's, and pages of the simulated terminal that never were.
    ("billing.pay_link", "GET"): 404,
    ("billing.pay_by_page", "POST"): 400,
    ("billing.paid_back", "GET"): 404,
    ("billing.pay_on", "POST"): 404,
    ("terminal.payer", "GET"): 404,
    ("terminal.payer_does", "POST"): 400,
}


OWN_MONEY = (
    ("portal.own_invoices", "GET"),
    ("portal.invoices", "GET"),
    ("portal.invoice", "GET"),
    ("portal.pay", "POST"),
    ("portal.payment", "GET"),
    ("portal.go_on", "POST"),
    ("portal.pay_hold", "GET"),
    ("portal.pay_the_hold", "POST"),
    ("portal.invoice_print", "GET"),
    ("portal.invoice_pdf", "GET"),
    ("portal.receipt", "GET"),
    ("portal.receipt_pdf", "GET"),
    ("portal.statement", "GET"),
    ("portal.statement_pdf", "GET"),
    ("portal.cards", "GET"),
    ("portal.save_card", "POST"),
    ("portal.card", "GET"),
    ("portal.look_for_card", "POST"),
    ("portal.forget_card", "POST"),
)


def money_rows(
    takers: Roles, patients: Roles, front: Roles, row: Callable[[Roles, int], R]
) -> dict[tuple[str, str], R]:
    """Who may come in, and what they get, by route and method."""
    return {
        ("billing.move_priced", "POST"): row(front, 404),
        ("terminal.page", "GET"): row(takers, 200),
        ("terminal.add", "POST"): row(takers, 422),
        ("terminal.choose", "POST"): row(takers, 404),
        # Money: payment links and saved cards.
        ("billing.link", "GET"): row(takers, 404),
        ("billing.make_a_link", "POST"): row(takers, 404),
        ("billing.end_the_link", "POST"): row(takers, 404),
        ("notify.send_link", "POST"): row(takers, 404),
        ("billing.cards_of", "GET"): row(takers, 404),
        ("billing.keep_card", "POST"): row(takers, 404),
        ("billing.forget_card", "POST"): row(takers, 404),
        ("billing.card_setup", "GET"): row(takers, 404),
        ("billing.look_for_card", "POST"): row(takers, 404),
        # Money: a patient's own invoices, payments and cards, by an address that names a patient who is nobody's.
        **dict.fromkeys(OWN_MONEY, row(patients, 404)),
    }
