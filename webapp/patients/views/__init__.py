"""Pages that change what is known of a patient: registering one, and how to reach them."""

from webapp.patients.views import contact, register
from webapp.patients.views.door import blueprint

__all__ = ["blueprint", "contact", "register"]
