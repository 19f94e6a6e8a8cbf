"""Settings: what the clinic is and when it works. Changes that can hit visits are sent to pages of bookings."""

from webapp.practice.views import exceptions, home, hours, prices, schedules, services, things
from webapp.practice.views.door import blueprint

__all__ = ["blueprint", "exceptions", "home", "hours", "prices", "schedules", "services", "things"]
