"""Background work of the clinic itself: prices whose day has come."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from webapp import jobs
from webapp.db import transactional
from webapp.jobs import job
from webapp.practice import prices, queries
from webapp.practice.actions.prices import turn_price


@job("practice.prices_of_today", every="*/10 * * * *")
def prices_of_today(timestamp: int) -> None:
    """Make the prices that begin today the ones visits are booked at, each in a transaction of its own."""
    del timestamp
    scope = jobs.scope()
    with transactional(scope, read_only=True):
        today = scope.at.astimezone(ZoneInfo(queries.time_zone())).date()
        due = prices.services_out_of_date(today)
    for service, cents in due:
        with transactional(jobs.scope()):
            turn_price(service, cents)
