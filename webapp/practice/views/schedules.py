"""Schedules: who works when, week by week, with what is different once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from webapp import hypermedia
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.practice import catalog, queries
from webapp.practice.forms.parsing import YEARS
from webapp.practice.hours import Block, Span, local_day
from webapp.practice.patterns import on_the_way
from webapp.practice.views.door import blueprint
from webapp.practice.views.home import tabs
from webapp.practice.views.week import Legend, hours_text, local_today, minutes_of, picture, week_of
from webapp.practice.wording import day_with_year, kind_label, short_day, span_days
from webapp.routing import requires
from webapp.templating import may

if TYPE_CHECKING:
    from webapp.practice.catalog import Exceptions
    from webapp.practice.models import Provider

AHEAD = timedelta(days=60)
WEEK = timedelta(days=7)


@blueprint.get("/settings/schedules")
@requires(Permission.SETTINGS_VIEW, role=Role.DESK)
def schedules() -> Response:
    """The first provider's week, or what to do before there is one."""
    first = next(iter(queries.providers()), None)
    if first is None:
        return hypermedia.page("practice/no_schedules.html", tabs=tabs("schedules"))
    return _page(first)


@blueprint.get("/settings/schedules/<uuid:provider_id>")
@requires(Permission.SETTINGS_VIEW, role=Role.DESK)
def schedule(provider_id: UUID) -> Response:
    """One provider's week, `week` says which."""
    provider = provider_of(provider_id)
    if hypermedia.wants_fragment():
        # A dialog's form led here: the whole page follows.
        return hypermedia.leave(url_for("practice.schedule", provider_id=provider_id))
    return _page(provider)


def provider_of(provider_id: UUID) -> Provider:
    """A provider, also a retired one (NotFound)."""
    provider: Provider = catalog.thing("providers", provider_id)
    return provider


def legend() -> Legend:
    """Names of everything that blocks point to, retired or not."""
    return Legend(
        {place.id: place.name for place in catalog.things("locations")},
        {room.id: room.name for room in catalog.things("rooms")},
    )


def zone_for(provider_id: UUID) -> str:
    """The zone a provider's day is told in."""
    return catalog.zone_of(provider_id) or queries.time_zone()


def _page(provider: Provider) -> Response:
    zone, names = zone_for(provider.id), legend()
    today = local_today(scope().at, zone)
    days = week_of(_asked(request.args.get("week", ""), today))
    blocks = queries.blocks_of(provider.id)
    sites = frozenset(block.location_id for block in blocks)
    week = Span(local_day(zone, days[0]).start, local_day(zone, days[-1]).end)
    seen = catalog.exceptions_of(provider.id, sites, week)
    ahead = catalog.exceptions_of(provider.id, sites, Span(scope().at, scope().at + AHEAD))
    return hypermedia.page(
        "practice/schedule.html",
        tabs=tabs("schedules"),
        provider=provider,
        people=_people(provider.id),
        places=[(names.tone(place), name) for place, name in names.places.items() if place in sites],
        picture=picture(days, blocks, seen, names, zone),
        week=_week(provider.id, days, today),
        news=_news(provider.id, blocks, days),
        edit=url_for("practice.hours", provider_id=provider.id),
        exceptions=_exceptions(ahead, zone, names),
        new_exception=url_for("practice.new_exception", provider=provider.id),
        new_extra=url_for("practice.new_exception", provider=provider.id, kind="extra"),
    )


def _asked(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if day.year in YEARS else today


def _week(provider_id: UUID, days: list[date], today: date) -> dict[str, Any]:
    def link(day: date) -> str:
        return url_for("practice.schedule", provider_id=provider_id, week=day)

    return {
        "title": _("Week of %(day)s", day=day_with_year(days[0])),
        "previous": link(days[0] - WEEK),
        "next": link(days[0] + WEEK),
        "today": url_for("practice.schedule", provider_id=provider_id),
        "is_now": days[0] <= today <= days[-1],
        "first": days[0],
    }


def _people(chosen: UUID) -> list[dict[str, Any]]:
    away = catalog.away_now(scope().at)
    people = []
    for provider in queries.providers():
        zone = zone_for(provider.id)
        blocks = queries.blocks_of(provider.id)
        detail = hours_text(_weekly(blocks, local_today(scope().at, zone)))
        if provider.id in away:
            detail = _("Away until %(day)s", day=short_day(local_today(away[provider.id], zone)))
        elif detail:
            detail = _("%(hours)s a week", hours=detail)
        people.append(
            {
                "id": provider.id,
                "name": provider.name,
                "initials": f"{provider.given[:1]}{provider.family[:1]}".upper(),
                "detail": detail or _("No hours yet"),
                "href": url_for("practice.schedule", provider_id=provider.id),
                "current": provider.id == chosen,
            }
        )
    return people


def _weekly(blocks: list[Block], today: date) -> int:
    """Minutes of an average week from now on, as the pattern that holds today says."""
    valid = [
        block
        for block in blocks
        if block.valid_from <= today + WEEK and (block.valid_to is None or block.valid_to >= today)
    ]
    return round(sum(minutes_of(block) / block.every_weeks for block in valid))


def _news(provider_id: UUID, blocks: list[Block], days: list[date]) -> dict[str, Any] | None:
    """The next change of the pattern after the week that is shown."""
    begins = sorted({block.valid_from for block in on_the_way(blocks, days[-1]) if block.valid_from > days[-1]})
    if not begins:
        return None
    return {
        "text": _("Other hours begin on %(day)s.", day=day_with_year(begins[0])),
        "href": url_for("practice.schedule", provider_id=provider_id, week=begins[0]),
    }


def _exceptions(once: Exceptions, zone: str, names: Legend) -> list[dict[str, Any]]:
    # Why somebody is away is for those who write it down.
    knows = may(Permission.EXCEPTIONS_EDIT)
    rows: list[tuple[Any, dict[str, Any]]] = []
    for leave in once.leaves:
        days, hours = span_days(leave.starts_at, leave.ends_at, zone)
        what = kind_label(leave.kind) if knows else _("Away")
        shown = {"days": days, "hours": hours, "what": what, "tone": "neutral", "note": leave.note if knows else ""}
        ends = url_for("booking.end_leave", leave_id=leave.id)
        rows.append((leave.starts_at, {**shown, "ends": ends, "verb": _("End leave")}))
    for extra in once.extra:
        days, hours = span_days(extra.starts_at, extra.ends_at, zone)
        note = ", ".join(part for part in (names.places.get(extra.location_id, ""), extra.reason) if part)
        shown = {"days": days, "hours": hours, "what": _("Extra hours"), "tone": "ok", "note": note}
        ends = url_for("booking.remove_extra_hours", extra_id=extra.id)
        rows.append((extra.starts_at, {**shown, "ends": ends, "verb": _("Take back")}))
    for closure in once.closures:
        if closure.during.lower is None or closure.during.upper is None:
            raise NotFound
        days, hours = span_days(closure.during.lower, closure.during.upper, zone)
        shown = {"days": days, "hours": hours, "what": _("Clinic closed"), "tone": "neutral", "note": closure.reason}
        rows.append((closure.during.lower, {**shown, "ends": "", "verb": ""}))
    return [shown for _starts, shown in sorted(rows, key=lambda row: row[0])]
