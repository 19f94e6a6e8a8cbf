"""Messages in words: what goes out names no service, nobody who sees the patient, and nothing of why they come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time, get_timezone_name
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.languages import written
from webapp.money import money
from webapp.notify.gsm import fit
from webapp.notify.notices import RECEIPTS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.notify.parcels import Line, Parcel, Place

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Links:
    """Where a message leads: the portal, and where its reader says how to be told; complete addresses.

    `confirm` is for each line a page without a session whose button says that one will come; empty where none is asked.
    """

    portal: str
    preferences: str
    answer: str = ""
    confirm: tuple[str, ...] = ()


class Step(NamedTuple):
    """One thing to do about a message, and where."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says in the language of the moment; `sms` fits one text, with a link of its own two."""

    subject: str
    lines: tuple[str, ...]
    note: str
    steps: tuple[Step, ...]
    sms: str


def when(moment: datetime, place: Place) -> str:
    """Tuesday, December 1, 2026, 10:00 AM (Eastern Standard Time): the clinic's own time, whoever reads it where."""
    local = moment.astimezone(ZoneInfo(place.zone))
    return _(
        "%(day)s, %(time)s (%(zone)s)",
        day=_plain(format_date(local, "full", locale=written())),
        time=_clock(local),
        zone=get_timezone_name(local, width="long", locale=written()),
    )


def when_short(moment: datetime, place: Place) -> str:
    """Tue, Dec 1, 10:00 AM EST."""
    local = moment.astimezone(ZoneInfo(place.zone))
    day = _plain(format_skeleton("MMMEd", local, locale=written()))
    return f"{day}, {_clock(local)} {local.tzname()}"


def day(moment: datetime, place: Place) -> str:
    """December 1, 2026."""
    return _plain(format_date(moment.astimezone(ZoneInfo(place.zone)), "long", locale=written()))


def words_of(parcel: Parcel, links: Links) -> Words:
    """Put a parcel into words, in the language that is spoken at the moment."""
    subject, button, text = _HEADS[parcel.kind](parcel)
    lines = tuple(_line(line, parcel) for line in parcel.lines)
    return Words(
        subject=subject,
        lines=lines,
        note=_note(parcel),
        steps=(*_confirming(parcel, links), Step(button, links.answer or links.portal)),
        sms=_text(parcel, text, links),
    )


def _confirming(parcel: Parcel, links: Links) -> list[Step]:
    """A button for each visit that nobody has confirmed; of several, which one it is."""
    asked = [(line, href) for line, href in zip(parcel.lines, links.confirm, strict=False) if href]
    if len(parcel.lines) == 1:
        return [Step(_("Confirm that you will come"), href) for _line, href in asked]
    return [
        Step(_("Confirm %(when)s", when=when_short(line.starts_at, parcel.place)), href)
        for line, href in asked
        if line.starts_at is not None
    ]


def _text(parcel: Parcel, text: str, links: Links) -> str:
    """A text has room for a short address, and the home leads on; the link of one visit is worth a second part."""
    if parcel.kind is Kind.PAYMENT_LINK and links.answer:
        return fit(parcel.place.name, f"{text} {links.answer}", most=2)
    if len(parcel.lines) == 1 and any(links.confirm):
        asking = _("your visit is on %(when)s. Reply STOP to end texts. Confirm it:", when=_first(parcel))
        return fit(parcel.place.name, f"{asking} {links.confirm[0]}", most=2)
    return fit(parcel.place.name, f"{text} {links.portal}")


def _confirmed(parcel: Parcel) -> tuple[str, str, str]:
    number, place = len(parcel.lines), parcel.place
    subject = ngettext(
        "Your visit at %(place)s is booked", "%(num)s visits at %(place)s are booked", number, place=place.name
    )
    text = ngettext(
        "your visit is booked for %(when)s.", "%(num)s visits are booked, the first for %(when)s.", number,
        when=_first(parcel),
    )  # fmt: skip
    return subject, _("See or change it"), text


def _changed(parcel: Parcel) -> tuple[str, str, str]:
    number, place = len(parcel.lines), parcel.place
    subject = ngettext(
        "Your visit at %(place)s has changed", "%(num)s visits at %(place)s have changed", number, place=place.name
    )
    text = ngettext(
        "your visit has changed. It is now on %(when)s.", "%(num)s visits have changed, the first is on %(when)s.",
        number, when=_first(parcel),
    )  # fmt: skip
    return subject, _("See what changed"), text


def _canceled(parcel: Parcel) -> tuple[str, str, str]:
    number, place = len(parcel.lines), parcel.place
    subject = ngettext(
        "Your visit at %(place)s is canceled", "%(num)s visits at %(place)s are canceled", number, place=place.name
    )
    text = ngettext(
        "your visit on %(when)s is canceled.", "%(num)s visits are canceled, the first of %(when)s.", number,
        when=_first(parcel),
    )  # fmt: skip
    return subject, _("Find another time"), text


def _reminded(parcel: Parcel) -> tuple[str, str, str]:
    place = parcel.place
    text = _("your visit is on %(when)s. Reply STOP to end texts. Change it:", when=_first(parcel))
    return _("Your visit at %(place)s is coming up", place=place.name), _("See or change it"), text


def _offered(parcel: Parcel) -> tuple[str, str, str]:
    place, line = parcel.place, parcel.lines[0]
    until = _clock((line.until or parcel.created_at).astimezone(ZoneInfo(place.zone)))
    text = _("a time is free on %(when)s. Yours if you answer by %(until)s:", when=_first(parcel), until=until)
    return _("An earlier time at %(place)s is free", place=place.name), _("Take it or pass it on"), text


def _paid(parcel: Parcel) -> tuple[str, str, str]:
    place = parcel.place
    text = _("we received your payment of %(amount)s. Receipt:", amount=_sum(parcel))
    return _("Your payment to %(place)s", place=place.name), _("See the receipt"), text


def _refunded(parcel: Parcel) -> tuple[str, str, str]:
    place = parcel.place
    text = _("we gave you %(amount)s back. Receipt:", amount=_sum(parcel))
    return _("Your refund from %(place)s", place=place.name), _("See the receipt"), text


def _to_pay(parcel: Parcel) -> tuple[str, str, str]:
    """No amount: by the time it is read, part of it may be paid; the page says what is due."""
    place = parcel.place
    subject = _("Your invoice from %(place)s can be paid online", place=place.name)
    return subject, _("See and pay it"), _("your invoice can be paid here by card:")


_HEADS: dict[Kind, Callable[[Parcel], tuple[str, str, str]]] = {
    Kind.CONFIRMATION: _confirmed,
    Kind.CHANGE: _changed,
    Kind.CANCELLATION: _canceled,
    Kind.REMINDER: _reminded,
    Kind.OFFER: _offered,
    Kind.PAYMENT: _paid,
    Kind.REFUND: _refunded,
    Kind.PAYMENT_LINK: _to_pay,
}


def _line(line: Line, parcel: Parcel) -> str:
    place = parcel.place
    if parcel.kind is Kind.PAYMENT_LINK:
        return _("By card, without signing in, until %(day)s", day=day(line.until or parcel.created_at, place))
    if line.starts_at is None:
        amount = money(line.cents or 0, line.currency or "USD")
        return _("%(amount)s on %(day)s", amount=amount, day=day(parcel.created_at, place))
    moment = when(line.starts_at, place)
    if parcel.kind is Kind.OFFER and line.until is not None:
        return _("%(when)s. It is kept for you until %(until)s.", when=moment, until=when(line.until, place))
    if line.was_starts_at is not None:
        return _("%(when)s, instead of %(before)s", when=moment, before=when_short(line.was_starts_at, place))
    return moment


def _note(parcel: Parcel) -> str:
    """What to do about it; a phone number is better than none when the portal is not for everybody."""
    phone = parcel.place.phone
    if parcel.kind is Kind.CHANGE and all(line.was_starts_at is None for line in parcel.lines):
        return _("The time is the same as before. Where you go or whom you see has changed: look at the visit.")
    if parcel.kind in RECEIPTS:
        return _("The receipt is in the portal.")
    return _by_phone(parcel.kind, phone) if phone else ""


def _by_phone(kind: Kind, phone: str) -> str:
    if kind is Kind.PAYMENT_LINK:
        return _("If you have questions about it, call %(phone)s.", phone=phone)
    if kind is Kind.OFFER:
        return _("Answer in the portal, or call %(phone)s.", phone=phone)
    if kind is Kind.CANCELLATION:
        return _("To find another time, use the portal or call %(phone)s.", phone=phone)
    return _("If this time does not suit you, change it in the portal or call %(phone)s.", phone=phone)


def _first(parcel: Parcel) -> str:
    moment = parcel.lines[0].starts_at
    return when_short(moment, parcel.place) if moment is not None else ""


def _sum(parcel: Parcel) -> str:
    first = parcel.lines[0]
    return money(sum(line.cents or 0 for line in parcel.lines), first.currency or "USD")


def _clock(local: datetime) -> str:
    return _plain(format_time(local, "short", locale=written()))


def _plain(text: str) -> str:
    """Without the narrow spaces of typesetters, which some phones show as boxes."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")
