"""Who is signed in, as every view sees them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from webapp.identity.permissions import PURPOSES, ROLE_PERMISSIONS, Permission, Relation, StaffRole, permissions_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from webapp.dynamo import Item
    from webapp.identity.permissions import Purpose


@dataclass(frozen=True, slots=True)
class Grant:
    """A patient an account may act for: in what (`may`), from when until when (None: not by itself), and as whom.

    Without a purpose it gives nothing.  `name` is the patient's, for pages that say whom one acts for.
    """

    patient_id: UUID
    ends_at: datetime | None = None
    may: frozenset[Purpose] = frozenset()
    relation: Relation = Relation.SELF
    starts_at: datetime | None = None
    name: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether it counts at a moment: its first one does, its end does not."""
        begun = self.starts_at is None or self.starts_at <= at
        return begun and (self.ends_at is None or at < self.ends_at)

    def allows(self, permission: Permission) -> bool:
        """Whether the permission is about a purpose of this grant; one that is about none is never allowed by it."""
        return permission in PURPOSES and PURPOSES[permission] in self.may


@dataclass(frozen=True, slots=True)
class Standing:
    """What PostgreSQL knew about an account when it signed in; copied into the session.

    `sites` names the locations of the roles that hold at some only; a role that is not in it holds everywhere.
    `language` is what they chose to be spoken to in, for the browser that signs in; empty when they chose nothing.
    """

    account_id: UUID
    display_name: str
    roles: frozenset[StaffRole]
    grants: tuple[Grant, ...] = ()
    provider_id: UUID | None = None
    sites: Mapping[StaffRole, frozenset[UUID]] = field(default_factory=dict)
    language: str = ""

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
    after signing in, `idle_ends_at` when they are out if they do nothing more.  Where the page shows notices, `unread`
    is what names a patient's unread ones, and `counted` and `read` say how many staff were told and how far they read.
    """

    standing: Standing
    handle: str = field(repr=False)
    at: datetime
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    idle_ends_at: datetime
    unread: Item | None = field(default=None, repr=False)
    counted: Item | None = field(default=None, repr=False)
    read: Item | None = field(default=None, repr=False)

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
        return tuple(grant.patient_id for grant in self.grants)

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        """What this person may act for others and themselves in, at this moment."""
        return tuple(grant for grant in self.standing.grants if grant.holds(self.at))

    def patients_for(self, permission: Permission) -> tuple[UUID, ...]:
        """The patients for whom the permission holds at this moment."""
        if permission not in self.permissions:
            return ()
        return tuple(grant.patient_id for grant in self.grants if grant.allows(permission))

    def may_for(self, permission: Permission, patient_id: UUID) -> bool:
        """Whether the permission holds for one patient at this moment."""
        return patient_id in self.patients_for(permission)

    def grant_for(self, patient_id: UUID) -> Grant | None:
        """As whom this person acts for a patient; None for whom they do not act for now."""
        return next((grant for grant in self.grants if grant.patient_id == patient_id), None)

    def has_ended(self, patient_id: UUID) -> bool:
        """Whether this person has acted for a patient as a helper, as of signing in, and does so no longer."""
        return any(grant.patient_id == patient_id for grant in self.ended)

    @cached_property
    def ended(self) -> tuple[Grant, ...]:
        """For whom this person acted as a helper and does not any more, as of signing in."""
        over = (each for each in self.standing.grants if each.ends_at is not None and each.ends_at <= self.at)
        return tuple(grant for grant in over if grant.relation != Relation.SELF)

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
    unread = None
    counted = None
    read = None
    roles: frozenset[StaffRole] = frozenset()
    permissions: frozenset[Permission] = frozenset()
    patients: tuple[UUID, ...] = ()
    grants: tuple[Grant, ...] = ()
    ended: tuple[Grant, ...] = ()

    def get_id(self) -> None:
        return None

    def patients_for(self, permission: Permission) -> tuple[UUID, ...]:  # noqa: ARG002  the answer is the same for all
        return ()

    def may_for(self, permission: Permission, patient_id: UUID) -> bool:  # noqa: ARG002  the answer is the same for all
        return False

    def grant_for(self, patient_id: UUID) -> None:  # noqa: ARG002  the answer is the same for all
        return None

    def has_ended(self, patient_id: UUID) -> bool:  # noqa: ARG002  the answer is the same for all
        return False

    def may(self, permission: Permission) -> bool:  # noqa: ARG002  the answer is the same for all
        return False

    def may_at(self, permission: Permission, location_id: UUID) -> bool:  # noqa: ARG002  the answer is the same for all
        return False
