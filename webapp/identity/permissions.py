"""What each role may do: one table, read by every door and shown to managers as it is enforced."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class StaffRole(StrEnum):
    """What a person is to the clinic; the values stand in `account_role.role`."""

    RECEPTIONIST = "receptionist"
    CLINICIAN = "clinician"
    BILLER = "biller"
    COORDINATOR = "coordinator"
    MANAGER = "manager"
    AUDITOR = "auditor"
    PATIENT = "patient"


class Purpose(StrEnum):
    """What somebody may act for a patient in; the first three stand in `account_patient.purposes`."""

    VISITS = "visits"
    MONEY = "money"
    RECORDS = "records"
    PROFILE = "profile"
    FAMILY = "family"


class Relation(StrEnum):
    """Who somebody is to a patient; the values stand in `account_patient.relation`."""

    SELF = "self"
    PARENT = "parent"
    GUARDIAN = "guardian"
    CARER = "carer"


class Permission(StrEnum):
    """One thing a route can ask for; every route behind a session names exactly one."""

    HOME_VIEW = "home.view"
    STAFF_HOME_VIEW = "staff_home.view"
    OWN_VISITS_VIEW = "own_visits.view"
    OWN_VISITS_BOOK = "own_visits.book"
    OWN_MONEY = "own_money"
    OWN_RECORD_VIEW = "own_record.view"
    OWN_RECORD_EXPORT = "own_record.export"
    OWN_PROFILE = "own_profile"
    OWN_PROXIES = "own_proxies"
    OWN_PREFERENCES = "own_preferences"
    BOARD_VIEW = "board.view"
    PATIENT_SEARCH = "patient.search"
    PATIENT_VIEW = "patient.view"
    PATIENT_EDIT = "patient.edit"
    CLINICAL_VIEW = "clinical.view"
    VISIT_BOOK = "visit.book"
    VISIT_MOVE = "visit.move"
    VISIT_CANCEL = "visit.cancel"
    VISIT_CONFIRM = "visit.confirm"
    VISIT_CHECK_IN = "visit.check_in"
    VISIT_START = "visit.start"
    VISIT_FINISH = "visit.finish"
    VISIT_NO_SHOW = "visit.no_show"
    VISIT_OVERBOOK = "visit.overbook"
    WAITING_LIST_EDIT = "waiting_list.edit"
    EXCEPTIONS_EDIT = "exceptions.edit"
    DAY_SHEET_PRINT = "day_sheet.print"
    FIGURES_VIEW = "figures.view"
    PATIENT_MERGE = "patient.merge"
    BILLING_VIEW = "billing.view"
    INVOICE_EDIT = "invoice.edit"
    INVOICE_ISSUE = "invoice.issue"
    PAYMENT_TAKE = "payment.take"
    CREDIT_NOTE = "credit_note.issue"
    REFUND = "payment.refund"
    WRITE_OFF = "invoice.write_off"
    FEE_WAIVE = "fee.waive"
    DAY_CLOSE = "day.close"
    DAY_REOPEN = "day.reopen"
    PRICES_EDIT = "prices.edit"
    TRIALS_VIEW = "trials.view"
    SETTINGS_VIEW = "settings.view"
    SETTINGS_EDIT = "settings.edit"
    ACCOUNTS_MANAGE = "accounts.manage"
    PORTAL_INVITE = "portal.invite"
    ACTIVITY_VIEW = "activity.view"
    ACTIVITY_EXPORT = "activity.export"
    JOBS_VIEW = "jobs.view"
    JOBS_RETRY = "jobs.retry"


_STAFF = frozenset({Permission.HOME_VIEW, Permission.STAFF_HOME_VIEW})
_LOOK_AT_THE_DAY = frozenset({Permission.BOARD_VIEW, Permission.PATIENT_SEARCH, Permission.PATIENT_VIEW})
_PLAN_VISITS = frozenset(
    {Permission.VISIT_BOOK, Permission.VISIT_MOVE, Permission.VISIT_CANCEL, Permission.VISIT_CONFIRM}
)
_RUN_VISITS = frozenset(
    {Permission.VISIT_CHECK_IN, Permission.VISIT_START, Permission.VISIT_FINISH, Permission.VISIT_NO_SHOW}
)
_FRONT = (
    _STAFF
    | _LOOK_AT_THE_DAY
    | _PLAN_VISITS
    | _RUN_VISITS
    | frozenset({Permission.WAITING_LIST_EDIT, Permission.DAY_SHEET_PRINT})
)

_TAKE_MONEY = frozenset(
    {
        Permission.BILLING_VIEW,
        Permission.INVOICE_EDIT,
        Permission.INVOICE_ISSUE,
        Permission.PAYMENT_TAKE,
        Permission.DAY_CLOSE,
    }
)
_GIVE_UP_MONEY = frozenset({Permission.CREDIT_NOTE, Permission.REFUND, Permission.WRITE_OFF, Permission.FEE_WAIVE})

# What happens at a location, and so no further than a role that holds at some of them reaches.
AT_A_LOCATION = (
    _PLAN_VISITS
    | _RUN_VISITS
    | (_TAKE_MONEY - {Permission.BILLING_VIEW})
    | _GIVE_UP_MONEY
    | {Permission.VISIT_OVERBOOK}
)

# What each permission of a patient is about: a grant that lacks the purpose lacks the permission, for that patient.
PURPOSES: dict[Permission, Purpose] = {
    Permission.OWN_VISITS_VIEW: Purpose.VISITS,
    Permission.OWN_VISITS_BOOK: Purpose.VISITS,
    Permission.OWN_PREFERENCES: Purpose.VISITS,
    Permission.OWN_MONEY: Purpose.MONEY,
    Permission.OWN_RECORD_VIEW: Purpose.RECORDS,
    Permission.OWN_RECORD_EXPORT: Purpose.RECORDS,
    Permission.OWN_PROFILE: Purpose.PROFILE,
    Permission.OWN_PROXIES: Purpose.FAMILY,
}
# What a person can give a helper; the rest goes with who somebody is.
GRANTABLE = (Purpose.VISITS, Purpose.MONEY, Purpose.RECORDS)
BY_RELATION: dict[Relation, frozenset[Purpose]] = {
    Relation.SELF: frozenset(Purpose),
    Relation.PARENT: frozenset({Purpose.PROFILE}),
    Relation.GUARDIAN: frozenset({Purpose.PROFILE}),
    Relation.CARER: frozenset(),
}

# Nobody holds the sum of all roles: a manager sees no clinical field, an auditor no record, only who looked at it.
ROLE_PERMISSIONS: dict[StaffRole, frozenset[Permission]] = {
    StaffRole.RECEPTIONIST: _FRONT
    | _TAKE_MONEY
    | {
        Permission.PATIENT_EDIT,
        Permission.EXCEPTIONS_EDIT,
        Permission.SETTINGS_VIEW,
        Permission.PORTAL_INVITE,
    },
    StaffRole.CLINICIAN: _FRONT | {Permission.CLINICAL_VIEW, Permission.VISIT_OVERBOOK, Permission.SETTINGS_VIEW},
    StaffRole.BILLER: _STAFF | _LOOK_AT_THE_DAY | _TAKE_MONEY | _GIVE_UP_MONEY,
    StaffRole.COORDINATOR: _STAFF | _LOOK_AT_THE_DAY | {Permission.TRIALS_VIEW, Permission.VISIT_BOOK},
    StaffRole.MANAGER: _FRONT
    | _TAKE_MONEY
    | _GIVE_UP_MONEY
    | {
        Permission.PATIENT_EDIT,
        Permission.PATIENT_MERGE,
        Permission.VISIT_OVERBOOK,
        Permission.EXCEPTIONS_EDIT,
        Permission.FIGURES_VIEW,
        Permission.DAY_REOPEN,
        Permission.PRICES_EDIT,
        Permission.SETTINGS_VIEW,
        Permission.SETTINGS_EDIT,
        Permission.ACCOUNTS_MANAGE,
        Permission.PORTAL_INVITE,
        Permission.ACTIVITY_VIEW,
        Permission.JOBS_VIEW,
        Permission.JOBS_RETRY,
    },
    StaffRole.AUDITOR: _STAFF | {Permission.ACTIVITY_VIEW, Permission.ACTIVITY_EXPORT, Permission.JOBS_VIEW},
    StaffRole.PATIENT: frozenset({Permission.HOME_VIEW, *PURPOSES}),
}


# Roles that can hold at some locations only; `account_role_everywhere` lets no other.
LIMITABLE = frozenset({StaffRole.RECEPTIONIST, StaffRole.CLINICIAN, StaffRole.BILLER, StaffRole.COORDINATOR})
# Of these, the ones that do anything at a location: for the others a limit would say what nothing enforces.
LIMITED_BY_LOCATION = tuple(role for role in StaffRole if role in LIMITABLE and ROLE_PERMISSIONS[role] & AT_A_LOCATION)


def permissions_of(roles: Iterable[StaffRole]) -> frozenset[Permission]:
    """Everything any of the roles may do; no role, no permission."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))
