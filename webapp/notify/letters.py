"""A parcel as it leaves: mail as text and HTML, or a text message, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, render_template
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.routing import BuildError

from webapp.notify.gateways.carrier import Envelope
from webapp.notify.notices import Kind
from webapp.notify.parcels import Parcel
from webapp.notify.reach import Channel
from webapp.notify.wording import Links, Words, words_of

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.notify.in_app import Notice
    from webapp.notify.parcels import Place
    from webapp.settings import Settings


def links_of(parcel: Parcel) -> Links:
    """Complete addresses of this clinic's public site: never from the request, which a job doesn't have."""
    settings: Settings = current_app.config["ANTEROOM"]
    patient = {"patient_id": parcel.patient_id}
    answer = ""
    if parcel.kind is Kind.OFFER:
        answer = settings.public_url + _path("portal.offer", offer_id=parcel.lines[0].subject_id, **patient)
    return Links(
        settings.public_url + _path("portal.home"), settings.public_url + _path("portal.preferences", **patient), answer
    )


def _path(endpoint: str, **values: UUID) -> str:
    """The path of a page without a request; the portal's home where this clinic has no such page."""
    pages = current_app.url_map.bind("")
    try:
        return pages.build(endpoint, values)
    except BuildError:
        return pages.build("portal.home")


def words_in(language: str, parcel: Parcel) -> Words:
    with force_locale(language):
        return words_of(parcel, links_of(parcel))


def words_of_notice(notice: Notice, place: Place) -> Words:
    """A notice of the portal in the reader's language; its page has its own links."""
    parcel = Parcel(
        id=notice.line.message_id,
        kind=notice.kind,
        channel=Channel.IN_APP,
        patient_id=notice.patient_id,
        account_id=None,
        given="",
        language="",
        recipient="",
        location_id=notice.location_id,
        place=place,
        lines=(notice.line,),
        created_at=notice.created_at,
    )
    return words_of(parcel, Links("", ""))


def envelope(parcel: Parcel, language: str | None = None) -> Envelope:
    """Write a parcel out; in another language than the reader's only to look at it."""
    spoken, links = language or parcel.language, links_of(parcel)
    with force_locale(spoken):
        words = words_of(parcel, links)
        # The templates say nothing by themselves: their `_` keeps the language of the page they are part of.
        shown = {
            "words": words,
            "place": parcel.place,
            "for_whom": _for_whom(parcel),
            "how": _("Choose how we tell you"),
            "preferences": links.preferences,
            "spoken": spoken,
        }
        if parcel.channel is Channel.SMS:
            return Envelope(parcel.id, parcel.channel, parcel.patient_id, parcel.recipient, "", words.sms)
        text = render_template("notify/mail.txt", **shown)
        html = render_template("notify/mail.html", **shown)
    return Envelope(
        parcel.id, parcel.channel, parcel.patient_id, parcel.recipient, words.subject, text, html, links.preferences
    )


def _for_whom(parcel: Parcel) -> str:
    """A parent who gets a child's mail is told whose it is, by the first name alone."""
    if parcel.account_id is not None:
        return _("This is for %(name)s.", name=parcel.given)
    return _("Hello %(name)s,", name=parcel.given)
