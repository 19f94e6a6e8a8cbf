"""Pages of the front desk: the day board with its drawer, search over everything, the patient's record."""

from webapp.desk.views import (
    board,
    death,
    figures,
    lost_app,
    merge,
    money,
    my_calendar,
    my_day,
    portal_access,
    portal_rules,
    record,
    registrations,
    search,
    sheet,
    steps,
    waiting,
)
from webapp.desk.views.door import blueprint

__all__ = [
    "blueprint",
    "board",
    "death",
    "figures",
    "lost_app",
    "merge",
    "money",
    "my_calendar",
    "my_day",
    "portal_access",
    "portal_rules",
    "record",
    "registrations",
    "search",
    "sheet",
    "steps",
    "waiting",
]
