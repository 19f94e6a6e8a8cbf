"""Choices, states and reasons of messages in words, for the pages that show them."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp.notify.choosing import REMINDER_CHOICES
from webapp.notify.notices import Kind
from webapp.notify.reach import Channel, Choice, Topic
from webapp.notify.service import switched_off
from webapp.patients import phones

if TYPE_CHECKING:
    from flask_babel import LazyString
    from werkzeug.datastructures import MultiDict

    from webapp.notify.queries.shown import Told

CHOICES: dict[Choice, LazyString] = {
    Choice.EITHER: _l("Email, or text if there is no email"),
    Choice.EMAIL: _l("Email"),
    Choice.SMS: _l("Text message"),
    Choice.BOTH: _l("Email and text message"),
    Choice.NONE: _l("Only here, in the portal"),
}
TOPICS: dict[Topic, LazyString] = {
    Topic.VISITS: _l("Visits booked, changed or canceled"),
    Topic.REMINDERS: _l("Reminders before a visit"),
    Topic.OFFERS: _l("Times that become free, from the waiting list"),
    Topic.MONEY: _l("Payment links, payments and refunds"),
}
KINDS: dict[Kind, LazyString] = {
    Kind.CONFIRMATION: _l("Booked"),
    Kind.CHANGE: _l("Changed"),
    Kind.CANCELLATION: _l("Canceled"),
    Kind.REMINDER: _l("Reminder"),
    Kind.OFFER: _l("Waiting list offer"),
    Kind.PAYMENT: _l("Payment"),
    Kind.REFUND: _l("Refund"),
    Kind.PAYMENT_LINK: _l("Payment link"),
}
CHANNELS: dict[Channel, LazyString] = {
    Channel.EMAIL: _l("Email"),
    Channel.SMS: _l("Text message"),
    Channel.IN_APP: _l("In the portal"),
}
STATES: dict[str, LazyString] = {
    "queued": _l("Waiting to be sent"),
    "sending": _l("Being sent"),
    "sent": _l("Sent"),
    "failed": _l("Not delivered"),
    "skipped": _l("Not sent"),
}
REASONS: dict[str, LazyString] = {
    "no_address": _l("there is no address to send it to"),
    "not_wanted": _l("the patient does not want it that way"),
    "deceased": _l("the patient has died"),
    "overtaken": _l("something newer was said instead"),
    "too_late": _l("it could not be sent in time"),
    "not_theirs": _l("the account may no longer see it"),
    "bounced": _l("the address does not take mail"),
    "rejected": _l("the carrier did not take it"),
    "no_carrier": _l("texts are switched off"),
    "no_reminders": _l("reminders are switched off"),
}
REFUSED: dict[str, LazyString] = {
    "bounced": _l("does not take our mail"),
    "complained": _l("wants no more mail from us"),
    "stopped": _l("answered STOP and gets no more texts"),
}
LANGUAGES = (("en", "English"), ("es", "Español"))


def form_of(told: Told) -> dict[str, Any]:
    """Values of the form, for what somebody chose or what holds without a choice."""
    quiet = told.wishes.quiet
    return {
        "version": told.version,
        "language": told.language or told.wishes.language,
        "choices": {topic.value: choice.value for topic, choice in told.wishes.choices},
        "reminder_minutes": set(told.wishes.reminder_minutes or ()),
        "quiet_from": "" if quiet is None else _typed(quiet.starts),
        "quiet_to": "" if quiet is None else _typed(quiet.ends),
    }


def sent(values: dict[str, Any], form: MultiDict[str, str]) -> dict[str, Any]:
    """The values as somebody just sent them, to be shown again with what is wrong with them."""
    minutes = {int(each) for each in form.getlist("reminder_minutes") if each.isascii() and each.isdigit()}
    typed = {name: form.get(name, values[name]) for name in ("language", "quiet_from", "quiet_to")}
    choices = {topic.value: form.get(topic.value, values["choices"][topic.value]) for topic in Topic}
    return values | typed | {"choices": choices, "reminder_minutes": minutes}


def fields(values: dict[str, Any]) -> dict[str, Any]:
    """What the form asks, with the answers to choose from."""
    return {
        "chosen": values,
        "texts_off": Channel.SMS in switched_off(),
        "languages": LANGUAGES,
        "topics": [(topic.value, str(label)) for topic, label in TOPICS.items()],
        "choices": [(choice.value, str(label)) for choice, label in CHOICES.items()],
        "reminder_times": [
            {"value": minutes, "label": _before(minutes), "checked": minutes in values["reminder_minutes"]}
            for minutes in REMINDER_CHOICES
        ],
    }


def addresses_of(told: Told) -> list[dict[str, str]]:
    """Each address with what is wrong with it, if anything."""
    return [
        {
            "address": address if "@" in address else phones.parse(address) or address,
            "problem": str(REFUSED[reason]) if reason else "",
        }
        for address, reason in told.addresses
    ]


def _before(minutes: int) -> str:
    days, hours = minutes // (24 * 60), minutes // 60
    if days:
        return ngettext("%(num)s day before", "%(num)s days before", days)
    return ngettext("%(num)s hour before", "%(num)s hours before", hours)


def _typed(wall: time) -> str:
    return wall.strftime("%H:%M")
