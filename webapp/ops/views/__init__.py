"""Pages of the people who keep the clinic running: health, failed jobs, staff accounts, who looked at what."""

from webapp.ops.views import accounts, activity, chain, health, jobs, roles, second_factor
from webapp.ops.views.door import blueprint

__all__ = ["accounts", "activity", "blueprint", "chain", "health", "jobs", "roles", "second_factor"]
