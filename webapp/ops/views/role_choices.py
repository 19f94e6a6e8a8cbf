"""The choice of roles on the managers' pages: what is offered, what is ticked, and where each role holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import request
from flask_babel import lazy_gettext as _l

from webapp.identity.permissions import LIMITED_BY_LOCATION, StaffRole
from webapp.identity.words import ROLE_NAMES, role_in_words
from webapp.ops.forms import EVERYWHERE, SOME, STAFF_ROLES, Offered
from webapp.practice import queries as practice

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.identity.queries import StaffAccount
    from webapp.practice.models import Location


@dataclass(frozen=True, slots=True)
class Ticked:
    """What is chosen, in the words of the form: roles, those that hold at some locations only, and these."""

    roles: frozenset[str] = frozenset()
    limited: frozenset[str] = frozenset()
    sites: Mapping[str, frozenset[str]] = field(default_factory=dict)


def ticked_by_form() -> Ticked:
    """What was sent, to be shown again as it was."""
    names = [role.value for role in LIMITED_BY_LOCATION]
    return Ticked(
        frozenset(request.form.getlist("role")),
        frozenset(name for name in names if request.form.get(f"reach-{name}") == SOME),
        {name: frozenset(request.form.getlist(f"site-{name}")) for name in names},
    )


def ticked_by_account(person: StaffAccount) -> Ticked:
    """What somebody's account has."""
    sites = {role.value: frozenset(map(str, sites)) for role, sites in person.sites.items()}
    return Ticked(frozenset(role.value for role in person.roles), frozenset(sites), sites)


def context(ticked: Ticked, provider: str) -> dict[str, Any]:
    """What the fields for roles show; where a role holds is asked in a clinic with a choice of locations."""
    locations = practice.locations()
    asks = len(locations) > 1 or bool(ticked.limited)
    return {
        "roles": [
            _choice(role, ticked, locations if asks and role in LIMITED_BY_LOCATION else ()) for role in STAFF_ROLES
        ],
        "provider": provider,
        "providers": [("", str(_l("Nobody: no column of their own")))]
        + [(str(each.id), each.name) for each in practice.providers()],
    }


def _choice(role: StaffRole, ticked: Ticked, locations: list[Location] | tuple[()]) -> dict[str, Any]:
    sites = ticked.sites.get(role.value, frozenset())
    return {
        "value": role.value,
        "label": ROLE_NAMES[role],
        "checked": role.value in ticked.roles,
        "reach": SOME if role.value in ticked.limited else EVERYWHERE,
        "sites": [{"value": str(site.id), "label": site.name, "checked": str(site.id) in sites} for site in locations],
    }


def offered() -> Offered:
    """What a form may name."""
    return Offered(
        frozenset(provider.id for provider in practice.providers()),
        frozenset(location.id for location in practice.locations()),
    )


def in_words(person: StaffAccount, names: Mapping[UUID, str]) -> list[str]:
    """Somebody's roles with where they hold, in the order in which roles are always named."""
    return [role_in_words(role, person.sites.get(role), names) for role in StaffRole if role in person.roles]
