"""gunicorn's own lines: one JSON object each, as the application's, and nothing in them of what a client sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import structlog
from gunicorn.glogging import Logger

from webapp.logs import StandardError, outline_exception

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

INVALID = "Invalid request from ip="
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


class JsonLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Keeps numbers (processes, signals, seconds); addresses and what was wrong with a request may name a patient."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        handler = StandardError()
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[
                    sparing,
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                    outline_exception,
                ],
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
                use_get_message=False,
                pass_foreign_args=True,
            )
        )
        self.error_log.handlers = [handler]


def sparing(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The words of gunicorn's own source, with numbers and names of signals filled in."""
    event["event"] = _said(event["event"], event.pop("positional_args", ()))
    return event


def _said(template: str, arguments: object) -> str:
    if template.startswith(INVALID):
        return "Invalid request"
    if not isinstance(arguments, tuple) or not arguments:
        return _QUOTED.sub("…", template.partition(": ")[0])
    return template % tuple(each if _is_harmless(each) else "…" for each in arguments)


def _is_harmless(argument: object) -> bool:
    return isinstance(argument, int | float) or str(argument).startswith("SIG")
