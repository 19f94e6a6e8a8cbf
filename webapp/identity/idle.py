"""How long somebody may leave a page alone before they are out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STAFF = timedelta(minutes=15)
PATIENT = timedelta(minutes=60)


def _none() -> dict[StaffRole, timedelta]:
    return {}


@dataclass(frozen=True, slots=True)
class IdleLimits:
    """The limit of each role: 15 minutes for staff and 60 for patients, unless `others` says another for a role."""

    others: Mapping[StaffRole, timedelta] = field(default_factory=_none)

    def of(self, roles: Iterable[StaffRole]) -> timedelta:
        """The strictest limit of the roles a person has; staff's where there is no role."""
        limits = [self.others.get(role, PATIENT if role is StaffRole.PATIENT else STAFF) for role in roles]
        return min(limits, default=STAFF)
