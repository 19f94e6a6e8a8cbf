"""Background work of the waiting list: the steps of the chain, and the sweep that finds what a step left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from webapp import jobs
from webapp.booking.actions.waiting import line, offers, opening, wishes
from webapp.booking.actions.waiting.freed import Opening
from webapp.db import Role, transactional
from webapp.jobs import job
from webapp.news import News, tell_staff
from webapp.practice.hours import Span
from webapp.practice.queries import time_zone

if TYPE_CHECKING:
    from webapp.db import Scope


@job("booking.offer_time")
def offer_time(visit: str, version: str) -> None:
    """Offer the time that a visit left, at this version of it, to the first in line."""
    scope = _scope()
    with transactional(scope):
        if offers.offer_next(UUID(visit), int(version), at=scope.at) is not None:
            return
        last = offers.last_of_chain(UUID(visit), int(version), scope.at)
        if last is not None:
            tell_staff(News.LIST_RAN_OUT, last.id, at=last.answered_at or last.expires_at)


@job("booking.offer_seat")
def offer_seat(session: str, visit: str, version: str) -> None:
    """Offer a seat of a group visit that somebody left, at this version of theirs, to the first in line."""
    scope = _scope()
    with transactional(scope):
        offers.offer_next_seat(UUID(session), UUID(visit), int(version), at=scope.at)


@job("booking.offer_free_seats")
def offer_free_seats(session: str) -> None:
    """Offer every seat of a group visit that nobody has, each in a transaction of its own: somebody asked for it."""
    more = True
    while more:
        scope = _scope()
        with transactional(scope):
            more = line.offer_seat(UUID(session), scope.at) is not None


@job("booking.offer_opened_time")
def offer_opened_time(provider: str, location: str, first: str, starts: str, ends: str, asked: str) -> None:
    """Offer some of the time that a provider has again, and promise to offer the rest."""
    scope = _scope()
    span = Span(datetime.fromisoformat(starts), datetime.fromisoformat(ends))
    where = UUID(location) if location else None
    with transactional(scope):
        opened = Opening(UUID(provider), datetime.fromisoformat(first), span, where, bool(asked))
        opening.offer_opened(opened, at=scope.at)


@job("booking.lapse_offer")
def lapse_offer(offer: str) -> None:
    """End an offer that nobody answered in time, and pass the time on."""
    scope = _scope()
    with transactional(scope):
        offers.close_offer(UUID(offer), at=scope.at)


@job("booking.sweep_waiting_list", every="* * * * *")
def sweep_waiting_list(timestamp: int) -> None:
    """End the offers and wishes that are over, each in a transaction of its own: the backstop of their own jobs."""
    del timestamp
    scope = _scope()
    with transactional(scope, read_only=True):
        stale = offers.stale_offers(scope.at)
        over = wishes.over(scope.at, time_zone())
    for offer in stale:
        with transactional(_scope()):
            offers.close_offer(offer, at=scope.at)
    for wish, status in over:
        with transactional(_scope()):
            wishes.end_if_over(wish, status, at=scope.at)


def _scope() -> Scope:
    """Nobody acts; what is done to visits is what the desk's role may do."""
    return replace(jobs.scope(), role=Role.DESK)
