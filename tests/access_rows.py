"""The access matrix: every route and method, for every kind of visitor, has the status written here.

A route without a row fails.  Allowed people get the status of the row: on an empty clinic, with ids that are nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests import access_people
from tests.access_portal import OWN_DOORS
from tests.access_rows_messages import message_rows
from tests.access_rows_money import OPEN_IN_MONEY, money_rows
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

EVERYBODY = frozenset(StaffRole)
MANAGER = frozenset({StaffRole.MANAGER})
CLINICIAN = frozenset({StaffRole.CLINICIAN})
AUDITOR = frozenset({StaffRole.AUDITOR})
PATIENT = frozenset({StaffRole.PATIENT})
FRONT = frozenset({StaffRole.RECEPTIONIST, StaffRole.CLINICIAN, StaffRole.MANAGER})
DESK = FRONT | {StaffRole.BILLER, StaffRole.COORDINATOR}
BOOKERS = FRONT | {StaffRole.COORDINATOR}
TAKERS = frozenset({StaffRole.RECEPTIONIST, StaffRole.BILLER, StaffRole.MANAGER})
GIVERS = TAKERS - {StaffRole.RECEPTIONIST}
EDITORS = frozenset({StaffRole.RECEPTIONIST, StaffRole.MANAGER})

NOBODYS_ID = UUID("018f0000-0000-7000-8000-00000000dead")


@dataclass(frozen=True)
class Row:
    """Who may come in, and what they get."""

    roles: frozenset[StaffRole]
    status: int

    def expected(self, role: StaffRole) -> int:
        return self.status if role in self.roles else 403


OPEN: dict[tuple[str, str], int] = {
    ("ops.livez", "GET"): 200,
    ("ops.readyz", "GET"): 200,
    ("portal.visit_link", "GET"): 404,
    ("portal.confirm_by_link", "POST"): 404,
    ("portal.feed", "GET"): 404,
    ("identity.sign_in", "GET"): 200,
    ("identity.sign_in", "POST"): 422,
    ("identity.new_password", "GET"): 303,
    ("identity.new_password", "POST"): 303,
    ("identity.code", "GET"): 303,
    ("identity.code", "POST"): 303,
    ("identity.enroll", "GET"): 303,
    ("identity.enroll", "POST"): 303,
    ("identity.recover", "GET"): 303,
    ("identity.recover", "POST"): 303,
    **access_people.OPEN_TO_ALL,
    ("identity.forgot", "GET"): 200,
    ("identity.forgot", "POST"): 422,
    ("identity.reset", "GET"): 200,
    ("identity.reset", "POST"): 422,
    ("identity.sign_out", "POST"): 303,
    ("identity.switch_user", "POST"): 303,
    ("identity.speak", "POST"): 303,
    # Nobody signed it.
    ("billing.stripe_event", "POST"): 400,
    **OPEN_IN_MONEY,
}

MATRIX: dict[tuple[str, str], Row] = {
    ("identity.start", "GET"): Row(EVERYBODY, 303),
    ("identity.resume", "GET"): Row(EVERYBODY, 404),
    ("identity.password", "GET"): Row(EVERYBODY, 200),
    ("identity.change_password", "POST"): Row(EVERYBODY, 422),
    ("identity.home", "GET"): Row(EVERYBODY - PATIENT, 200),
    ("identity.ends", "GET"): Row(EVERYBODY, 204),
    ("identity.keep_draft", "POST"): Row(EVERYBODY, 422),
    ("identity.take_draft", "POST"): Row(EVERYBODY, 204),
    ("identity.my_sessions", "GET"): Row(EVERYBODY, 200),
    ("identity.end_one", "POST"): Row(EVERYBODY, 404),
    ("identity.end_others", "POST"): Row(EVERYBODY, 303),
    ("identity.stay", "POST"): Row(EVERYBODY, 303),
    ("identity.renew", "GET"): Row(EVERYBODY, 200),
    ("identity.renew_it", "POST"): Row(EVERYBODY, 422),
    ("practice.settings", "GET"): Row(FRONT, 200),
    # What kinds there are is in the view: the matrix asks for one that is none.
    ("practice.things", "GET"): Row(FRONT, 404),
    ("practice.new_thing", "GET"): Row(MANAGER, 404),
    ("practice.add_thing", "POST"): Row(MANAGER, 404),
    ("practice.thing", "GET"): Row(FRONT, 404),
    ("practice.change_thing", "POST"): Row(MANAGER, 404),
    ("practice.bring_back", "POST"): Row(MANAGER, 404),
    ("practice.services", "GET"): Row(FRONT, 200),
    ("practice.new_service", "GET"): Row(MANAGER, 200),
    ("practice.service", "GET"): Row(FRONT, 404),
    ("practice.service_prices", "GET"): Row(FRONT, 404),
    ("practice.price_service", "POST"): Row(MANAGER, 404),
    ("practice.items", "GET"): Row(FRONT, 200),
    ("notify.reminders", "GET"): Row(FRONT, 200),
    ("practice.new_item", "GET"): Row(MANAGER, 200),
    ("practice.add_item", "POST"): Row(MANAGER, 422),
    ("practice.item", "GET"): Row(FRONT, 404),
    ("practice.change_item", "POST"): Row(MANAGER, 404),
    ("practice.price_item", "POST"): Row(MANAGER, 404),
    ("practice.schedules", "GET"): Row(FRONT, 200),
    ("practice.schedule", "GET"): Row(FRONT, 404),
    ("practice.hours", "GET"): Row(MANAGER, 404),
    ("practice.new_exception", "GET"): Row(EDITORS, 200),
    ("practice.closures", "GET"): Row(FRONT, 200),
    ("practice.new_closure", "GET"): Row(MANAGER, 200),
    ("booking.end_closure", "POST"): Row(MANAGER, 404),
    ("booking.why", "GET"): Row(BOOKERS, 200),
    ("booking.change_hours", "POST"): Row(MANAGER, 404),
    ("booking.add_exception", "POST"): Row(EDITORS, 422),
    ("booking.end_leave", "POST"): Row(EDITORS, 404),
    ("booking.remove_extra_hours", "POST"): Row(EDITORS, 404),
    ("booking.close_location", "POST"): Row(MANAGER, 422),
    ("booking.retire", "POST"): Row(MANAGER, 404),
    ("booking.add_service", "POST"): Row(MANAGER, 422),
    ("booking.save_service", "POST"): Row(MANAGER, 404),
    ("patients.new", "GET"): Row(EDITORS, 200),
    ("patients.register", "POST"): Row(EDITORS, 422),
    ("patients.contact", "GET"): Row(EDITORS, 404),
    ("patients.change_contact", "POST"): Row(EDITORS, 404),
    ("booking.book", "GET"): Row(BOOKERS, 200),
    ("booking.book_it", "POST"): Row(BOOKERS, 422),
    ("booking.plan_series", "POST"): Row(BOOKERS, 422),
    ("booking.book_all", "POST"): Row(BOOKERS, 422),
    ("booking.series", "GET"): Row(DESK, 404),
    ("booking.book_parts", "POST"): Row(BOOKERS, 422),
    ("booking.take_seat", "POST"): Row(BOOKERS, 422),
    ("booking.roster", "GET"): Row(DESK, 404),
    ("booking.move_group", "GET"): Row(FRONT, 404),
    ("booking.move_group_it", "POST"): Row(FRONT, 404),
    ("booking.offer_group", "POST"): Row(FRONT, 404),
    ("booking.cancel_group", "GET"): Row(FRONT, 404),
    ("booking.cancel_group_it", "POST"): Row(FRONT, 404),
    ("booking.change_group", "POST"): Row(FRONT, 404),
    ("booking.walk_in", "GET"): Row(FRONT, 200),
    ("booking.walk_in_now", "POST"): Row(FRONT, 422),
    ("booking.move", "GET"): Row(FRONT, 404),
    ("booking.move_it", "POST"): Row(FRONT, 404),
    ("booking.cancel", "GET"): Row(FRONT, 404),
    ("booking.cancel_it", "POST"): Row(FRONT, 404),
    ("booking.waiting_list", "GET"): Row(FRONT, 200),
    ("booking.waiting_offers", "GET"): Row(FRONT, 303),
    ("booking.accept_offer", "POST"): Row(FRONT, 404),
    ("booking.refuse_offer", "POST"): Row(FRONT, 404),
    ("booking.new_wish", "GET"): Row(FRONT, 404),
    ("booking.add_wish", "POST"): Row(FRONT, 404),
    ("booking.wish", "GET"): Row(FRONT, 404),
    ("booking.change_wish", "POST"): Row(FRONT, 404),
    ("booking.withdraw", "POST"): Row(FRONT, 404),
    ("billing.today", "GET"): Row(TAKERS, 303),
    ("billing.invoice_print", "GET"): Row(TAKERS, 404),
    ("billing.invoice_pdf", "GET"): Row(TAKERS, 404),
    ("billing.receipt_print", "GET"): Row(TAKERS, 404),
    ("billing.receipt_pdf", "GET"): Row(TAKERS, 404),
    ("billing.statement_print", "GET"): Row(TAKERS, 404),
    ("billing.statement_pdf", "GET"): Row(TAKERS, 404),
    ("billing.day_report", "GET"): Row(TAKERS, 404),
    ("billing.day_report_pdf", "GET"): Row(TAKERS, 404),
    ("billing.day", "GET"): Row(TAKERS, 200),
    ("billing.count", "POST"): Row(TAKERS, 200),
    ("billing.close", "POST"): Row(TAKERS, 404),
    ("billing.reopen", "POST"): Row(MANAGER, 404),
    ("billing.new_drawer", "POST"): Row(TAKERS, 422),
    ("billing.start_drawer", "POST"): Row(TAKERS, 404),
    ("billing.bill_day", "POST"): Row(TAKERS, 404),
    ("billing.worklists", "GET"): Row(TAKERS, 200),
    ("billing.invoice", "GET"): Row(TAKERS, 404),
    ("billing.of_visit", "GET"): Row(TAKERS, 404),
    ("billing.bill", "POST"): Row(TAKERS, 404),
    ("billing.save", "POST"): Row(TAKERS, 404),
    ("billing.issue_it", "POST"): Row(TAKERS, 404),
    ("billing.no_charge", "POST"): Row(TAKERS, 404),
    ("billing.charge", "POST"): Row(TAKERS, 404),
    ("billing.take", "POST"): Row(TAKERS, 404),
    ("billing.use_credit", "POST"): Row(TAKERS, 404),
    ("billing.credit_note", "GET"): Row(GIVERS, 404),
    ("billing.credit_it", "POST"): Row(GIVERS, 404),
    ("billing.ask_write_off", "GET"): Row(GIVERS, 404),
    ("billing.write_it_off", "POST"): Row(GIVERS, 404),
    ("billing.ask_take_back", "GET"): Row(GIVERS, 404),
    ("billing.take_it_back", "POST"): Row(GIVERS, 404),
    ("billing.payment", "GET"): Row(TAKERS, 404),
    ("billing.refund_it", "POST"): Row(GIVERS, 404),
    ("billing.attempt", "GET"): Row(TAKERS, 404),
    ("billing.again", "POST"): Row(TAKERS, 404),
    ("billing.end", "POST"): Row(TAKERS, 404),
    ("billing.look", "POST"): Row(TAKERS, 404),
    ("billing.book_paid", "POST"): Row(BOOKERS, 422),
    ("billing.book_in_hand", "POST"): Row(BOOKERS, 422),
    ("billing.book_unpaid", "POST"): Row(BOOKERS, 422),
    ("billing.held", "GET"): Row(BOOKERS, 404),
    ("billing.pay_held", "POST"): Row(BOOKERS, 404),
    ("billing.pay_held_in_hand", "POST"): Row(BOOKERS, 404),
    ("billing.cancel_paid", "POST"): Row(FRONT, 404),
    ("desk.waiting_beside", "GET"): Row(FRONT, 303),
    ("desk.today", "GET"): Row(DESK, 200),
    ("desk.board", "GET"): Row(DESK, 200),
    ("desk.visit", "GET"): Row(DESK, 404),
    ("desk.confirm", "POST"): Row(FRONT, 404),
    ("desk.check_in", "POST"): Row(FRONT, 404),
    ("desk.start", "POST"): Row(FRONT, 404),
    ("desk.finish", "POST"): Row(FRONT, 404),
    ("desk.no_show", "POST"): Row(FRONT, 404),
    ("desk.note_checks", "POST"): Row(FRONT, 404),
    ("desk.undo", "POST"): Row(FRONT, 404),
    ("desk.search_page", "GET"): Row(DESK, 200),
    ("desk.search", "POST"): Row(DESK, 200),
    ("desk.patients", "GET"): Row(DESK, 200),
    ("desk.record", "GET"): Row(DESK, 404),
    ("desk.death", "GET"): Row(EDITORS, 404),
    ("desk.record_it", "POST"): Row(EDITORS, 404),
    ("desk.take_it_back", "POST"): Row(EDITORS, 404),
    ("desk.choose", "GET"): Row(MANAGER, 404),
    ("desk.compare", "GET"): Row(MANAGER, 404),
    ("desk.merge", "POST"): Row(MANAGER, 404),
    ("desk.merged", "GET"): Row(MANAGER, 404),
    ("desk.part", "POST"): Row(MANAGER, 404),
    ("desk.sheets_today", "GET"): Row(FRONT, 303),
    ("desk.day_sheets", "GET"): Row(FRONT, 200),
    ("desk.day_sheets_pdf", "GET"): Row(FRONT, 404),
    ("desk.my_day", "GET"): Row(CLINICIAN, 200),
    ("desk.my_calendar", "GET"): Row(CLINICIAN, 404),
    ("desk.make_my_calendar", "POST"): Row(CLINICIAN, 404),
    ("desk.revoke_my_calendar", "POST"): Row(CLINICIAN, 404),
    ("desk.figures", "GET"): Row(MANAGER, 200),
    ("desk.export_figures", "POST"): Row(MANAGER, 422),
    ("desk.money", "GET"): Row(MANAGER, 200),
    ("desk.export_money", "POST"): Row(MANAGER, 422),
    **money_rows(TAKERS, PATIENT, FRONT, Row),
    ("portal.home", "GET"): Row(PATIENT, 200),
    **{door: Row(*row) for door, row in access_people.ROWS.items()},
    **message_rows(DESK, EDITORS, MANAGER, PATIENT, Row),
    **dict.fromkeys(OWN_DOORS, Row(PATIENT, 404)),
    ("ops.accounts", "GET"): Row(MANAGER, 200),
    ("ops.invitation", "GET"): Row(MANAGER, 200),
    ("ops.invite", "POST"): Row(MANAGER, 422),
    ("ops.account", "GET"): Row(MANAGER, 404),
    ("ops.change_roles", "POST"): Row(MANAGER, 404),
    ("ops.disable", "POST"): Row(MANAGER, 404),
    ("ops.enable", "POST"): Row(MANAGER, 404),
    ("ops.end_sessions", "POST"): Row(MANAGER, 404),
    ("ops.reset_second_factor", "POST"): Row(MANAGER, 404),
    ("ops.invite_again", "POST"): Row(MANAGER, 404),
    ("ops.activity_of_day", "GET"): Row(MANAGER | AUDITOR, 200),
    ("ops.activity_of_patient", "GET"): Row(MANAGER | AUDITOR, 404),
    ("ops.activity_of_person", "GET"): Row(MANAGER | AUDITOR, 404),
    ("ops.find_activity", "POST"): Row(MANAGER | AUDITOR, 422),
    ("ops.export_activity", "POST"): Row(AUDITOR, 422),
    ("ops.audit_chain", "GET"): Row(MANAGER | AUDITOR, 200),
    ("ops.check_chain", "POST"): Row(MANAGER | AUDITOR, 303),
    ("ops.roles", "GET"): Row(EVERYBODY - PATIENT, 200),
    ("ops.jobs", "GET"): Row(MANAGER | AUDITOR, 200),
    ("ops.retry", "POST"): Row(MANAGER, 404),
    ("ops.styleguide", "GET"): Row(EVERYBODY, 200),
}


def doors(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address(app: Flask, rule: Rule) -> str:
    """The route with ids that belong to nobody and a day in the past."""
    samples = {"UUIDConverter": NOBODYS_ID, "IntegerConverter": 4711, "DayConverter": date(2020, 2, 29)}
    kinds = {name: type(converter).__name__ for name, converter in rule._converters.items()}
    values: dict[str, Any] = {name: samples.get(kind, "x") for name, kind in kinds.items()}
    with app.test_request_context():
        return app.url_for(rule.endpoint, **values)
