"""The carriers of an application, put together from its settings once for each process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app, g
from flask_login import current_user

from webapp.notify import in_app, staff_list
from webapp.notify.audiences import audiences_of
from webapp.notify.gateways.mail import SesMail, SmtpMail
from webapp.notify.gateways.mailbox import Mailbox
from webapp.notify.gateways.nobody import Nobody
from webapp.notify.gateways.reports import Reports
from webapp.notify.gateways.text import SnsText
from webapp.notify.reach import Channel

if TYPE_CHECKING:
    from flask import Flask

    from webapp.notify.gateways.carrier import Carrier
    from webapp.settings import Settings

EXTENSION = "anteroom.notify"


@dataclass(frozen=True, slots=True)
class Post:
    """Who carries e-mail and texts, and where their reports lie (None: there are none)."""

    carriers: dict[Channel, Carrier]
    reports: Reports | None


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its carriers; nothing connects before the first message."""
    app.extensions[EXTENSION] = post_of(settings)
    app.jinja_env.globals.update(unread_notices=unread_notices, unread_of_staff=unread_of_staff)


def unread_notices() -> int:
    """How many notices the signed-in person has not read, as it came with their session."""
    return len(in_app.unread_ids(current_user.unread, g.at)) if current_user.is_authenticated else 0


def unread_of_staff() -> int | None:
    """How many notices of staff the signed-in person has not read, as it came with their session.

    None where no notice ever concerns them.
    """
    audiences = audiences_of(current_user.may)
    return sum(staff_list.unread(audiences, current_user.counted, current_user.read).values()) if audiences else None


def post_of(settings: Settings) -> Post:
    wanted = settings.messages
    mail: dict[str, Carrier] = {"mailbox": Mailbox(), "ses": SesMail(settings, wanted), "smtp": SmtpMail(wanted)}
    text: dict[str, Carrier] = {"mailbox": Mailbox(), "sns": SnsText(settings), "none": Nobody()}
    reports = Reports(settings, wanted.reports_queue) if wanted.reports_queue else None
    return Post({Channel.EMAIL: mail[wanted.mail], Channel.SMS: text[wanted.text]}, reports)


def switched_off() -> frozenset[Channel]:
    """Ways that the clinic does not have."""
    return frozenset(channel for channel, carrier in post().carriers.items() if isinstance(carrier, Nobody))


def post() -> Post:
    """The carriers of the current application; needs an application context."""
    found: Post = current_app.extensions[EXTENSION]
    return found
