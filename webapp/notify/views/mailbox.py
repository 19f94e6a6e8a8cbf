"""The mailbox of a local clinic: what would have gone out; a clinic with real carriers has no such pages."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from webapp import activity, hypermedia
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.notify import choice_words
from webapp.notify.queries.shown import mailbox as last_items
from webapp.notify.queries.shown import mailbox_item
from webapp.notify.reach import Channel
from webapp.practice.queries import signboard, time_zone
from webapp.routing import requires

blueprint = Blueprint("mailbox", __name__)


@blueprint.get("/mailbox")
@requires(Permission.SETTINGS_EDIT, role=Role.MANAGER)
def items() -> Response:
    """List the last messages with their texts."""
    found = last_items()
    activity.note("listed", listed={item.patient_id for item, _ in found})
    return hypermedia.page(
        "notify/mailbox.html",
        clinic=signboard(),
        zone=time_zone(),
        items=[
            {
                "id": item.id,
                "at": item.at,
                "to": item.recipient,
                "who": name,
                "channel": choice_words.CHANNELS[Channel(item.channel)],
                "subject": item.subject,
                "body": item.body,
                "html": bool(item.html),
            }
            for item, name in found
        ],
    )


@blueprint.get("/mailbox/<uuid:item_id>")
@requires(Permission.SETTINGS_EDIT, role=Role.MANAGER)
def letter(item_id: UUID) -> Response:
    """The HTML of one e-mail, escaped when it was written."""
    item = mailbox_item(item_id)
    activity.note("opened", patient=item.patient_id)
    return Response(item.html or item.body, content_type=f"text/{'html' if item.html else 'plain'}; charset=utf-8")
