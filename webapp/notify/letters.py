"""A parcel as it leaves: mail as text and HTML, or a text message, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, render_template
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp.billing.pay_links import token_of
from webapp.booking.visit_links import Named, path_of
from webapp.languages import speaking
from webapp.notify.gateways.carrier import Envelope
from webapp.notify.notices import ABOUT_MONEY, Kind
from webapp.notify.parcels import Parcel
from webapp.notify.reach import Channel
from webapp.notify.wording import Links, Step, Words, when, words_of

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.notify.in_app import Notice
    from webapp.notify.parcels import Line, Place
    from webapp.notify.queries.accounts import Holder
    from webapp.notify.queries.invitations import Invited
    from webapp.settings import Settings


def links_of(parcel: Parcel) -> Links:
    """Complete addresses of this clinic's public site: never from the request, which a job doesn't have."""
    settings: Settings = current_app.config["ANTEROOM"]
    patient = {"patient_id": parcel.patient_id}
    subject = parcel.lines[0].subject_id
    if parcel.kind is Kind.OFFER:
        answer = _path("portal.offer", offer_id=subject, **patient)
    elif parcel.kind is Kind.PAYMENT_LINK:
        answer = _path("billing.pay_link", token=token_of(subject))
    elif parcel.kind in ABOUT_MONEY:
        answer = _path("portal.invoices", **patient)
    elif len(parcel.lines) == 1:
        answer = _path("portal.visit", appointment_id=subject, **patient)
    else:
        answer = _path("portal.home_of", **patient)
    base = settings.public_url
    return Links(
        base + _path("portal.home"),
        base + _path("portal.preferences", **patient),
        base + answer,
        tuple(_confirming(line, parcel) for line in parcel.lines),
    )


def _confirming(line: Line, parcel: Parcel) -> str:
    """Where one says without signing in that one will come; made as it is sent, and kept nowhere."""
    if not line.to_confirm:
        return ""
    settings: Settings = current_app.config["ANTEROOM"]
    named = Named(line.subject_id, parcel.patient_id)
    return settings.public_url + path_of(named, secret=str(current_app.secret_key))


def _path(endpoint: str, **values: object) -> str:
    """The path of a page, without a request."""
    return current_app.url_map.bind("").build(endpoint, values)


def words_in(language: str, parcel: Parcel) -> Words:
    with speaking(language):
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
    with speaking(spoken):
        words = words_of(parcel, links)
        if parcel.channel is Channel.SMS:
            return Envelope(parcel.id, parcel.channel, parcel.patient_id, parcel.recipient, "", words.sms)
        text, html = _written(words, parcel.place, _for_whom(parcel), links.preferences)
    return Envelope(
        parcel.id, parcel.channel, parcel.patient_id, parcel.recipient, words.subject, text, html, links.preferences
    )


def invitation(invited: Invited, code: str) -> Envelope:
    """The letter with a patient's own code for the portal; without their birth date it lets nobody in."""
    settings: Settings = current_app.config["ANTEROOM"]
    with speaking(invited.language):
        words = Words(
            subject=_("Your visits at %(place)s online", place=invited.place.name),
            lines=(
                _("Your code: %(code)s", code=code),
                _("It counts once, until %(when)s.", when=when(invited.ends_at, invited.place)),
            ),
            note=_("Enter it with your date of birth. If you did not ask for it, you need not do anything."),
            steps=(Step(_("Sign up"), settings.public_url + _path("portal.sign_up")),),
            sms="",
        )
        text, html = _written(words, invited.place, _("Hello %(name)s,", name=invited.given), "")
    return Envelope(invited.id, Channel.EMAIL, invited.patient_id, invited.email, words.subject, text, html)


def app_forgotten(notice: UUID, holder: Holder) -> Envelope:
    """The letter that says that an account has no authenticator app any more; who did not ask for that has to call."""
    settings: Settings = current_app.config["ANTEROOM"]
    with speaking(holder.language):
        words = Words(
            subject=_("The authenticator app was taken off your account"),
            lines=(
                _("The front desk took the authenticator app off your account. You sign in with your password alone."),
                _("You can set up another app on the page about signing in."),
            ),
            note=_("If you did not ask for this, call us now."),
            steps=(Step(_("Sign in"), settings.public_url + _path("portal.home")),),
            sms="",
        )
        text, html = _written(words, holder.place, _("Hello %(name)s,", name=holder.given), "")
    return Envelope(notice, Channel.EMAIL, holder.patient_id, holder.email, words.subject, text, html)


def _written(words: Words, place: Place, for_whom: str, preferences: str) -> tuple[str, str]:
    """The letter as text and as HTML; the templates say nothing by themselves.

    Their `_` keeps the language of the page that they may be part of.
    """
    shown = {
        "words": words,
        "place": place,
        "for_whom": for_whom,
        "how": _("Choose how we tell you"),
        "preferences": preferences,
        "spoken": str(get_locale() or "en").partition("_")[0],
    }
    return render_template("notify/mail.txt", **shown), render_template("notify/mail.html", **shown)


def _for_whom(parcel: Parcel) -> str:
    """A parent who gets a child's mail is told whose it is, by the first name alone."""
    if parcel.account_id is not None:
        return _("This is for %(name)s.", name=parcel.given)
    return _("Hello %(name)s,", name=parcel.given)
