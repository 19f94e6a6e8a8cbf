"""The portal's doors to one person's pages: whoever does not act for that person finds nothing behind them."""

from __future__ import annotations

_PAGES = (
    "find check booked visit calendar_file seat group home_of calendar wishes wish offer move cancel"
)  # fmt: skip
_FORMS = (
    "hold book let_go confirm arrive take_seat make_calendar revoke_calendar add withdraw accept_offer refuse_offer"
    " move_it cancel_it"
)
OWN_DOORS = tuple(
    (f"portal.{name}", method) for method, names in (("GET", _PAGES), ("POST", _FORMS)) for name in names.split()
)
