"""What the managers' pages send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from webapp.errors import FormInvalid
from webapp.identity.permissions import LIMITED_BY_LOCATION, StaffRole
from webapp.identity.words import ROLE_NAMES

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

LONGEST_NAME = 100
LONGEST_EMAIL = 254
STAFF_ROLES = tuple(role for role in StaffRole if role is not StaffRole.PATIENT)
EVERYWHERE, SOME = "everywhere", "some"

Sites = Mapping[StaffRole, frozenset[UUID]]
"""The locations of the roles that hold at some only."""


@dataclass(frozen=True, slots=True)
class InvitationForm:
    """Who is invited, and to do what."""

    display_name: str
    email: str
    roles: frozenset[StaffRole]
    provider_id: UUID | None
    sites: Sites


@dataclass(frozen=True, slots=True)
class RolesForm:
    """The roles that were ticked, and those the page showed when it was opened, each with where it holds."""

    roles: frozenset[StaffRole]
    seen: frozenset[StaffRole]
    provider_id: UUID | None
    sites: Sites
    seen_sites: Sites


@dataclass(frozen=True, slots=True)
class Offered:
    """What a form about roles lets one choose from: providers and locations in use."""

    providers: frozenset[UUID]
    locations: frozenset[UUID]


def read_invitation(form: MultiDict[str, str], offered: Offered) -> InvitationForm:
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
    sites = _sites(form, roles, offered.locations, errors)
    provider = _provider(form, offered.providers, errors)
    if errors:
        raise FormInvalid(errors)
    return InvitationForm(name, email, roles, provider, sites)


def read_roles(form: MultiDict[str, str], offered: Offered) -> RolesForm:
    """The roles an account shall have; raises FormInvalid."""
    errors: dict[str, list[str]] = {}
    roles = _roles(form, errors)
    sites = _sites(form, roles, offered.locations, errors)
    provider = _provider(form, offered.providers, errors)
    if errors:
        raise FormInvalid(errors)
    seen, seen_sites = _read_seen(form.get("seen", ""))
    return RolesForm(roles, seen, provider, sites, seen_sites)


def write_seen(roles: frozenset[StaffRole], sites: Sites) -> str:
    """What a page shows of somebody's roles, for its form to bring back: `biller receptionist@<id>,<id>`."""
    return " ".join(
        f"{role.value}@{','.join(sorted(map(str, sites[role])))}" if role in sites else role.value
        for role in sorted(roles)
    )


def _read_seen(text: str) -> tuple[frozenset[StaffRole], Sites]:
    """Read it again; what can't be read was shown to nobody, so it differs from what there is."""
    known = {role.value: role for role in STAFF_ROLES}
    seen: set[StaffRole] = set()
    sites: dict[StaffRole, frozenset[UUID]] = {}
    for name, limited, places in (word.partition("@") for word in text.split()):
        if (role := known.get(name)) is not None:
            seen.add(role)
            if limited:
                sites[role] = frozenset(filter(None, map(_uuid, places.split(","))))
    return frozenset(seen), sites


def _sites(
    form: MultiDict[str, str], roles: frozenset[StaffRole], locations: frozenset[UUID], errors: dict[str, list[str]]
) -> Sites:
    """Where each of the roles holds; no word about one is everywhere, which a page that shows less never widens."""
    known = {str(location): location for location in locations}
    sites: dict[StaffRole, frozenset[UUID]] = {}
    for role in LIMITED_BY_LOCATION:
        reach, chosen = form.get(f"reach-{role.value}", EVERYWHERE), form.getlist(f"site-{role.value}")
        if role not in roles or reach == EVERYWHERE:
            continue
        if reach != SOME or not known.keys() >= set(chosen):
            errors[f"site-{role.value}"] = [_("Choose locations from the list")]
        elif not chosen:
            sentence = _("Choose at least one location for %(role)s, or everywhere", role=ROLE_NAMES[role])
            errors[f"site-{role.value}"] = [sentence]
        else:
            sites[role] = frozenset(known[location] for location in chosen)
    return sites


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


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _plain(text: str) -> bool:
    return text.isprintable() and " " not in text
