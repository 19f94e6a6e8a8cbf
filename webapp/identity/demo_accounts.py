"""The seven people who can sign in to a demo clinic, one for each role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from webapp.db import Role, Scope, transactional
from webapp.identity.actions import AccountRequest, ensure_account, link_sub
from webapp.identity.permissions import StaffRole
from webapp.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.identity.gateways.cognito import SignInService

DOMAIN = "anteroom.example"
# Printed by `make run` and shown on the local sign-in page: a password of a clinic that does not exist.
PASSWORD = "Anteroom-demo-1"  # noqa: S105

NAMES: dict[StaffRole, str] = {
    StaffRole.RECEPTIONIST: "Dana Whitfield",
    StaffRole.CLINICIAN: "Dr. Noor Haddad",
    StaffRole.BILLER: "Marcus Boone",
    StaffRole.COORDINATOR: "Ingrid Solberg",
    StaffRole.MANAGER: "Teresa Quan",
    StaffRole.AUDITOR: "Owen Farrell",
    StaffRole.PATIENT: "Demo Patient",
}


@dataclass(frozen=True, slots=True)
class DemoLinks:
    """Whom the demo clinician and the demo patient are; what is not given keeps its present link and name."""

    provider_id: UUID | None = None
    provider_name: str = ""
    patient_id: UUID | None = None
    patient_name: str = ""


def demo_email(role: StaffRole) -> str:
    return f"{role.value}@{DOMAIN}"


def ensure_demo_accounts(
    service: SignInService, at: datetime, *, request: str, links: DemoLinks | None = None
) -> list[UUID]:
    """Make all seven accounts here and in the user pool, or mend what is missing; as often as you like.

    After the local emulator lost its people they get new ones with the same password, and the accounts are linked to
    those.  The pool is asked between two transactions.  Raises SignInUnavailable; returns the accounts' ids.
    """
    links = links or DemoLinks()
    scope = Scope(role=Role.IDENTITY, actor=None, at=at, request=request)
    with transactional(scope) as session:
        accounts = {role: ensure_account(session, _request(role, links), at) for role in StaffRole}
    subjects = {
        account_id: service.ensure(str(account_id), demo_email(role), PASSWORD) for role, account_id in accounts.items()
    }
    with transactional(scope) as session:
        for account_id, subject in subjects.items():
            link_sub(session, account_id, subject)
    return list(accounts.values())


def _request(role: StaffRole, links: DemoLinks) -> AccountRequest:
    clinician, patient = role is StaffRole.CLINICIAN, role is StaffRole.PATIENT
    name = (links.provider_name if clinician else links.patient_name if patient else "") or NAMES[role]
    return AccountRequest(
        account_id=new_id(),
        email=demo_email(role),
        display_name=name,
        roles=frozenset({role}),
        provider_id=links.provider_id if clinician else None,
        patient_id=links.patient_id if patient else None,
    )
