"""What every answer carries and every request must pass before a view sees it: headers, hosts, sizes, same origin."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask
    from itsdangerous import URLSafeTimedSerializer

    from webapp.settings import Settings

BODY_BYTES = 1024 * 1024
FORM_BYTES = 256 * 1024
FORM_PARTS = 500
COOKIE_HOURS = 24
IN_QUERIES = "%!$&'()*+,/:;=?@"
HEALTH_DOORS = frozenset({"/livez", "/readyz"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SAME_ORIGIN = frozenset({"same-origin", "none"})

FORMS = "form-action 'self'"
_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    FORMS,
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
CONTENT_SECURITY_POLICY = "; ".join(_DIRECTIVES)

HEADERS: tuple[tuple[str, str], ...] = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # Not no-referrer: that would make the Origin of our own form posts "null".
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
STRICT_TRANSPORT = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")

csrf = CSRFProtect()


def _headers(pays_at: str) -> tuple[tuple[str, str], ...]:
    """The headers of every answer; browsers ask for leave for where a form's answer leads, too: to where people pay."""
    if not pays_at:
        return HEADERS
    policy = CONTENT_SECURITY_POLICY.replace(FORMS, f"{FORMS} {pays_at}")
    return tuple((name, policy if value == CONTENT_SECURITY_POLICY else value) for name, value in HEADERS)


class Cookies(SecureCookieSessionInterface):
    """Signs as Flask does, by one serializer for each key: each request would make two, longer than they work."""

    def __init__(self) -> None:
        self._made: dict[object, URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        keys = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        if keys not in self._made:
            self._made[keys] = super().get_signing_serializer(app)
        return self._made[keys]


class SecurityHeaders:
    """Outermost WSGI layer, so that static files, 304 and answers of the server's own errors carry the headers too."""

    def __init__(self, application: WSGIApplication, *, secure: bool, pays_at: str = "") -> None:
        self.application = application
        self.headers = (*_headers(pays_at), STRICT_TRANSPORT) if secure else _headers(pays_at)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            sent = {name.lower() for name, _ in headers}
            headers.extend((name, value) for name, value in self.headers if name.lower() not in sent)
            return start_response(status, headers, exc_info)  # type: ignore[arg-type]

        return self.application(environ, start)  # type: ignore[arg-type]


class PlainAddresses:
    """Writes raw bytes in a query string as browsers do, in per cent: whoever reads the address may rely on text."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():
            environ["QUERY_STRING"] = quote(query.encode("latin-1", "replace"), safe=IN_QUERIES)
        return self.application(environ, start_response)


class HealthChecks:
    """Lets balancers look in by the machine's address, which is no name of ours: their two doors know no other host."""

    def __init__(self, application: WSGIApplication, host: str) -> None:
        self.application = application
        self.host = host

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in HEALTH_DOORS:
            environ["HTTP_HOST"] = self.host
        return self.application(environ, start_response)


def init_app(app: Flask, settings: Settings) -> None:
    """Set cookie, limits, trusted hosts and proxies from the public address, and guard every unsafe request."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-anteroom" if settings.secure else "anteroom",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=COOKIE_HOURS),
        MAX_CONTENT_LENGTH=BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        MAX_FORM_PARTS=FORM_PARTS,
        TRUSTED_HOSTS=list(settings.allowed_hosts),
        WTF_CSRF_TIME_LIMIT=None,
        # Origin and Sec-Fetch-Site are checked below, on http and https alike.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.session_interface = Cookies()
    app.before_request(_same_origin)
    app.before_request(_no_nul)
    csrf.init_app(app)


def wrap(app: Flask, settings: Settings) -> None:
    """Put the outer layers around the application: headers outermost, then exactly as many proxies as there are."""
    hops = settings.proxy_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    app.wsgi_app = HealthChecks(app.wsgi_app, settings.allowed_hosts[0])  # type: ignore[method-assign]
    app.wsgi_app = PlainAddresses(app.wsgi_app)  # type: ignore[method-assign]
    app.wsgi_app = SecurityHeaders(app.wsgi_app, secure=settings.secure, pays_at=settings.cards.pages)  # type: ignore[method-assign]


def _no_nul() -> None:
    """Refuse text that PostgreSQL can't hold, before any view has to think of it."""
    values = (request.args, request.form) if request.method not in SAFE_METHODS else (request.args,)
    for texts in values:
        for name, text in texts.items(multi=True):
            if "\0" in name or "\0" in text:
                raise BadRequest


def _same_origin() -> None:
    """Refuse unsafe requests that another site started; a browser too old to say is judged by the token alone."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in SAME_ORIGIN:
        raise BadRequest
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() != f"{request.scheme}://{request.host}".lower():
        raise BadRequest
