"""Logs as one JSON object a line, without patient data: codes, routes, times and frames, never messages of errors."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any

import structlog
from flask import g, request

from webapp.db import constraint_of, sqlstate_of

if TYPE_CHECKING:
    from flask import Flask, Response
    from structlog.typing import EventDict, WrappedLogger

FRAMES = 12
QUIET = ("botocore", "urllib3", "procrastinate", "werkzeug", "asyncio")

REQUESTS = logging.getLogger("webapp.request")
_stamped = structlog.processors.TimeStamper(fmt="iso", utc=True)


class StandardError(logging.Handler):
    """Writes to what standard error is at that moment, not to what it was at start."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - a log line must not end a request
            self.handleError(record)


def configure() -> None:
    """Send our own and the libraries' logs to standard error as JSON; safe to call again."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _stamped,
        outline_exception,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    # A record that can't be written would otherwise be printed with its traceback and all that it quotes.
    logging.raiseExceptions = False
    handler = StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_without_arguments, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, StandardError)]
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def init_app(app: Flask) -> None:
    """Write one line for every request: its route (never its path), status and milliseconds."""
    app.before_request(_begin)
    app.after_request(_end)


def outline_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its class, SQLSTATE, constraint and frames.

    Its message is left out: PostgreSQL and drivers quote the values that they refuse.
    """
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if not isinstance(error, BaseException):
        return event
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    event["exception"] = type(error).__name__
    event["sqlstate"] = sqlstate_of(error)
    event["constraint"] = constraint_of(error)
    event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _without_arguments(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop what a library attached to its record (a job's arguments, say)."""
    record: logging.LogRecord | None = event.get("_record")
    if record is not None and record.exc_info:
        event["exc_info"] = record.exc_info
    return event


def _begin() -> None:
    g.started = perf_counter()


def _end(response: Response) -> Response:
    """Write the request's line as all others look, without their eight processors: every answer waits for it."""
    if request.endpoint != "ops.livez" and REQUESTS.isEnabledFor(logging.INFO):
        line = {
            "method": request.method,
            "route": str(request.url_rule) if request.url_rule else None,
            "status": response.status_code,
            "ms": round((perf_counter() - g.get("started", perf_counter())) * 1000, 1),
            "request": g.get("request_id"),
            "event": "request",
            "level": "info",
            "logger": REQUESTS.name,
        }
        # As for the others: a log line must not end a request.
        with suppress(OSError, ValueError):
            sys.stderr.write(json.dumps(_stamped(None, "info", line)) + "\n")
    return response
