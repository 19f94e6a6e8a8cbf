"""Locations, rooms, equipment and providers: lists and forms; what is retired stays in the list and can come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.db import Role
from webapp.errors import NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.money import typed
from webapp.practice import actions, catalog
from webapp.practice.forms import FORMS, read_retirement, read_thing
from webapp.practice.forms.parsing import zones
from webapp.practice.forms.things import SIGNED_ALONE
from webapp.practice.views.door import blueprint
from webapp.practice.views.home import tabs
from webapp.routing import requires

if TYPE_CHECKING:
    from flask_babel import LazyString

VIEW, EDIT = Permission.SETTINGS_VIEW, Permission.SETTINGS_EDIT

toasts.say("setting.saved", _l("Saved."))
toasts.say("setting.retired", _l("Retired. It stays in the records and can be brought back."))
toasts.say("setting.back", _l("Back in use."))


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of thing is called on its pages."""

    title: LazyString
    add: LazyString
    one: LazyString
    columns: tuple[LazyString, ...]


WORDS: dict[str, Words] = {
    "locations": Words(
        _l("Locations"),
        _l("Add a location"),
        _l("Location"),
        (_l("Name"), _l("Address"), _l("Phone"), _l("Time zone")),
    ),
    "rooms": Words(_l("Rooms"), _l("Add a room"), _l("Room"), (_l("Name"), _l("Location"))),
    "equipment": Words(_l("Equipment"), _l("Add equipment"), _l("Equipment"), (_l("Name"), _l("Kind"), _l("Location"))),
    "providers": Words(
        _l("Providers"), _l("Add a provider"), _l("Provider"), (_l("Name"), _l("Specialty"), _l("Order on the board"))
    ),
}


@blueprint.get("/settings/<kind>")
@requires(VIEW, role=Role.DESK)
def things(kind: str) -> Response:
    """Everything of a kind, what is retired at the end."""
    words = _words(kind)
    places = {place.id: place.name for place in catalog.things("locations")}
    rows = [
        {
            "cells": _cells(kind, thing, places),
            "href": url_for("practice.thing", kind=kind, thing_id=thing.id),
            "retired": thing.retired_at is not None,
        }
        for thing in catalog.things(kind)
    ]
    return hypermedia.page(
        "practice/things.html",
        tabs=tabs(kind),
        words=words,
        columns=[*({"label": label} for label in words.columns), {"label": _("State"), "hidden": True}],
        rows=rows,
        add=url_for("practice.new_thing", kind=kind),
        closed=kind != "locations" and not places,
    )


@blueprint.get("/settings/<kind>/new")
@requires(EDIT, role=Role.MANAGER)
def new_thing(kind: str) -> Response:
    """An empty form."""
    return _form(kind, None, None)


def _new_refused(refusal: Refusal, kind: str) -> Response:
    return _form(kind, None, refusal)


@blueprint.post("/settings/<kind>/new")
@requires(EDIT, role=Role.MANAGER, refused=_new_refused)
def add_thing(kind: str) -> Response:
    """Add one."""
    _words(kind)
    made = actions.save(read_thing(kind, request.form, None))
    return _saved("setting.saved", kind, made.id)


@blueprint.get("/settings/<kind>/<uuid:thing_id>")
@requires(VIEW, role=Role.DESK)
def thing(kind: str, thing_id: UUID) -> Response:
    """One thing with its form."""
    return _form(kind, thing_id, None)


def thing_refused(refusal: Refusal, kind: str, thing_id: UUID) -> Response:
    """The form again, with what was typed."""
    return _form(kind, thing_id, refusal)


@blueprint.post("/settings/<kind>/<uuid:thing_id>")
@requires(EDIT, role=Role.MANAGER, refused=thing_refused)
def change_thing(kind: str, thing_id: UUID) -> Response:
    """Change one, unless somebody else did since it was shown."""
    _words(kind)
    catalog.thing(kind, thing_id)
    actions.save(read_thing(kind, request.form, thing_id))
    return _saved("setting.saved", kind, thing_id)


@blueprint.post("/settings/<kind>/<uuid:thing_id>/back")
@requires(EDIT, role=Role.MANAGER, refused=thing_refused)
def bring_back(kind: str, thing_id: UUID) -> Response:
    """Take a retired one back into use."""
    known(kind, thing_id)
    actions.bring_back(read_retirement(kind, request.form, thing_id))
    return _saved("setting.back", kind, thing_id)


def known(kind: str, thing_id: UUID) -> Any:  # noqa: ANN401 - one of five models
    """The thing of an address, of any kind that can be retired (NotFound)."""
    if kind not in actions.MODELS:
        raise NotFound
    return catalog.thing(kind, thing_id)


def list_of(kind: str) -> str:
    """The address of the list that a thing stands in."""
    return url_for("practice.services") if kind == "services" else url_for("practice.things", kind=kind)


def _saved(code: str, kind: str, thing_id: UUID) -> Response:
    activity.note("changed", detail=code)
    return hypermedia.done(code, list_of(kind), thing=thing_id)


def _words(kind: str) -> Words:
    if kind not in WORDS:
        raise NotFound
    return WORDS[kind]


def _cells(kind: str, thing: Any, places: dict[UUID, str]) -> list[str]:  # noqa: ANN401 - one of four models
    if kind == "locations":
        city = ", ".join(part for part in (thing.line, thing.city) if part)
        return [thing.name, city, thing.phone, thing.time_zone.replace("_", " ")]
    if kind == "rooms":
        return [thing.name, places[thing.location_id]]
    if kind == "equipment":
        return [thing.name, thing.kind, places[thing.location_id]]
    return [thing.name, thing.specialty, str(thing.position)]


def _location_name(thing: Any) -> str:  # noqa: ANN401 - one of four models
    location_id = getattr(thing, "location_id", None)
    return "" if location_id is None else str(catalog.thing("locations", location_id).name)


def _form(kind: str, thing_id: UUID | None, refusal: Refusal | None) -> Response:
    words = _words(kind)
    thing = None if thing_id is None else catalog.thing(kind, thing_id)
    names = list(FORMS[kind].model_fields)
    values = {name: "" if thing is None else getattr(thing, name) for name in names}
    if kind == "locations":
        values["manager_signs_over_cents"] = typed(SIGNED_ALONE if thing is None else thing.manager_signs_over_cents)
    # The version shown is the one that was seen: with another one, a second press would overwrite what changed.
    if refusal is not None and request.method == "POST":
        values |= {name: request.form.get(name, "") for name in names if name in request.form}
    return hypermedia.page(
        "practice/thing.html",
        tabs=tabs(kind),
        kind=kind,
        words=words,
        thing=thing,
        values=values,
        errors={} if refusal is None else refusal.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
        back=list_of(kind),
        location_name=_location_name(thing),
        places=[(place.id, place.name) for place in catalog.things("locations") if place.retired_at is None],
        zones=[("", _("Choose")), *((zone, zone.replace("_", " ")) for zone in zones())],
        kinds=catalog.equipment_kinds() if kind == "equipment" else [],
        services=catalog.services_of(thing_id) if kind == "providers" and thing_id is not None else [],
    )
