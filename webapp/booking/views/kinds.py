"""What kind of visit a type is in the booking dialog: one visit, several in one coming, or a seat in a group."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.booking import cashier, queries
from webapp.booking.cashier import Deposit
from webapp.booking.forms import Choice
from webapp.booking.queries import Group
from webapp.booking.views import groups, times
from webapp.booking.wording import clock, minutes
from webapp.practice.queries import Offer


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the dialog's form goes, and what it shows besides free times."""

    post_url: str
    parts: str = ""
    is_group: bool = False
    groups: list[dict[str, Any]] = field(default_factory=list)
    chosen: Group | None = None
    at: datetime | None = None
    deposit: dict[str, Any] | None = None

    @property
    def proposes(self) -> bool:
        """Whether the first free time is chosen already: not where there are groups to join."""
        return not any(not group["full"] for group in self.groups)

    @property
    def repeats(self) -> bool:
        """Whether this kind can be a series."""
        return not self.is_group and not self.parts and self.deposit is None

    def bar(self, found: times.Times | None) -> dict[str, Any]:
        """What the foot of the dialog says of a seat or a deposit; nothing for other kinds."""
        if self.deposit is not None and self.deposit["ways"]:
            button = _("Book and take %(amount)s", amount=self.deposit["amount"])
            return {"button": button, "whole": self.deposit["whole_button"]}
        if not self.is_group:
            return {}
        attrs = {"form": "book-form"}
        if self.chosen is not None and self.at is not None:
            left = groups.seats_left(self.chosen)
            title = groups.when(self.chosen, self.at)
            detail = f"{self.chosen.service}, {self.chosen.provider_name} · {left}"
            return {"title": title, "detail": detail, "button": _("Book seat"), "attrs": attrs, "starts": False}
        if found is None or found.chosen is None:
            return {"title": _("No group chosen yet"), "button": _("Book seat"), "attrs": attrs, "starts": False}
        when = clock(found.chosen, found.zone)
        return {"button": _("Start a group at %(time)s", time=when), "attrs": attrs, "starts": True}


def of(offer: Offer, choice: Choice, at: datetime) -> Kind:
    """Look at a type of visit."""
    if offer.service.capacity > 1:
        found = queries.groups_to_join(offer.service.id, choice.location, choice.provider, at)
        chosen = next((group for group in found if group.id == choice.group and group.left), None)
        if chosen is None and choice.at is None:
            chosen = next((group for group in found if group.left), None)
        shown = groups.choices(found, None if chosen is None else chosen.id, at)
        return Kind(url_for("booking.take_seat"), is_group=True, groups=shown, chosen=chosen, at=at)
    several = queries.parts(offer.service.id)
    if several:
        names = [f"{part.service.name} {minutes(part.service.length_minutes)}" for part in several]
        return Kind(url_for("booking.book_parts"), parts=_("One after the other: %(names)s", names=", ".join(names)))
    deposit = _deposit(offer, choice)
    return Kind(url_for("booking.book_it" if deposit is None else "billing.book_paid"), deposit=deposit)


def _deposit(offer: Offer, choice: Choice) -> dict[str, Any] | None:
    """How the deposit of a service is paid; None for one that asks for none."""
    asked = offer.service
    if not asked.deposit_cents or choice.patient is None or choice.location is None:
        return None
    wanted = Deposit(choice.patient, choice.location, asked.deposit_cents, asked.currency, asked.price_cents)
    return cashier.on_duty().deposit_panel(wanted)
