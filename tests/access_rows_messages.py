"""Rows of the access matrix about messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.access_rows import Row

Roles = frozenset[StaffRole]
STAFF = frozenset(StaffRole) - {StaffRole.PATIENT}


def message_rows(
    desk: Roles, editors: Roles, manager: Roles, patient: Roles, row: Callable[[Roles, int], Row]
) -> dict[tuple[str, str], Row]:
    """Who reads what was said, who says how it is to be said, and who sees what would be."""
    return {
        ("portal.notices", "GET"): row(patient, 200),
        ("portal.read_notices", "POST"): row(patient, 303),
        ("portal.preferences", "GET"): row(patient, 404),
        ("portal.change_how_told", "POST"): row(patient, 404),
        ("notify.person", "GET"): row(desk, 404),
        ("notify.undelivered", "GET"): row(desk, 200),
        ("notify.change_person", "POST"): row(editors, 404),
        ("notify.usual_reminders", "GET"): row(manager, 200),
        ("notify.save_usual_reminders", "POST"): row(manager, 303),
        ("notify.reminders_of", "GET"): row(manager, 404),
        ("notify.save_reminders_of", "POST"): row(manager, 404),
        ("notify.switch_reminders", "POST"): row(manager, 400),
        ("notify.samples", "GET"): row(manager, 200),
        ("notify.sample_letter", "GET"): row(manager, 404),
        ("notify.staff_notices", "GET"): row(STAFF, 200),
        ("notify.bell", "GET"): row(STAFF, 303),
        ("mailbox.items", "GET"): row(manager, 200),
        ("mailbox.letter", "GET"): row(manager, 404),
    }
