"""Page or fragment, toast or redirect: every answer a browser gets is made here, and every HX- header is named here."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode, urlsplit

from flask import (
    Response,
    current_app,
    flash,
    g,
    get_flashed_messages,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from htmx_flask import Htmx
from htmx_flask import make_response as htmx_response

from webapp.toasts import toast_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask
    from htmx_flask.requests import HtmxAwareRequest, HtmxHeaders

REQUEST_TYPE = "HX-Request-Type"
TARGET = "HX-Target"
CURRENT_URL = "HX-Current-URL"
TAG = "HX-PTag"
PARTIAL = "partial"
SIGN_IN = "identity.sign_in"
UNDO = "desk.undo"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TOASTS = 3
TOASTS_TEMPLATE = "fragment/toasts.html"


def init_app(app: Flask) -> None:
    """Let requests know about htmx, and tell caches what answers depend on."""
    Htmx(app)
    app.after_request(_describe)


def wants_fragment() -> bool:
    """Whether htmx will swap the answer into a part of the page; the one place that decides it."""
    return bool(_htmx()) and request.headers.get(REQUEST_TYPE) == PARTIAL


def target() -> str | None:
    """Id of the element the answer goes into, as htmx 4 names it (`div#drawer` -> `drawer`); None without one."""
    named = request.headers.get(TARGET, "")
    return named.rpartition("#")[2] if "#" in named else None


def page(
    template: str,
    *,
    block: str | None = None,
    targets: Mapping[str, str] | None = None,
    status: int = HTTPStatus.OK,
    tag: str | None = None,
    **context: object,
) -> Response:
    """Render the whole page, or for a fragment request only its named block: one template, one view, one context.

    `targets` maps ids of elements to blocks, for a page of which several parts can be asked for; `block` is the
    default.  A page without blocks is always rendered whole.  `tag` is the revision that polls compare (see unchanged).
    """
    name = block
    if targets and wants_fragment():
        name = targets.get(target() or "", block)
    if name is not None and wants_fragment():
        body = f"{_block(template, name, context)}{_toast_parts()}"
    else:
        body = render_template(template, toasts=_toasts(), **context)
    response = Response(body, status=status)
    if tag is not None:
        response.headers[TAG] = tag
    return response


def sent_tag() -> str:
    """The revision that a poll says it shows; empty when it names none."""
    return request.headers.get(TAG, "")


def unchanged(tag: str) -> Response | None:
    """Answer 304 to a poll whose tag is still right; None when the page has to be rendered.

    An ETag can't do this: a page that must not be stored is never revalidated.
    """
    if not wants_fragment() or sent_tag() != tag:
        return None
    response = Response(status=HTTPStatus.NOT_MODIFIED)
    response.headers[TAG] = tag
    return response


@dataclass(frozen=True, slots=True)
class Done:
    """A change that happened: its toast's code, where to go on, and the ids it made."""

    code: str
    location: str
    ids: dict[str, str]

    @property
    def result(self) -> dict[str, str]:
        return {"code": self.code, **self.ids}


def done(code: str, location: str, **ids: object) -> Response:
    """Answer a successful change with 303 to a page that shows it; `code` becomes that page's toast.

    Raises ValueError for another site's address.
    """
    finished = Done(code, location, {name: str(value) for name, value in ids.items()})
    g.done = finished
    announce_result(finished.result)
    return see(location)


def see(location: str) -> Response:
    """Answer 303 to one of our own addresses (ValueError for others); fetch and browsers follow it with a GET."""
    if not is_own(location):
        raise ValueError("a redirect leads to a page of ours, never elsewhere")
    return cast("Response", redirect(location, HTTPStatus.SEE_OTHER))


def away(location: str) -> Response:
    """Answer 303 to a page of the card gateway's, as the gateway itself named it: nothing a person sent is in it.

    Raises ValueError for anything but https, and plain http to this machine.
    """
    parts = urlsplit(location)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("people are sent away only where nobody listens in")
    return cast("Response", redirect(location, HTTPStatus.SEE_OTHER))


def announce(code: str) -> None:
    """Keep a toast's code (never its text, never patient data) in the signed cookie for the next page.

    The last three: a client that never asks for a page must not grow a cookie that no browser would keep.
    """
    flash(code)
    session["_flashes"] = session["_flashes"][-TOASTS:]


def announce_result(result: Mapping[str, object]) -> None:
    """Announce what a change said it did; one of a visit that can be put back says which, by id and version.

    A code without words is shown by the page it leads to.
    """
    code = str(result.get("code", "saved"))
    toast = toast_of(code)
    if toast.is_silent:
        return
    if toast.undoable and "version" in result:
        code = f"{code} {result['appointment']} {result['version']}"
    announce(code)


def close_dialog(response: Response) -> Response:
    """Tell the page to close its dialog after the swap."""
    response.headers["HX-Trigger"] = "close-dialog"
    return response


def tick(response: Response) -> Response:
    """Tell everything on the page that keeps itself fresh to look again now."""
    response.headers["HX-Trigger"] = '{"tick": {"target": "body"}}'
    return response


def leave(location: str) -> Response:
    """Send the whole page to one of our addresses from a fragment request; waiting toasts are shown there."""
    if not is_own(location):
        raise ValueError("a redirect leads to a page of ours, never elsewhere")
    return cast("Response", htmx_response("", HTTPStatus.OK, redirect=location))


def push(response: Response, url: str) -> Response:
    """Put one of our own addresses into the browser's address bar with this fragment."""
    response.headers["HX-Push-Url"] = url
    return response


def sign_in() -> Response:
    """Send somebody without a session to the sign-in page, and back to where they were afterwards."""
    fragment = wants_fragment()
    address = url_for(SIGN_IN) + "?" + urlencode({"next": _return_path(fragment=fragment)})
    if fragment:
        return cast("Response", htmx_response("", HTTPStatus.UNAUTHORIZED, redirect=address))
    return see(address)


def came_from() -> str:
    """The path of the page that this request was made on."""
    return _return_path(fragment=wants_fragment())


def is_own(location: str) -> bool:
    """Whether an address is a path of this site: two slashes, backslashes and control characters are not."""
    return (
        location.startswith("/") and not location.startswith("//") and location.isprintable() and "\\" not in location
    )


def _return_path(*, fragment: bool) -> str:
    """Where the person was: the page that asked for a fragment, else the page asked for; a POST leads to its page."""
    if not fragment and request.method in {"GET", "HEAD"}:
        return request.full_path.rstrip("?")
    try:
        parts = urlsplit(request.headers.get(CURRENT_URL) or request.referrer or "/")
    except ValueError:
        return "/"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if parts.netloc == request.host and is_own(path) else "/"


def _block(template: str, block: str, context: dict[str, object]) -> str:
    found = current_app.jinja_env.get_template(template)
    current_app.update_template_context(context)
    return "".join(found.blocks[block](found.new_context(context)))


def _toasts() -> list[dict[str, str]]:
    return [_toast(*str(message).split(" ")) for message in get_flashed_messages()]


def _toast(code: str, visit: str = "", version: str = "") -> dict[str, str]:
    toast = toast_of(code)
    undo = url_for(UNDO, appointment_id=visit) if visit else ""
    return {"text": str(toast.text), "tone": toast.tone, "undo": undo, "version": version}


def _toast_parts() -> str:
    """Toasts of a fragment travel beside it, out of band; nothing when none wait."""
    waiting = _toasts()
    return render_template(TOASTS_TEMPLATE, toasts=waiting) if waiting else ""


def _htmx() -> HtmxHeaders:
    return cast("HtmxAwareRequest", request).htmx


def _describe(response: Response) -> Response:
    response.vary.update((REQUEST_TYPE, TARGET, "Cookie"))
    if g.get("asked_for_language"):
        response.vary.add("Accept-Language")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
