"""The order of one request: session, permission, prefetch, transaction, view, outcome, COMMIT, activity, sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import current_app, g, request
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from webapp import acting, activity, clock, hypermedia, idempotency, patience, problems, rate
from webapp.db import Role, Scope, is_retryable, transactional
from webapp.dynamo import DynamoUnavailable
from webapp.errors import (
    BadRequest,
    KeyReused,
    NotAllowed,
    NotFound,
    NotSaved,
    Refusal,
    TooOften,
    Unavailable,
    Unchecked,
)
from webapp.ids import new_id
from webapp.problems import DATABASE_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from flask import Response
    from flask.typing import ResponseReturnValue

    from webapp.routing import Door

    View = Callable[..., ResponseReturnValue]
    Arguments = dict[str, Any]

ATTEMPTS = 3
# How long ago somebody may have shown their password where a door asks for it to be recent.
RECENT = timedelta(minutes=5)
STEP_UP = "anteroom.step_up"
READS = frozenset({"GET", "HEAD"})


class _RolledBack(Exception):  # noqa: N818 - carries an answer out of its transaction
    """The view itself answered 400 or above, so its transaction must not commit."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(slots=True)
class _Attempt:
    """How far one run of a change got: once COMMIT was sent, only the key knows what happened."""

    commit_sent: bool = False


def serve(door: Door, view: View, args: Arguments) -> Response:
    """Answer one request at a door that asks for a session."""
    if not current_user.is_authenticated:
        return hypermedia.sign_in()
    scope = _scope(door, args)
    try:
        response = _serve(door, view, args, scope)
    except HTTPException as error:
        return _refuse(door, problems.refusal_of_http(error), args, scope)
    except Refusal as refusal:
        return _refuse(door, refusal, args, scope)
    except DynamoUnavailable:
        return problems.bare(Unavailable())
    return response


def serve_public(view: View, args: Arguments) -> Response:
    """Answer one request at a door without a session; its view opens what transactions it needs."""
    begin()
    response = current_app.make_response(view(**args))
    activity.flush(actor=None, at=g.at)
    return response


def begin() -> None:
    """Fix the time and the id of the request once; everything it writes carries these two."""
    if "at" not in g:
        g.at = clock.now()
        g.request_id = str(new_id())


def scope() -> Scope:
    """Who acts in the current request: the actor and time that views hand to actions."""
    current: Scope = g.scope
    return current


def form_claim(args: Arguments) -> idempotency.Claim:
    """The form's one-time key, for gateway views, which claim it in a transaction of their own."""
    return _claim(scope(), args)


def _scope(door: Door, args: Arguments) -> Scope:
    begin()
    role, patients = door.role or Role.IDENTITY, acting.patients_of(door, args)
    sites = current_user.sites_of(door.permission)
    locations = None if sites is None else tuple(sites)
    g.roles = frozenset(current_user.roles)
    origin = activity.origin_of(door.audited) if door.audited else ""
    opened = g.scope = Scope(role, current_user.account_id, g.at, g.request_id, patients, locations, origin)
    return opened


def _serve(door: Door, view: View, args: Arguments, scope: Scope) -> Response:
    if door.permission not in current_user.permissions:
        raise NotAllowed
    if door.limit is not None:
        rate.take(door.limit, current_user.account_id, g.at)
    if acting.is_refused(door, args):
        raise acting.nothing_here(args)
    if door.recent and g.at - current_user.created_at > RECENT:
        ask_again: Callable[[], Response] = current_app.extensions[STEP_UP]
        return ask_again()
    if door.prefetch is not None:
        g.prefetched = door.prefetch(**args)
    reading = door.asks or request.method in READS
    if not door.opens_transaction:
        response = _by_itself(view, args, Unavailable if reading else Unchecked)
    elif reading:
        response = _read(door, view, args, scope)
    elif door.around is None:
        response = _change(door, view, args, scope)
    else:
        response = _change_within(door.around(**args), door, view, args, scope)
    return _recorded(response, scope, changed=not reading and response.status_code < 400)  # noqa: PLR2004


def _by_itself(view: View, args: Arguments, away: type[Unavailable]) -> Response:
    """Answer by a view that opens its own transactions: when one is lost, others and a gateway may have done theirs."""
    try:
        return current_app.make_response(view(**args))
    except DATABASE_ERRORS as error:
        raise problems.meaning(error, away) from error


def _change_within(
    around: AbstractContextManager[object], door: Door, view: View, args: Arguments, scope: Scope
) -> Response:
    """Answer a form that was sent before as it was answered then, before what lies around the change happens again."""
    with transactional(scope, read_only=True) as session:
        outcome = idempotency.find(session, _claim(scope, args))
    if outcome is not None:
        return _replay(outcome)
    with around:
        return _change(door, view, args, scope)


def _recorded(response: Response, scope: Scope, *, changed: bool) -> Response:
    """Write who saw or changed what, then let the answer go; a committed change is never reported as an error."""
    try:
        activity.flush(actor=scope.actor, at=scope.at)
    except DynamoUnavailable:
        if not changed:
            raise
        return problems.saved()
    return response


def _read(door: Door, view: View, args: Arguments, scope: Scope) -> Response:
    for left in reversed(range(ATTEMPTS)):
        activity.start()
        try:
            same = None if door.still is None else door.still(**args)
            if same is not None:
                return same
            with transactional(scope, read_only=True):
                return _answered(view(**args))
        except _RolledBack as rolled_back:
            return rolled_back.response
        except DATABASE_ERRORS as error:
            if not (is_retryable(error) and left):
                raise problems.meaning(error, Unavailable) from error
    raise Unavailable


def _change(door: Door, view: View, args: Arguments, scope: Scope) -> Response:
    claim = _claim(scope, args)
    g.idempotency = claim
    for left in reversed(range(ATTEMPTS)):
        activity.start()
        attempt = _Attempt()
        try:
            return _change_once(door, view, args, scope, attempt)
        except _RolledBack as rolled_back:
            return rolled_back.response
        except DATABASE_ERRORS as error:
            if is_retryable(error) and left and not attempt.commit_sent:
                continue
            refusal = problems.meaning(error, NotSaved)
            if attempt.commit_sent and isinstance(refusal, Unavailable):
                return _look_up(claim, scope, error)
            raise refusal from error
    raise NotSaved


def _change_once(door: Door, view: View, args: Arguments, scope: Scope, attempt: _Attempt) -> Response:
    claim: idempotency.Claim = g.idempotency
    with transactional(scope) as session:
        if not door.key_in_function:
            outcome = idempotency.claim(session, claim, scope.at)
            if outcome is not None:
                return _replay(outcome)
        response = _answered(view(**args))
        done: hypermedia.Done = g.pop("done")
        if not door.key_in_function:
            outcome = idempotency.Outcome(response.status_code, done.location, dict(done.result))
            idempotency.store(session, claim, outcome)
        session.flush()
        attempt.commit_sent = True
    return response


def _answered(answer: ResponseReturnValue) -> Response:
    """Make the answer complete before COMMIT; one of 400 or above must not commit."""
    response = current_app.make_response(answer)
    if response.is_streamed and not response.direct_passthrough:
        response.get_data()
    if response.status_code >= 400:  # noqa: PLR2004
        raise _RolledBack(response)
    return response


def _look_up(claim: idempotency.Claim, scope: Scope, error: BaseException) -> Response:
    """Tell the truth after a lost COMMIT.

    Claiming, rather than looking, waits for a COMMIT that is still on its way; our own claim is rolled back.
    """
    patience.last_chance()
    try:
        with transactional(scope) as session:
            outcome = idempotency.claim(session, claim, scope.at)
            if outcome is None:
                raise NotSaved from error
    except DATABASE_ERRORS as second:
        raise Unchecked from second
    return _replay(outcome)


def _replay(outcome: idempotency.Outcome) -> Response:
    hypermedia.announce_result(outcome.result)
    return hypermedia.see(outcome.location)


def _claim(scope: Scope, args: Arguments) -> idempotency.Claim:
    try:
        key = UUID(request.form["_key"])
    except (KeyError, ValueError) as error:
        raise BadRequest from error
    if scope.actor is None:
        raise BadRequest
    g.form_key = key
    digest = idempotency.hash_request(request.endpoint or "", args, request.form.items(multi=True))
    return idempotency.Claim(scope.actor, key, digest)


def _refuse(door: Door, refusal: Refusal, args: Arguments, scope: Scope) -> Response:
    """Render a refusal with input kept and alternatives, record it, and show nothing when that fails."""
    activity.start()
    patience.last_chance()
    if isinstance(refusal, KeyReused):
        g.pop("form_key", None)
    try:
        response = _explain(door, refusal, args, scope)
        response.headers.update(refusal.headers)
        if not isinstance(refusal, Unavailable):
            activity.note("refused", patient=refusal.patient, detail=refusal.code)
        activity.flush(actor=scope.actor, at=scope.at)
    except (DynamoUnavailable, *DATABASE_ERRORS):
        return problems.bare(refusal if isinstance(refusal, Unavailable) else Unavailable())
    return response


def _explain(door: Door, refusal: Refusal, args: Arguments, scope: Scope) -> Response:
    # 403 and 404 are about the page itself: there is nothing of it to show again.
    if door.refused is None or door.role is None or isinstance(refusal, NotAllowed | NotFound):
        return problems.page(refusal)
    try:
        with transactional(scope, read_only=True):
            response = current_app.make_response(door.refused(refusal, **args))
    except Refusal as second:
        # Who asks too often learns that first, also of what is not there.
        return problems.page(refusal if isinstance(refusal, TooOften) else second)
    if response.status_code < 400:  # noqa: PLR2004
        response.status_code = refusal.status
    return response
