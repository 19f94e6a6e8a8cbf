"""Who is signed in, as every view sees them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from webapp.identity.permissions import ROLE_PERMISSIONS, Permission, StaffRole, permissions_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Grant:
    """A patient an account may act for, and when that ends (None: not by itself)."""

    patient_id: UUID
    ends_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return self.ends_at is None or at < self.ends_at


@dataclass(frozen=True, slots=True)
class Standing:
    """What PostgreSQL knew about an account when it signed in; copied into the session.

    `sites` names the locations of the roles that hold at some only; a role that is not in it holds everywhere.
    """

    account_id: UUID
    display_name: str
    roles: frozenset[StaffRole]
    grants: tuple[Grant, ...] = ()
    provider_id: UUID | None = None
    sites: Mapping[StaffRole, frozenset[UUID]] = field(default_factory=dict)

    def may(self, permission: Permission) -> bool:
        """Whether any role has the permission, wherever that is."""
        return permission in permissions_of(self.roles)

    def sites_of(self, permission: Permission) -> frozenset[UUID] | None:
        """Where the permission holds: None is everywhere, empty nowhere; of several roles each adds its locations."""
        holding = [role for role in self.roles if permission in ROLE_PERMISSIONS[role]]
        if any(role not in self.sites for role in holding):
            return None
        return frozenset().union(*(self.sites[role] for role in holding))

    def may_at(self, permission: Permission, location_id: UUID) -> bool:
        """Whether the permission holds at a location."""
        sites = self.sites_of(permission)
        return sites is None or location_id in sites


@dataclass(frozen=True)
class Person:
    """A signed-in person at one moment (`at`); answers Flask-Login's questions too.

    `handle` is the cookie's secret and stays out of logs and reprs.  `seen_at` is the last touch, `expires_at` one hour
    after signing in, `idle_ends_at` when they are out if they do nothing more.
    """

    standing: Standing
    handle: str = field(repr=False)
    at: datetime
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    idle_ends_at: datetime

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.handle

    @property
    def account_id(self) -> UUID:
        return self.standing.account_id

    @property
    def display_name(self) -> str:
        return self.standing.display_name

    @property
    def roles(self) -> frozenset[StaffRole]:
        return self.standing.roles

    @property
    def provider_id(self) -> UUID | None:
        return self.standing.provider_id

    @cached_property
    def patients(self) -> tuple[UUID, ...]:
        """The patients this person may act for at this moment: empty means none, never all."""
        return tuple(grant.patient_id for grant in self.standing.grants if grant.holds(self.at))

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.roles)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def sites_of(self, permission: Permission) -> frozenset[UUID] | None:
        return self.standing.sites_of(permission)

    def may_at(self, permission: Permission, location_id: UUID) -> bool:
        return self.standing.may_at(permission, location_id)

    def seen(self, now: datetime) -> Person:
        """The same person, last seen now."""
        return replace(self, seen_at=now, idle_ends_at=now + (self.idle_ends_at - self.seen_at))


class Nobody:
    """A visitor without a session: no id, no role, no permission."""

    is_authenticated = False
    is_active = False
    is_anonymous = True
    account_id = None
    display_name = ""
    provider_id = None
    roles: frozenset[StaffRole] = frozenset()
    permissions: frozenset[Permission] = frozenset()
    patients: tuple[UUID, ...] = ()

    def get_id(self) -> None:
        return None

    def may(self, permission: Permission) -> bool:  # noqa: ARG002  the answer is the same for all
        return False

    def may_at(self, permission: Permission, location_id: UUID) -> bool:  # noqa: ARG002  the answer is the same for all
        return False
