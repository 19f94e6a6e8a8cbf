"""Answers to what went wrong: in the shell where it can be, without patient data always, with a reference to ask by."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import psycopg
import structlog
from flask import Response, current_app, g, make_response, render_template, request, session
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateError
from markupsafe import escape
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from webapp import hypermedia, metrics
from webapp.db import sqlstate_of
from webapp.dynamo import DynamoUnavailable
from webapp.errors import BadRequest, NoSuchMethod, NotAllowed, NotFound, Refusal, TooLarge, Unavailable, refusal_of

if TYPE_CHECKING:
    from flask import Flask

    from webapp.errors import Sentence

# SQLSTATE classes and codes of a PostgreSQL that is away, full or too slow, as opposed to a statement that is wrong.
OUTAGE_CLASSES = ("08", "53", "57", "58")
DATABASE_ERRORS = (DBAPIError, psycopg.Error, PoolTimeout)
OUTAGES = frozenset({"40001", "40P01", "55P03", "25P03", "25P04"})
OUR_FAULT = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE})
# Flask-Login's name for the handle in the cookie.
USER_ID = "_user_id"
REFERENCE_LENGTH = 10
RETRY_SECONDS = 5
PROBLEM = "fragment/problem.html"
ALONE = "fragment/alone.html"
PLAIN = '<!doctype html><html lang="en"><title>%s</title><main><h1>%s</h1><p>%s</p></main></html>'

_OF_HTTP: dict[int, type[Refusal]] = {
    HTTPStatus.FORBIDDEN: NotAllowed,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: NoSuchMethod,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
}

log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    """Answer every exception of a view, a before_request function or the router itself."""
    app.register_error_handler(Refusal, page)
    app.register_error_handler(DynamoUnavailable, lambda _error: bare(Unavailable()))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
    app.after_request(_say_when)


def _say_when(response: Response) -> Response:
    """Every 503 says when to try again, also that of a form whose page says what is away."""
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return response


def is_outage(error: BaseException) -> bool:
    """Whether PostgreSQL is away, too slow or torn between transactions, so that the same press may work later."""
    if isinstance(error, PoolTimeout):
        return True
    state = sqlstate_of(error)
    if state is None:
        return not isinstance(error, DBAPIError) or error.connection_invalidated or _is_operational(error)
    return state in OUTAGES or state.startswith(OUTAGE_CLASSES)


def is_unreadable(error: BaseException) -> bool:
    """Whether PostgreSQL could not hold a value (SQLSTATE class 22): a form of ours let too much through."""
    return (sqlstate_of(error) or "").startswith("22") or type(error).__name__ == "DataError"


def _is_operational(error: DBAPIError) -> bool:
    return type(error).__name__ in {"OperationalError", "InterfaceError"}


def reference() -> str:
    """A short name of this request, for a person to read out; the log line of the request carries it too."""
    identifier: str = g.get("request_id", "")
    return identifier.replace("-", "")[-REFERENCE_LENGTH:].upper()


def page(refusal: Refusal) -> Response:
    """Render a refusal that no form of its own explains: inside the shell, or as an alert for a fragment request."""
    return _render(refusal.status, refusal.message)


def bare(refusal: Refusal) -> Response:
    """Say it without the shell, a session or a database: the answer when one of those is what is missing."""
    return _bare(refusal.status, _("Please try again"), str(refusal.message))


def saved() -> Response:
    """Report a change that committed although its page can't be shown now."""
    return _bare(HTTPStatus.OK, _("Saved"), _("Your change was saved. Open the page again to see it."))


def refusal_of_http(error: HTTPException) -> Refusal:
    """The refusal that stands for an HTTP error raised inside a view or by Flask, a body that is too large say."""
    return _OF_HTTP.get(error.code or 0, BadRequest)()


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return make_response(error.get_response())
    if isinstance(error, CSRFError) and _has_signed_out():
        return hypermedia.sign_in()
    answer = _render(error.code, refusal_of_http(error).message)
    allowed = error.get_response().headers.get("Allow")
    if allowed:
        answer.headers["Allow"] = allowed
    return answer


def _has_signed_out() -> bool:
    """Whether a form failed its check because its browser signed out meanwhile: then signing in helps, nothing else."""
    view = current_app.view_functions.get(request.endpoint or "")
    door = getattr(view, "door", None)
    return door is not None and door.permission is not None and USER_ID not in session


def meaning(error: Exception, away: type[Unavailable]) -> Exception:
    """What a database error is to the person: a refusal, a service that is away, or a mistake of ours (as it is)."""
    refusal = refusal_of(error)
    if refusal is not None:
        return refusal
    if is_outage(error):
        metrics.OUTAGES.inc()
        log.warning("outage", error=type(error).__name__, exc_info=error)
        return away()
    if is_unreadable(error):
        log.error("unreadable", exc_info=error)
        return BadRequest()
    return error


def _unexpected(error: Exception) -> Response:
    if isinstance(error, DATABASE_ERRORS) and is_outage(error):
        metrics.OUTAGES.inc()
        log.warning("outage", error=type(error).__name__, exc_info=error)
        return bare(Unavailable())
    log.error("failed", error=type(error).__name__, exc_info=error)
    text = _("The mistake is ours and has been recorded. Try again; if it happens once more, tell us the reference.")
    return _bare(HTTPStatus.INTERNAL_SERVER_ERROR, _("Something went wrong"), text)


def _render(status: int, message: Sentence) -> Response:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _bare(status, _title(status), str(message))
    templates = [PROBLEM] if hypermedia.wants_fragment() else [f"errors/{status}.html", "errors/404.html"]
    try:
        # Before the first word: who reads decides the language, and what is refused early has not asked who it is.
        bool(current_user.is_authenticated)
        text = str(message)
        body = _rendered(templates, title=_title(status), text=text, message=text, status=status)
    except DynamoUnavailable:
        return bare(Unavailable())
    return Response(body, status=status)


def _bare(status: int, title: str, text: str) -> Response:
    """One of the two pages that need neither session nor database, and plain words when even a template fails."""
    g.alone = True
    templates = [f"errors/{status}.html", ALONE] if status in OUR_FAULT else [ALONE]
    try:
        body = _rendered(templates, title=title, text=text, message=text, status=status)
    except TemplateError:
        log.exception("no_error_page", status=status)
        body = PLAIN % (escape(title), escape(text), escape(reference()))
    return Response(body, status=status)


def _rendered(templates: list[str], **context: object) -> str:
    """The first of the templates that exists, with what all of them need."""
    found = current_app.jinja_env.select_template(templates)
    body: str = render_template(found, reference=reference(), toasts=[], **context)
    return body


def _title(status: int) -> str:
    titles: dict[int, str] = {
        HTTPStatus.BAD_REQUEST: _("That page was out of date"),
        HTTPStatus.FORBIDDEN: _("Not part of your role"),
        HTTPStatus.NOT_FOUND: _("Nothing here"),
        HTTPStatus.METHOD_NOT_ALLOWED: _("That cannot be done here"),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("That is too large"),
    }
    return titles.get(status) or str(_("Please try again"))
