"""How background work stands, asked when Prometheus asks: what is due, what failed, how old the oldest is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from prometheus_client import start_http_server
from prometheus_client.core import REGISTRY, GaugeMetricFamily
from prometheus_client.registry import Collector

from webapp import clock
from webapp.db import transactional
from webapp.jobs import scope
from webapp.ops import queries
from webapp.problems import DATABASE_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy.orm import Session

LOOPBACK = "127.0.0.1"

log = structlog.get_logger(__name__)


class Standing(Collector):
    """Gauges out of PostgreSQL; without it they are missing, and `anteroom_database_up` is 0."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is asked before somebody wants to know."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._app.app_context():
            try:
                with transactional(scope(), read_only=True) as session:
                    found = list(standing(session, clock.now()))
            except DATABASE_ERRORS as error:
                log.warning("outage", error=type(error).__name__, exc_info=error)
                found = []
        up = GaugeMetricFamily("anteroom_database_up", "Whether PostgreSQL answered.", value=float(bool(found)))
        yield from (up, *found)


def standing(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Every gauge of the moment."""
    jobs = GaugeMetricFamily("anteroom_jobs", "Jobs that are due, waiting, running or given up.", labels=["state"])
    for state, count in queries.jobs_by_state(session, now).items():
        jobs.add_metric([state], count)
    yield jobs
    for name, words, seconds in queries.ages(session, now):
        yield GaugeMetricFamily(f"anteroom_{name}_seconds", words, value=seconds)


def serve(app: Flask, port: int) -> None:
    """Answer Prometheus on a loopback port for as long as this process lives."""
    REGISTRY.register(Standing(app))
    start_http_server(port, LOOPBACK)
