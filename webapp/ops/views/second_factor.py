"""A manager resets somebody's second factor: for a lost phone, or one in wrong hands."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.cycle import scope
from webapp.db import Role, db
from webapp.errors import FormInvalid, Unavailable
from webapp.identity import actions, second_factor
from webapp.identity.gateways.cognito import SignInUnavailable, WrongPassword
from webapp.identity.permissions import Permission
from webapp.identity.refusals import OwnAccount
from webapp.identity.service import identity
from webapp.ops.views.accounts import cut_off, me, refused
from webapp.ops.views.door import blueprint
from webapp.routing import requires

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

toasts.say("account_factor", _l("Reset. The person sets up a new authenticator app at the next sign-in."))


class Reason(StrEnum):
    """Why; the value stands in the activity log."""

    LOST = "lost"
    REPLACED = "replaced"
    MISUSE = "misuse"


def _reason() -> Reason:
    try:
        return Reason(request.form.get("reason", ""))
    except ValueError:
        raise FormInvalid({"reason": [_("Choose why the second factor is reset")]}) from None


@contextmanager
def _forgotten(account_id: UUID) -> Iterator[None]:
    """Cognito forgets the app before our row goes, as pressing again mends either half; sessions end around it."""
    _reason()
    if account_id == scope().actor:
        raise OwnAccount
    with cut_off(account_id):
        try:
            identity().service.forget_secret(str(account_id))
        except SignInUnavailable as away:
            raise Unavailable from away
        except WrongPassword:
            # Cognito never heard of the person, so there is no app to forget.
            pass
        yield


@blueprint.post("/accounts/<uuid:account_id>/reset-second-factor")
@requires(Permission.ACCOUNTS_MANAGE, role=Role.MANAGER, refused=refused, around=_forgotten, recent=True)
def reset_second_factor(account_id: UUID) -> Response:
    """Forget somebody else's app and recovery codes; they set up new ones at the next sign-in."""
    second_factor.reset(db.session(), account_id)
    actions.sign_out_everywhere(db.session(), account_id, by=me())
    activity.note("second_factor_reset", detail=f"account.{_reason()}", account=account_id)
    return hypermedia.done("account_factor", url_for("ops.account", account_id=account_id), account=account_id)
