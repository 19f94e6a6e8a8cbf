"""Close a day: count the drawers, sign, and see what is still open; signed days are opened again by a manager."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.billing.actions.closing import bill_all, close_all
from webapp.billing.actions.drawers import add_drawer, open_drawer, reopen_drawer
from webapp.billing.day_forms import id_of, read_counts, read_name, read_start, read_visits
from webapp.billing.queries import closing
from webapp.billing.views import day_page
from webapp.billing.views.day_page import TEMPLATE, Shown
from webapp.billing.views.door import blueprint
from webapp.booking.wording import local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, NotFound
from webapp.identity.permissions import Permission
from webapp.practice import queries as practice
from webapp.practice.hours import local_day
from webapp.routing import requires
from webapp.templating import may_at

if TYPE_CHECKING:
    from webapp.errors import Refusal
    from webapp.practice.models import Location

CLOSE, REOPEN = Permission.DAY_CLOSE, Permission.DAY_REOPEN
YEARS = range(2000, 2200)

toasts.say("day.closed", _l("Signed. What was counted goes to the bank."))
toasts.say("day.reopened", _l("Open again. Count it once more, then sign."))
toasts.say("day.billed", _l("Invoices created."))
toasts.say("drawer.opened", _l("The drawer is open."))
toasts.say("drawer.added", _l("The drawer is there. Open it with its starting cash."))


@blueprint.get("/billing/day")
@requires(CLOSE, role=Role.DESK)
def today() -> Response:
    """Lead to today, where the clinic is."""
    site = _site(id_of(request.args, "location"))
    day = scope().at.date() if site is None else local_date(scope().at, site.time_zone)
    return hypermedia.see(url_for("billing.day", day=day, location=request.args.get("location") or None))


@blueprint.get("/billing/day/<day:day>")
@requires(CLOSE, role=Role.DESK)
def day(day: date) -> Response:
    """Show the drawers of a day with what they should hold, and the visits that need a look."""
    return _page(day)


def _refused(refusal: Refusal, day: date) -> Response:
    return _page(day, refusal)


@blueprint.post("/billing/day/<day:day>/count")
@requires(CLOSE, role=Role.DESK, refused=_refused, asks=True)
def count(day: date) -> Response:
    """Work out what was typed so far: what it comes to and how it differs; nothing is signed."""
    return _page(day)


@blueprint.post("/billing/day/<day:day>/close")
@requires(CLOSE, role=Role.DESK, refused=_refused, recent=True)
def close(day: date) -> Response:
    """Sign the drawers that were counted, all of them or none."""
    site = _chosen()
    shown = closing.counts_of(site.id, day, older=True)
    sent = read_counts(request.form, {each.id: each.kind for each in shown}, site.currency)
    manager = current_user.account_id if may_at(REOPEN, site.id) else None
    counts = [made for each in sent.drawers.values() if (made := each.count(manager)) is not None]
    if sent.errors:
        raise FormInvalid(sent.errors)
    if not counts:
        raise FormInvalid({"": [_l("Count at least one drawer before you sign.")]})
    close_all(counts, actor=scope().actor, at=scope().at)
    activity.note("changed", detail="day.closed")
    return hypermedia.done("day.closed", _url(day, site))


def _refused_count(refusal: Refusal, drawer_day_id: UUID) -> Response:
    return _page(_of(drawer_day_id), refusal)


@blueprint.post("/billing/day/counts/<uuid:drawer_day_id>/reopen")
@requires(REOPEN, role=Role.MANAGER, refused=_refused_count, recent=True)
def reopen(drawer_day_id: UUID) -> Response:
    """Open a signed count again, with the reason."""
    made = reopen_drawer(drawer_day_id, request.form.get("reason", "")[:200], actor=scope().actor, at=scope().at)
    activity.note("changed", detail="day.reopened")
    return hypermedia.done("day.reopened", _url(made.day, _site(closing.site_of(drawer_day_id))))


def _refused_today(refusal: Refusal, **_args: object) -> Response:
    site = _site(id_of(request.form, "location"))
    at = scope().at
    return _page(at.date() if site is None else local_date(at, site.time_zone), refusal)


@blueprint.post("/billing/drawers")
@requires(CLOSE, role=Role.DESK, refused=_refused_today)
def new_drawer() -> Response:
    """Add a cash drawer to a site."""
    name, site = read_name(request.form), _chosen()
    made = add_drawer(site.id, name, at=scope().at)
    activity.note("changed", detail="drawer.added")
    return hypermedia.done("drawer.added", _url(local_date(scope().at, site.time_zone), site), drawer=made.id)


@blueprint.post("/billing/drawers/<uuid:drawer_id>/open")
@requires(CLOSE, role=Role.DESK, refused=_refused_today)
def start_drawer(drawer_id: UUID) -> Response:
    """Open a cash drawer with its change."""
    site = _chosen()
    cents = read_start(request.form, site.currency, f"float-{drawer_id}")
    made = open_drawer(drawer_id, cents, actor=scope().actor, at=scope().at)
    activity.note("changed", detail="drawer.opened")
    return hypermedia.done("drawer.opened", _url(made.day, site), drawer_day=made.id)


@blueprint.post("/billing/day/<day:day>/bill")
@requires(Permission.INVOICE_ISSUE, role=Role.DESK, refused=_refused)
def bill_day(day: date) -> Response:
    """Issue the invoices of the visits of a day that have none yet."""
    site, visits = _chosen(), read_visits(request.form)
    span = local_day(site.time_zone, day)
    people = bill_all(site.id, span, visits, actor=scope().actor, at=scope().at)
    activity.note("changed", listed=frozenset(people), detail="day.billed")
    return hypermedia.done("day.billed", _url(day, site))


def _page(day: date, refusal: Refusal | None = None) -> Response:
    if day.year not in YEARS:
        raise NotFound
    values = request.args if request.method == "GET" else request.form
    site = _site(id_of(values, "location"))
    if site is None:
        return hypermedia.page("desk/no_clinic.html")
    shown = Shown(site, day, scope().at, refusal)
    activity.note("listed", listed=shown.people)
    return hypermedia.page(TEMPLATE, block="sums", **day_page.context(shown))


def _of(drawer_day_id: UUID) -> date:
    found = closing.day_of(drawer_day_id)
    if found is None:
        raise NotFound
    return found


def _site(wanted: UUID | None) -> Location | None:
    """The site that was asked for, else the first of one's own, else the first by name."""
    sites = practice.locations()
    own = current_user.sites_of(CLOSE) or ()
    chosen = [site for site in sites if site.id == wanted] or [site for site in sites if site.id in own] or sites
    return next(iter(chosen), None)


def _chosen() -> Location:
    """The site that a form names (NotFound)."""
    wanted = id_of(request.form, "location")
    site = next((site for site in practice.locations() if site.id == wanted), None)
    if site is None:
        raise NotFound
    return site


def _url(day: date, site: Location | None) -> str:
    return url_for("billing.day", day=day, location=None if site is None else site.id)
