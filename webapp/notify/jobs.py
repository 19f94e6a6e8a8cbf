"""Background work of messages: decide what is owed, send it, and find what was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from flask import current_app

from webapp.db import transactional
from webapp.dynamo import DynamoUnavailable
from webapp.identity.portal_codes import code_of
from webapp.jobs import job, promise, scope
from webapp.news import tell_staff
from webapp.notify import in_app, letters
from webapp.notify.actions import addresses, reminding, sending, telling
from webapp.notify.gateways.carrier import CarrierAway, NotAccepted
from webapp.notify.notices import Kind
from webapp.notify.parcels import Parcel
from webapp.notify.queries import accounts, invitations
from webapp.notify.queries.portal_news import done_in_portal
from webapp.notify.queries.visits import changed_in
from webapp.notify.reach import Channel
from webapp.notify.reports import read
from webapp.notify.service import post

if TYPE_CHECKING:
    from webapp.settings import Settings

log = structlog.get_logger(__name__)


@job("notify.consider")
def consider(request: str) -> None:
    """Decide what a request owes to whom; what may still be undone is looked at again when it can't be any more."""
    here = scope()
    with transactional(here):
        changed = changed_in(request)
        again = telling.consider_visits(changed["appointment"], at=here.at)
        for offer in changed["waiting_offer"]:
            telling.tell_offer(offer, at=here.at)
        for kind in (Kind.PAYMENT, Kind.REFUND):
            for row in changed[kind.value]:
                telling.tell_money(kind, row, at=here.at)
        for done in done_in_portal(request):
            tell_staff(done.kind, done.subject, at=done.at)
        if again is not None:
            promise(consider, at=again, request=request)


@job("notify.payment_link")
def tell_payment_link(link: str) -> None:
    """Tell a patient where they can pay, as the desk asked: the address is made as the message leaves."""
    here = scope()
    with transactional(here):
        telling.tell_link(UUID(link), at=here.at)


@job("notify.deliver")
def deliver(message: str) -> None:
    """Send a message: claimed in one transaction, sent outside of any, marked in another.

    A worker that dies between sending and marking leaves a message that is sent again, and counted.
    """
    here = scope()
    with transactional(here):
        parcel = sending.claim(UUID(message), at=here.at)
    if parcel is None:
        return
    refused = away = ""
    try:
        _hand_over(parcel)
    except NotAccepted as error:
        refused = str(error)
    except (CarrierAway, DynamoUnavailable) as error:
        away = type(error).__name__
        log.warning("message_waits", channel=parcel.channel.value, why=str(error) if away == "CarrierAway" else away)
    here = scope()
    with transactional(here):
        if refused:
            sending.give_up(parcel, refused, at=here.at)
        elif away:
            sending.postpone(parcel, at=here.at)
        else:
            sending.mark_sent(parcel, at=here.at)


@job("notify.invitation")
def mail_invitation(invitation: str) -> None:
    """Mail a patient their code, which is worked out here: no job and no row names one.

    A carrier that is away makes the job fail, and so come again.
    """
    settings: Settings = current_app.config["ANTEROOM"]
    here = scope()
    with transactional(here, read_only=True):
        invited = invitations.invited(UUID(invitation), here.at)
    if invited is None:
        return
    letter = letters.invitation(invited, code_of(settings.session_key, invited.id))
    try:
        post().carriers[Channel.EMAIL].send(letter)
    except NotAccepted as error:
        log.warning("invitation_refused", why=str(error))


@job("notify.app_forgotten")
def tell_app_forgotten(notice: str, patient: str, account: str) -> None:
    """Mail a patient that the desk took their authenticator app off, in case it was not them who asked."""
    here = scope()
    with transactional(here, read_only=True):
        holder = accounts.holder(UUID(account), UUID(patient), here.at)
    if holder is None:
        return
    try:
        post().carriers[Channel.EMAIL].send(letters.app_forgotten(UUID(notice), holder))
    except NotAccepted as error:
        log.warning("app_notice_refused", why=str(error))


@job("notify.sweep", every="* * * * *")
def sweep(timestamp: int) -> None:
    """Make the reminders that are due, and promise again what should have gone out long ago."""
    del timestamp
    here = scope()
    with transactional(here):
        reminding.remind(at=here.at)
    with transactional(here):
        for message in sending.left_behind(here.at):
            promise(deliver, message=str(message))


@job("notify.collect_reports", every="* * * * *")
def collect_reports(timestamp: int) -> None:
    """Learn which addresses bounced and who wants no more texts; what can't be asked now comes with the next minute."""
    del timestamp
    reports = post().reports
    if reports is None:
        return
    try:
        while letters_there := reports.some():
            for letter in letters_there:
                here, report = scope(), read(letter.body)
                if report is not None:
                    with transactional(here):
                        addresses.take_report(report, at=here.at)
                reports.throw_away(letter)
    except CarrierAway as error:
        log.warning("reports_wait", why=str(error))


def _hand_over(parcel: Parcel) -> None:
    if parcel.channel is Channel.IN_APP:
        in_app.put(parcel)
    else:
        post().carriers[parcel.channel].send(letters.envelope(parcel))
