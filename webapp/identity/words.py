"""Roles and permissions in the words of the clinic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.lists import format_list
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.identity.permissions import Permission, Purpose, Relation, StaffRole

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from uuid import UUID

    from flask_babel import LazyString

ROLE_NAMES: dict[StaffRole, LazyString] = {
    StaffRole.RECEPTIONIST: _l("Receptionist"),
    StaffRole.CLINICIAN: _l("Clinician"),
    StaffRole.BILLER: _l("Biller"),
    StaffRole.COORDINATOR: _l("Trial coordinator"),
    StaffRole.MANAGER: _l("Manager"),
    StaffRole.AUDITOR: _l("Auditor"),
    StaffRole.PATIENT: _l("Patient"),
}


def role_in_words(role: StaffRole, sites: Collection[UUID] | None, names: Mapping[UUID, str]) -> str:
    """A role with the locations it holds at (None: everywhere): "Receptionist at Bath and Wells"."""
    if sites is None:
        return str(ROLE_NAMES[role])
    if not sites:
        return _("%(role)s, at no location", role=ROLE_NAMES[role])
    places = format_list(sorted(names.get(site, "") for site in sites), locale=str(get_locale() or "en"))
    return _("%(role)s at %(places)s", role=ROLE_NAMES[role], places=places)


RELATION_NAMES: dict[Relation, LazyString] = {
    Relation.SELF: _l("The patient"),
    Relation.PARENT: _l("Parent"),
    Relation.GUARDIAN: _l("Guardian"),
    Relation.CARER: _l("Carer"),
}

PURPOSE_NAMES: dict[Purpose, LazyString] = {
    Purpose.VISITS: _l("See, book and change visits"),
    Purpose.MONEY: _l("See and pay invoices"),
    Purpose.RECORDS: _l("See records, and who looked at them"),
}

PERMISSION_NAMES: dict[Permission, LazyString] = {
    Permission.HOME_VIEW: _l("Sign in"),
    Permission.STAFF_HOME_VIEW: _l("See your start page"),
    Permission.OWN_VISITS_VIEW: _l("See your own visits"),
    Permission.OWN_VISITS_BOOK: _l("Book your own visits"),
    Permission.OWN_MONEY: _l("See and pay your own invoices"),
    Permission.OWN_RECORD_VIEW: _l("See your own record and who looked at it"),
    Permission.OWN_RECORD_EXPORT: _l("Download your own record"),
    Permission.OWN_PROFILE: _l("Change your own phone and address"),
    Permission.OWN_PROXIES: _l("Let others act for you"),
    Permission.OWN_PREFERENCES: _l("Choose how the clinic writes to you"),
    Permission.BOARD_VIEW: _l("See the day board"),
    Permission.PATIENT_SEARCH: _l("Find patients"),
    Permission.PATIENT_VIEW: _l("See a patient's desk record"),
    Permission.PATIENT_EDIT: _l("Add and correct patients"),
    Permission.CLINICAL_VIEW: _l("See clinical fields"),
    Permission.VISIT_BOOK: _l("Book visits"),
    Permission.VISIT_MOVE: _l("Move visits"),
    Permission.VISIT_CANCEL: _l("Cancel visits"),
    Permission.VISIT_CONFIRM: _l("Confirm visits"),
    Permission.VISIT_CHECK_IN: _l("Check patients in"),
    Permission.VISIT_START: _l("Start visits"),
    Permission.VISIT_FINISH: _l("Finish visits"),
    Permission.VISIT_NO_SHOW: _l("Mark visits as did not attend"),
    Permission.VISIT_OVERBOOK: _l("Book over what is booked, with a reason"),
    Permission.WAITING_LIST_EDIT: _l("Keep the waiting list"),
    Permission.EXCEPTIONS_EDIT: _l("Enter leave, sick days and extra hours"),
    Permission.DAY_SHEET_PRINT: _l("Print the day"),
    Permission.FIGURES_VIEW: _l("See the clinic's figures"),
    Permission.PATIENT_MERGE: _l("Merge two records of one person"),
    Permission.BILLING_VIEW: _l("See invoices and payments"),
    Permission.INVOICE_EDIT: _l("Change invoices that are not issued"),
    Permission.INVOICE_ISSUE: _l("Issue invoices"),
    Permission.PAYMENT_TAKE: _l("Take payments"),
    Permission.CREDIT_NOTE: _l("Take back what was charged"),
    Permission.REFUND: _l("Give money back"),
    Permission.WRITE_OFF: _l("Write off what is owed"),
    Permission.FEE_WAIVE: _l("Waive fees"),
    Permission.DAY_CLOSE: _l("Count the drawers and close the day"),
    Permission.DAY_REOPEN: _l("Open a signed day again"),
    Permission.PRICES_EDIT: _l("Change prices"),
    Permission.TRIALS_VIEW: _l("See trials"),
    Permission.SETTINGS_VIEW: _l("See the clinic's settings"),
    Permission.SETTINGS_EDIT: _l("Change the clinic's settings"),
    Permission.ACCOUNTS_MANAGE: _l("Manage accounts"),
    Permission.PORTAL_INVITE: _l("Invite patients to the portal, and say who may act for them"),
    Permission.ACTIVITY_VIEW: _l("See who looked at what"),
    Permission.ACTIVITY_EXPORT: _l("Export who looked at what"),
    Permission.JOBS_VIEW: _l("See failed jobs"),
    Permission.JOBS_RETRY: _l("Retry failed jobs"),
}

ACTION_NAMES: dict[str, LazyString] = {
    "opened": _l("Opened a patient's record"),
    "changed": _l("Changed a patient's record"),
    "exported": _l("Exported a patient's record"),
    "listed": _l("Listed patients"),
    "reviewed": _l("Looked at who looked at what"),
    "refused": _l("Was refused"),
    "signed_up": _l("Made a portal account"),
    "signed_in": _l("Signed in"),
    "signed_out": _l("Signed out"),
    "sign_in_failed": _l("Failed to sign in"),
    "password_forgotten": _l("Asked for a code for a forgotten password"),
    "locked_out": _l("Has to wait after failed attempts"),
    "second_factor_set": _l("Set up an authenticator app"),
    "second_factor_reset": _l("Lost the authenticator app by a reset"),
    "recovery_code_used": _l("Signed in with a recovery code"),
    "password_changed": _l("Changed the password"),
}

DETAIL_NAMES: dict[str, LazyString] = {
    "password": _l("Password"),
    "new_password": _l("New password after a temporary one"),
    "code": _l("Code of the authenticator app"),
    "enroll": _l("First code of an authenticator app"),
    "recover": _l("Recovery code"),
    "forgot": _l("Code by mail"),
    "reset": _l("Code from the mail"),
    "invitation": _l("Code of an invitation"),
    "confirm": _l("Code that proves an email address"),
    "looks": _l("Who looked at the record"),
    "profile": _l("Phone and address"),
    "whole_record": _l("Everything the clinic holds about the person"),
    "portal_access": _l("Who may act for the person"),
    "registrations": _l("Registrations to match"),
    "forgotten": _l("With a code from the mail"),
    "day_sheet": _l("Day sheet"),
    "day_sheets": _l("Day sheets, the copy of every hour"),
    "figures.utilization": _l("Figures: how full the schedule was"),
    "figures.locations": _l("Figures: location by location"),
    "figures.waiting": _l("Figures: wait from check-in to room"),
    "figures.no_shows": _l("Figures: no-shows"),
    "figures.lead_time": _l("Figures: how far ahead visits are booked"),
    "figures.cancellations": _l("Figures: cancellations"),
    "account.lost": _l("The phone is lost"),
    "account.replaced": _l("The phone was replaced"),
    "account.misuse": _l("Somebody else may have it"),
}


def purposes_in_words(relation: Relation, purposes: Collection[Purpose]) -> list[str]:
    """What somebody may do for a patient, one phrase for each purpose; the patient themselves everything."""
    if relation is Relation.SELF:
        return [str(_("Everything"))]
    return [str(name) for purpose, name in PURPOSE_NAMES.items() if purpose in purposes]
