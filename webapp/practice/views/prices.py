"""Prices with their days: what services and items cost, cost before, and will cost; a new price begins on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.money import LOCALE, money
from webapp.practice import catalog, prices, queries
from webapp.practice.actions.prices import save_item, set_item_price, set_service_price
from webapp.practice.forms.prices import read_item, read_price
from webapp.practice.views.door import blueprint
from webapp.practice.views.home import tabs
from webapp.routing import requires

if TYPE_CHECKING:
    import datetime as dt

    from webapp.errors import Refusal
    from webapp.practice.models import BillableItem
    from webapp.practice.prices import PriceOf

VIEW, EDIT = Permission.SETTINGS_VIEW, Permission.PRICES_EDIT

toasts.say("price.set", _l("The price is set. What was charged before stays as it is."))
toasts.say("item.saved", _l("Saved."))


@blueprint.get("/settings/services/<uuid:service_id>/prices")
@requires(VIEW, role=Role.DESK)
def service_prices(service_id: UUID) -> Response:
    """What a service costs, by its days."""
    return _service(service_id)


def _refused_service(refusal: Refusal, service_id: UUID) -> Response:
    return _service(service_id, refusal)


@blueprint.post("/settings/services/<uuid:service_id>/prices")
@requires(EDIT, role=Role.MANAGER, refused=_refused_service)
def price_service(service_id: UUID) -> Response:
    """Set what a service costs from a day on."""
    known = catalog.service_detail(service_id)
    set_service_price(read_price(request.form, service_id, known.service.currency), today=_today())
    activity.note("changed", detail="price.set")
    return hypermedia.done("price.set", url_for("practice.service_prices", service_id=service_id))


@blueprint.get("/settings/items")
@requires(VIEW, role=Role.DESK)
def items() -> Response:
    """What can be charged beside visits, with today's price."""
    found = prices.items()
    costs = prices.item_prices([item.id for item in found], _today())
    rows = [
        {
            "code": item.code,
            "label": item.label,
            "category": item.category,
            "href": url_for("practice.item", item_id=item.id),
            "price": money(costs[item.id], item.currency) if item.id in costs else _("No price yet"),
        }
        for item in found
    ]
    return hypermedia.page("practice/items.html", tabs=tabs("items"), rows=rows)


@blueprint.get("/settings/items/new")
@requires(EDIT, role=Role.MANAGER)
def new_item() -> Response:
    """An empty form."""
    return _item(None)


def _refused_new(refusal: Refusal) -> Response:
    return _item(None, refusal)


@blueprint.post("/settings/items/new")
@requires(EDIT, role=Role.MANAGER, refused=_refused_new)
def add_item() -> Response:
    """Add an item; its price comes next."""
    made = save_item(read_item(request.form, None, _currency()))
    activity.note("changed", detail="item.saved")
    return hypermedia.done("item.saved", url_for("practice.item", item_id=made.id), item=made.id)


@blueprint.get("/settings/items/<uuid:item_id>")
@requires(VIEW, role=Role.DESK)
def item(item_id: UUID) -> Response:
    """One item with its prices."""
    return _item(item_id)


def _refused_item(refusal: Refusal, item_id: UUID) -> Response:
    return _item(item_id, refusal)


@blueprint.post("/settings/items/<uuid:item_id>")
@requires(EDIT, role=Role.MANAGER, refused=_refused_item)
def change_item(item_id: UUID) -> Response:
    """Change the words of an item."""
    save_item(read_item(request.form, item_id, _known(item_id).currency))
    activity.note("changed", detail="item.saved")
    return hypermedia.done("item.saved", url_for("practice.item", item_id=item_id))


@blueprint.post("/settings/items/<uuid:item_id>/prices")
@requires(EDIT, role=Role.MANAGER, refused=_refused_item)
def price_item(item_id: UUID) -> Response:
    """Set what an item costs from a day on."""
    set_item_price(read_price(request.form, item_id, _known(item_id).currency), today=_today())
    activity.note("changed", detail="price.set")
    return hypermedia.done("price.set", url_for("practice.item", item_id=item_id))


def _service(service_id: UUID, refusal: Refusal | None = None) -> Response:
    service = catalog.service_detail(service_id).service
    return hypermedia.page(
        "practice/service_prices.html",
        tabs=tabs("services"),
        name=service.name,
        back=url_for("practice.service", service_id=service_id),
        action=url_for("practice.price_service", service_id=service_id),
        **_list(prices.prices_of_service(service_id), service.currency, service.version, refusal),
    )


def _item(item_id: UUID | None, refusal: Refusal | None = None) -> Response:
    known = None if item_id is None else _known(item_id)
    words = {name: "" if known is None else getattr(known, name) for name in ("code", "label", "category")}
    if refusal is not None and "code" in request.form:
        words = {name: request.form.get(name, "") for name in words}
    found = [] if item_id is None else prices.prices_of_item(item_id)
    currency, version = (_currency(), 0) if known is None else (known.currency, known.version)
    return hypermedia.page(
        "practice/item.html",
        tabs=tabs("items"),
        item=known,
        words=words,
        save=url_for("practice.add_item") if item_id is None else url_for("practice.change_item", item_id=item_id),
        action="" if item_id is None else url_for("practice.price_item", item_id=item_id),
        **_list(found, currency, version, refusal),
    )


def _known(item_id: UUID) -> BillableItem:
    found = prices.item(item_id)
    if found is None:
        raise NotFound
    return found


def _list(found: list[PriceOf], currency: str, version: int, refusal: Refusal | None) -> dict[str, Any]:
    """Prices as rows, the latest first, and the form of a new one with what was typed into it."""
    today = _today()
    rows = [
        {
            "since": _("From the beginning") if price.since is None else _day(price.since),
            "until": "" if price.until is None else _day(price.until),
            "amount": money(price.cents, currency),
            "state": _state(price, today),
        }
        for price in reversed(found)
    ]
    sent = request.form if refusal is not None and "price" in request.form else {}
    return {
        "prices": rows,
        "version": version,
        "today": today.isoformat(),
        "typed": {"price": sent.get("price", ""), "since": sent.get("since", today.isoformat())},
        "errors": {} if refusal is None else refusal.errors,
        "message": "" if refusal is None or refusal.errors else str(refusal.message),
    }


def _state(price: PriceOf, today: dt.date) -> str:
    if price.since is not None and price.since > today:
        return "next"
    return "past" if price.until is not None and price.until <= today else "now"


def _day(day: dt.date) -> str:
    return format_date(day, "MMM d, y", locale=LOCALE)


def _today() -> dt.date:
    return scope().at.astimezone(ZoneInfo(queries.time_zone())).date()


def _currency() -> str:
    return next((site.currency for site in queries.locations()), "USD")
