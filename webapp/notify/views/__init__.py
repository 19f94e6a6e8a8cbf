"""Messages as staff see them: of one patient, as they would be written, and in the mailbox of a local clinic."""

from webapp.notify import postman
from webapp.notify.views import mailbox, pay_link, person, reminders, samples, staff
from webapp.notify.views.door import blueprint

__all__ = ["blueprint", "mailbox", "pay_link", "person", "postman", "reminders", "samples", "staff"]
