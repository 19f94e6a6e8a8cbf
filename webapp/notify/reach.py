"""By which ways somebody is told what: what they chose, and what addresses they have."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import phonenumbers

from webapp.billing.receipts import By
from webapp.identity.permissions import Purpose
from webapp.notify.notices import Kind
from webapp.notify.timing import NIGHT, Quiet

if TYPE_CHECKING:
    from uuid import UUID

COUNTRY = "US"


class Channel(StrEnum):
    """How a message travels; the values stand in `message.channel`."""

    EMAIL = "email"
    SMS = "sms"
    IN_APP = "in_app"


class Choice(StrEnum):
    """What somebody chose for a topic; `EITHER` is an e-mail, or a text where there is no address that takes one."""

    EITHER = "either"
    EMAIL = "email"
    SMS = "sms"
    BOTH = "both"
    NONE = "none"


class Topic(StrEnum):
    """What is chosen together; the values are columns of `contact_preference`."""

    VISITS = "visits"
    REMINDERS = "reminders"
    OFFERS = "offers"
    MONEY = "money"


PURPOSE_OF: dict[Topic, Purpose] = {
    Topic.VISITS: Purpose.VISITS,
    Topic.REMINDERS: Purpose.VISITS,
    Topic.OFFERS: Purpose.VISITS,
    Topic.MONEY: Purpose.MONEY,
}
"""What a helper has to be trusted with, to be told."""

TOPIC_OF: dict[Kind, Topic] = {
    Kind.CONFIRMATION: Topic.VISITS,
    Kind.CHANGE: Topic.VISITS,
    Kind.CANCELLATION: Topic.VISITS,
    Kind.REMINDER: Topic.REMINDERS,
    Kind.OFFER: Topic.OFFERS,
    Kind.PAYMENT: Topic.MONEY,
    Kind.REFUND: Topic.MONEY,
    Kind.PAYMENT_LINK: Topic.MONEY,
}
DEFAULTS: dict[Topic, Choice] = {
    Topic.VISITS: Choice.EITHER,
    Topic.REMINDERS: Choice.EITHER,
    Topic.OFFERS: Choice.BOTH,
    Topic.MONEY: Choice.EMAIL,
}

_SAID = {By.EMAIL: Choice.EMAIL, By.SMS: Choice.SMS, By.PRINT: Choice.NONE, By.NONE: Choice.NONE}


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants to be told; the defaults are those of people who chose nothing."""

    language: str = "en"
    choices: tuple[tuple[Topic, Choice], ...] = tuple(DEFAULTS.items())
    reminder_minutes: tuple[int, ...] | None = None
    quiet: Quiet | None = None

    def choice(self, kind: Kind) -> Choice:
        return dict(self.choices)[TOPIC_OF[kind]]

    def quiet_on(self, channel: Channel) -> Quiet | None:
        """Quiet hours of one's own hold for all that makes a sound; nobody's texts come at night."""
        if channel is Channel.IN_APP:
            return None
        return self.quiet or (NIGHT if channel is Channel.SMS else None)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where somebody can be reached now; empty where nowhere.

    `email_account` is whose address it is where the patient has none: their own account's, or a parent's.
    """

    email: str = ""
    email_account: UUID | None = None
    sms: str = ""


def ways(choice: Choice, addresses: Addresses) -> tuple[Channel, ...]:
    """The ways that a message goes out by, besides the portal; what was chosen but is not there is left out."""
    wanted = {
        Choice.EITHER: (Channel.EMAIL,) if addresses.email else (Channel.SMS,),
        Choice.EMAIL: (Channel.EMAIL,),
        Choice.SMS: (Channel.SMS,),
        Choice.BOTH: (Channel.EMAIL, Channel.SMS),
        Choice.NONE: (),
    }[choice]
    there = {Channel.EMAIL: addresses.email, Channel.SMS: addresses.sms}
    return tuple(way for way in wanted if there[way])


def said_of(receipt: str) -> Choice | None:
    """What was said at the desk of one receipt (`payment.receipt`); None: as they chose for all of them."""
    return _SAID.get(By(receipt))


def e164(number: str) -> str:
    """A phone number as carriers take it, "+12075550142"; empty for what can be none."""
    try:
        parsed = phonenumbers.parse(number, COUNTRY)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def digest(address: str) -> bytes:
    """What an address or number is remembered by, once it takes nothing more."""
    return hashlib.sha256(address.strip().lower().encode()).digest()
