"""The doors of the application: every view has exactly one, and it says who may pass and as which database role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any

from werkzeug.routing import BaseConverter, ValidationError

from webapp import cycle

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from flask import Flask, Response
    from flask.typing import ResponseReturnValue

    from webapp.db import Role
    from webapp.identity.permissions import Permission
    from webapp.rate import Rate

    View = Callable[..., ResponseReturnValue]

# The closed list of doors without a session; static files never reach a view.  One more needs a reason that a reviewer
# accepts.
DOORS_WITHOUT_A_SESSION = frozenset(
    {
        "ops.livez",
        "ops.readyz",
        "identity.sign_in",
        "identity.new_password",
        "identity.code",
        "identity.enroll",
        "identity.recover",
        "identity.forgot",
        "identity.reset",
        "identity.sign_out",
        "identity.switch_user",
        # Whoever can't read a page can't sign in on it.
        "identity.speak",
        # Signed links to one visit, whose POST confirms it and nothing else; and secret, revocable calendar addresses.
        "portal.visit_link",
        "portal.confirm_by_link",
        "portal.feed",
        "portal.sign_up",
        "portal.sign_up_account",
        "portal.sign_up_confirm",
        "portal.register",
        # Signed by the card gateway.
        "billing.stripe_event",
        # A payment link: whoever has its secret address may pay, and come back to see whether it worked.
        "billing.pay_link",
        "billing.pay_by_page",
        "billing.paid_back",
        "billing.pay_on",
        # Stands for a card company's own page in a local clinic; not there where a real one is chosen.
        "terminal.payer",
        "terminal.payer_does",
    }
)


@dataclass(frozen=True, slots=True)
class Door:
    """What a route asks of a request before its view runs.

    `permission` None marks a door without a session; `role` None opens no transaction.  `gateway` routes open their
    own short transactions with the network call between them, and keep their key themselves.  `asks` marks a POST that
    only reads: it is a POST so that what a person typed stays out of addresses, and so out of logs.  `touches`
    False marks a door that pages knock at by themselves: coming in by it never counts as being seen.  `recent` asks for
    the password again when that was longer ago than five minutes, and loses nothing of what was about to be sent.
    `limit` is how often one account may come in by it and by the other doors of the same kind.  `audited` is the detail
    with which the audit's job tells the activity log of the change, so that nobody waits for DynamoDB.
    """

    permission: Permission | None
    role: Role | None = None
    refused: View | None = None
    prefetch: Callable[..., Any] | None = None
    around: Callable[..., AbstractContextManager[None]] | None = None
    key_in_function: bool = False
    gateway: bool = False
    asks: bool = False
    touches: bool = True
    recent: bool = False
    limit: Rate | None = None
    still: Callable[..., Response | None] | None = None
    audited: str = ""

    @property
    def opens_transaction(self) -> bool:
        return self.role is not None and not self.gateway


def requires(
    permission: Permission,
    *,
    role: Role | None,
    refused: View | None = None,
    prefetch: Callable[..., Any] | None = None,
    around: Callable[..., AbstractContextManager[None]] | None = None,
    key_in_function: bool = False,
    gateway: bool = False,
    asks: bool = False,
    touches: bool = True,
    recent: bool = False,
    limit: Rate | None = None,
    still: Callable[..., Response | None] | None = None,
    audited: str = "",
) -> Callable[[View], View]:
    """Let a view run for people with the permission, inside one transaction of the database role.

    GET, and a POST that `asks`, reads in a READ ONLY transaction.  Any other POST claims the form's key, runs, stores
    its outcome and commits; its view answers with `hypermedia.done`.  `refused(refusal, **view_args)` renders a
    refusal in a new READ ONLY transaction, with the input kept; `prefetch(**view_args)` reads from DynamoDB before the
    transaction, into `g.prefetched`.  `around(**view_args)` is a context manager in which the transaction of a change
    runs: for what has to happen before it begins and after it has committed; it may refuse, too.  `still(**view_args)`
    answers a poll, before any transaction, when nothing has changed; None lets the view run.  `audited` is for doors
    that are busy all day and change rows of patients with an audit: their views note no change.
    """
    door = Door(
        permission, role, refused, prefetch, around, key_in_function, gateway, asks, touches, recent, limit, still,
        audited,
    )  # fmt: skip

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**view_args: object) -> ResponseReturnValue:
            return cycle.serve(door, view, view_args)

        guarded.door = door  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(view: View) -> View:
    """Let a view run without a session; its endpoint has to be on the closed list."""

    @wraps(view)
    def open_to_all(**view_args: object) -> ResponseReturnValue:
        return cycle.serve_public(view, view_args)

    open_to_all.door = Door(None)  # type: ignore[attr-defined]
    return open_to_all


def door_of(app: Flask, endpoint: str) -> Door | None:
    """The door of an endpoint; None when its view was registered without one."""
    return getattr(app.view_functions[endpoint], "door", None)


def check_doors(app: Flask) -> None:
    """Refuse to start with a view that has no door, or a public one that is not on the closed list (RuntimeError)."""
    for endpoint in app.view_functions:
        door = door_of(app, endpoint)
        if door is None:
            raise RuntimeError(f"{endpoint} has no door: decorate it with @requires or @public")
        if door.permission is None and endpoint not in DOORS_WITHOUT_A_SESSION:
            raise RuntimeError(f"{endpoint} is public but not on the closed list of doors without a session")


class DayConverter(BaseConverter):
    """A calendar day in an address as YYYY-MM-DD; anything else is no such page."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValidationError from error

    def to_url(self, value: date) -> str:
        return value.isoformat()


def init_app(app: Flask) -> None:
    """Teach addresses about days: `<day:day>`."""
    app.url_map.converters["day"] = DayConverter
