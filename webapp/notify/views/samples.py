"""Every message as it would be written, in each language, for managers to read before patients do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app, request, url_for
from flask_babel import ngettext

from webapp import hypermedia
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.notify import choice_words, letters
from webapp.notify.gsm import parts, room
from webapp.notify.notices import ABOUT_MONEY, RECEIPTS, Kind
from webapp.notify.parcels import Line, Parcel, Place
from webapp.notify.queries.places import places
from webapp.notify.reach import Channel
from webapp.notify.views.door import blueprint
from webapp.practice.queries import locations, signboard
from webapp.routing import requires

SAMPLE = UUID("018f0000-0000-7000-8000-000000000001")
LANGUAGES = frozenset(language for language, _ in choice_words.LANGUAGES)
EXAMPLE = Place("Harbor Clinic", "America/New_York", "(207) 555-0100", "12 Harbor Street, Portland, ME")


@blueprint.get("/message-samples")
@requires(Permission.SETTINGS_EDIT, role=Role.MANAGER)
def samples() -> Response:
    """Show all kinds of messages in one language, with made-up facts."""
    language = request.args.get("language", "en")
    if language not in LANGUAGES:
        raise NotFound
    place, at = _place(), scope().at
    return hypermedia.page(
        "notify/samples.html",
        clinic=signboard(),
        spoken=language,
        mailbox=url_for("mailbox.items") if "mailbox.items" in current_app.view_functions else "",
        languages=choice_words.LANGUAGES,
        samples=[_sample(kind, place, at, language) for kind in Kind],
    )


@blueprint.get("/message-samples/<kind>/<language>")
@requires(Permission.SETTINGS_EDIT, role=Role.MANAGER)
def sample_letter(kind: str, language: str) -> Response:
    """One of them as the HTML of its e-mail."""
    if kind not in {each.value for each in Kind} or language not in LANGUAGES:
        raise NotFound
    parcel = _parcel(Kind(kind), Channel.EMAIL, _place(), scope().at)
    return Response(letters.envelope(parcel, language).html, content_type="text/html; charset=utf-8")


def _sample(kind: Kind, place: Place, at: datetime, language: str) -> dict[str, Any]:
    mail = letters.envelope(_parcel(kind, Channel.EMAIL, place, at), language)
    text = letters.envelope(_parcel(kind, Channel.SMS, place, at), language)
    return {
        "kind": kind.value,
        "title": choice_words.KINDS[kind],
        "subject": mail.subject,
        "mail": mail.body,
        "sms": text.body,
        "length": _length(text.body),
    }


def _length(text: str) -> str:
    number = parts(text)
    return ngettext(
        "%(length)s of %(room)s characters in the text message",
        "%(length)s of %(room)s characters in the text message, which goes as %(num)s texts",
        number, length=len(text), room=room(number),
    )  # fmt: skip


def _place() -> Place:
    first = next(iter(locations()), None)
    return EXAMPLE if first is None else places([first.id])[first.id]


def _parcel(kind: Kind, channel: Channel, place: Place, at: datetime) -> Parcel:
    """Somebody's visit in a week, at a full hour."""
    starts = at.replace(minute=0, second=0, microsecond=0) + timedelta(days=7)
    receipt = kind in RECEIPTS
    until = {Kind.OFFER: at + timedelta(minutes=30), Kind.PAYMENT_LINK: at + timedelta(days=30)}.get(kind)
    line = Line(
        message_id=SAMPLE,
        subject_id=SAMPLE,
        starts_at=None if kind in ABOUT_MONEY else starts,
        was_starts_at=starts - timedelta(days=1) if kind is Kind.CHANGE else None,
        until=until,
        cents=4_000 if receipt else None,
        currency="USD" if receipt else None,
        to_confirm=kind is Kind.REMINDER,
    )
    return Parcel(
        id=SAMPLE,
        kind=kind,
        channel=channel,
        patient_id=SAMPLE,
        account_id=None,
        given="Rosa",
        language="en",
        recipient="rosa@example.com",
        location_id=SAMPLE,
        place=place,
        lines=(line,),
        created_at=at,
    )
