"""Every change of a record: register, reach, merge and part again; each flushes, none commits."""

from webapp.patients.actions.merge import merge, unmerge
from webapp.patients.actions.records import change_contact, change_own_contact, register

__all__ = ["change_contact", "change_own_contact", "merge", "register", "unmerge"]
