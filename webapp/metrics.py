"""What Prometheus reads: counts and times by route, service and job; never a patient, an account or an id.

Labels come from closed lists (templates of routes, operations, names of jobs), so nothing that somebody types can
become one.  With `PROMETHEUS_MULTIPROC_DIR` (gunicorn.conf.py) each process writes its numbers to a file, and whichever
is asked adds them all up.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from flask import g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import event
from sqlalchemy.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask, Response

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
PATH = "/metrics"

REQUESTS = Counter("anteroom_requests", "Answers.", ("route", "method", "status"))
REQUEST_SECONDS = Histogram(
    "anteroom_request_seconds", "How long answers took to make.", ("route", "method"), buckets=SECONDS
)
CONNECTIONS = Gauge(
    "anteroom_database_connections_in_use", "Connections that requests hold.", multiprocess_mode="livesum"
)
CONNECTS = Counter("anteroom_database_connects", "Connections that were opened.")
OUTAGES = Counter("anteroom_database_outages", "Requests that PostgreSQL did not answer.")
DYNAMO_SECONDS = Histogram(
    "anteroom_dynamo_seconds", "How long calls of DynamoDB took.", ("operation", "fate"), buckets=SECONDS[:8]
)
BREAKER = Gauge(
    "anteroom_dynamo_breaker_open", "Processes that leave DynamoDB alone for now.", multiprocess_mode="livesum"
)
SESSIONS = Counter(
    "anteroom_sessions", "Sessions that were opened or ended, and cookies whose session was over.", ("event",)
)
JOB_SECONDS = Histogram("anteroom_job_seconds", "How long jobs took.", ("job", "outcome"), buckets=SECONDS)

_calls: dict[tuple[str, str], Histogram] = {}
_cells: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def init_app(app: Flask) -> None:
    """Count every answer; before `logs`, whose clock it reads, so that it comes last."""
    app.after_request(_count)


def written() -> bytes:
    """All numbers of this process, or of all processes of this server, as Prometheus reads them."""
    registry = REGISTRY
    if values.ValueClass._multiprocess:  # noqa: SLF001 - how the client was imported decides, and only it knows
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def beside(application: WSGIApplication, port: str) -> WSGIApplication:
    """The application, and at the listener of `port` these numbers alone: nothing public leads there."""

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # The listener's own address: gunicorn takes it from the socket, never from what a client says.
        return (answer if environ["SERVER_PORT"] == port else application)(environ, start_response)

    return choose


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    found = environ["PATH_INFO"] == PATH and environ["REQUEST_METHOD"] in {"GET", "HEAD"}
    body = written() if found else b"not here\n"
    kind = CONTENT_TYPE_LATEST if found else "text/plain"
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def count_call(operation: str, fate: str, seconds: float) -> None:
    """Count one call of DynamoDB and what became of it."""
    cell = _calls.get((operation, fate))
    if cell is None:
        cell = _calls[operation, fate] = DYNAMO_SECONDS.labels(operation, fate.lower())
    cell.observe(seconds)


def _count(response: Response) -> Response:
    rule, method = request.url_rule, request.method
    key = (rule.rule if rule is not None else "", method if method in METHODS else "OTHER", response.status_code // 100)
    cell = _cells.get(key)
    if cell is None:
        cell = _cells[key] = _cell(*key)
    cell[0].inc()
    cell[1].observe(perf_counter() - g.get("started", perf_counter()))
    return response


def _cell(route: str, method: str, hundreds: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, f"{hundreds}xx"), REQUEST_SECONDS.labels(route, method)


@event.listens_for(Pool, "connect")
def _connected(_connection: object, _record: object) -> None:
    CONNECTS.inc()


@event.listens_for(Pool, "checkout")
def _taken(_connection: object, _record: object, _proxy: object) -> None:
    CONNECTIONS.inc()


@event.listens_for(Pool, "checkin")
def _given_back(_connection: object, _record: object) -> None:
    CONNECTIONS.dec()
