"""What the settings pages send: form data to frozen requests, all errors at once."""

from webapp.practice.forms.exceptions import EXTRA, KINDS, LEAVES, Sites, read_closure, read_exception
from webapp.practice.forms.hours import Places, read_hours, rows_of
from webapp.practice.forms.services import AUDIENCES, CHECKS, MOST_PARTS, ROOMS, read_service
from webapp.practice.forms.things import FORMS, read_retirement, read_thing

__all__ = [
    "AUDIENCES",
    "CHECKS",
    "EXTRA",
    "FORMS",
    "KINDS",
    "LEAVES",
    "MOST_PARTS",
    "ROOMS",
    "Places",
    "Sites",
    "read_closure",
    "read_exception",
    "read_hours",
    "read_retirement",
    "read_service",
    "read_thing",
    "rows_of",
]
