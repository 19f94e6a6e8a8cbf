"""What the managers' pages send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from webapp.errors import FormInvalid
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

LONGEST_NAME = 100
LONGEST_EMAIL = 254
STAFF_ROLES = tuple(role for role in StaffRole if role is not StaffRole.PATIENT)


@dataclass(frozen=True, slots=True)
class InvitationForm:
    """Who is invited, and to do what."""

    display_name: str
    email: str
    roles: frozenset[StaffRole]
    provider_id: UUID | None


@dataclass(frozen=True, slots=True)
class RolesForm:
    """The roles that were ticked, and those the page showed when it was opened."""

    roles: frozenset[StaffRole]
    seen: frozenset[StaffRole]
    provider_id: UUID | None


def read_invitation(form: MultiDict[str, str], providers: frozenset[UUID]) -> InvitationForm:
    """The invitation; raises FormInvalid with everything that is wrong with it."""
    errors: dict[str, list[str]] = {}
    name = " ".join(form.get("display_name", "").split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        errors["display_name"] = [_("Enter the person's name, at most 100 characters")]
    email = form.get("email", "").strip().lower()
    local, at, host = email.rpartition("@")
    if not (local and at and host) or len(email) > LONGEST_EMAIL or not email.isascii() or not _plain(email):
        errors["email"] = [_("Enter an email address with an @, like name@example.com")]
    roles = _roles(form, errors)
    provider = _provider(form, providers, errors)
    if errors:
        raise FormInvalid(errors)
    return InvitationForm(name, email, roles, provider)


def read_roles(form: MultiDict[str, str], providers: frozenset[UUID]) -> RolesForm:
    """The roles an account shall have; raises FormInvalid."""
    errors: dict[str, list[str]] = {}
    roles = _roles(form, errors)
    provider = _provider(form, providers, errors)
    known = {role.value for role in STAFF_ROLES}
    seen = frozenset(StaffRole(name) for name in form.get("seen", "").split() if name in known)
    if errors:
        raise FormInvalid(errors)
    return RolesForm(roles, seen, provider)


def _roles(form: MultiDict[str, str], errors: dict[str, list[str]]) -> frozenset[StaffRole]:
    known = {role.value: role for role in STAFF_ROLES}
    chosen = frozenset(known[name] for name in form.getlist("role") if name in known)
    if not chosen:
        errors["role"] = [_("Choose at least one role. To keep somebody out, disable the account.")]
    return chosen


def _provider(form: MultiDict[str, str], providers: frozenset[UUID], errors: dict[str, list[str]]) -> UUID | None:
    text = form.get("provider", "")
    if not text:
        return None
    chosen = next((provider for provider in providers if str(provider) == text), None)
    if chosen is None:
        errors["provider"] = [_("Choose somebody from the list")]
    return chosen


def _plain(text: str) -> bool:
    return text.isprintable() and " " not in text
