"""Rows of the access matrix for who may act for whom: door -> who may come in, and what they get."""

from __future__ import annotations

from webapp.identity.permissions import StaffRole

PATIENT = frozenset({StaffRole.PATIENT})
MANAGER = frozenset({StaffRole.MANAGER})
INVITERS = MANAGER | {StaffRole.RECEPTIONIST}

OPEN_TO_ALL: dict[tuple[str, str], int] = {
    ("portal.sign_up", "GET"): 200,
    ("portal.sign_up", "POST"): 422,
    ("portal.sign_up_account", "GET"): 422,
    ("portal.sign_up_account", "POST"): 422,
    ("portal.sign_up_confirm", "GET"): 422,
    ("portal.sign_up_confirm", "POST"): 422,
    ("portal.register", "GET"): 200,
    ("portal.register", "POST"): 422,
}
# About a patient for whom these visitors do not act, or whom nobody knows.
OF_A_PATIENT: dict[tuple[str, str], frozenset[StaffRole]] = {
    ("desk.portal_access", "GET"): INVITERS,
    ("desk.invite_to_portal", "POST"): INVITERS,
    ("desk.portal_code", "GET"): INVITERS,
    ("desk.withdraw_code", "POST"): INVITERS,
    ("desk.end_portal_access", "POST"): INVITERS,
    ("desk.forget_app", "POST"): INVITERS,
    ("desk.registration", "GET"): INVITERS,
    ("desk.match_registration", "POST"): INVITERS,
    ("desk.refuse_registration", "POST"): INVITERS,
    ("portal.family", "GET"): PATIENT,
    ("portal.new_helper", "GET"): PATIENT,
    ("portal.invite_helper", "POST"): PATIENT,
    ("portal.helper_code", "GET"): PATIENT,
    ("portal.withdraw_helper", "POST"): PATIENT,
    ("portal.end_helper", "POST"): PATIENT,
    ("portal.profile", "GET"): PATIENT,
    ("portal.save_profile", "POST"): PATIENT,
    ("portal.looks", "GET"): PATIENT,
    ("portal.download", "GET"): PATIENT,
    ("portal.download_copy", "POST"): PATIENT,
}
ROWS: dict[tuple[str, str], tuple[frozenset[StaffRole], int]] = {
    **{door: (roles, 404) for door, roles in OF_A_PATIENT.items()},
    ("desk.registrations", "GET"): (INVITERS, 200),
    ("desk.portal_rules", "GET"): (MANAGER, 200),
    ("desk.save_portal_rules", "POST"): (MANAGER, 400),
    ("portal.enter_code", "GET"): (PATIENT, 200),
    ("portal.take_code", "POST"): (PATIENT, 422),
    ("identity.own_app", "GET"): (PATIENT, 200),
    ("identity.set_up_app", "POST"): (PATIENT, 422),
    ("identity.take_app_off", "POST"): (PATIENT, 303),
}
