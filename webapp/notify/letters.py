"""A parcel as it leaves: mail as text and HTML, or a text message, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, render_template
from flask_babel import gettext as _

from webapp.languages import speaking
from webapp.notify.gateways.carrier import Envelope
from webapp.notify.notices import Kind
from webapp.notify.reach import Channel
from webapp.notify.wording import Links, Words, words_of

if TYPE_CHECKING:
    from webapp.notify.parcels import Parcel
    from webapp.settings import Settings


def links_of(parcel: Parcel) -> Links:
    """Complete addresses of this clinic's public site: never from the request, which a job doesn't have."""
    settings: Settings = current_app.config["ANTEROOM"]
    own = f"{settings.public_url}/me/{parcel.patient_id}"
    answer = f"{own}/offers/{parcel.lines[0].subject_id}" if parcel.kind is Kind.OFFER else ""
    return Links(f"{settings.public_url}/me", f"{own}/preferences", answer)


def words_in(language: str, parcel: Parcel) -> Words:
    with speaking(language):
        return words_of(parcel, links_of(parcel))


def envelope(parcel: Parcel, language: str | None = None) -> Envelope:
    """Write a parcel out; in another language than the reader's only to look at it."""
    spoken, links = language or parcel.language, links_of(parcel)
    with speaking(spoken):
        words = words_of(parcel, links)
        shown = {
            "words": words,
            "place": parcel.place,
            "for_whom": _for_whom(parcel),
            "how": _("How we tell you"),
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
