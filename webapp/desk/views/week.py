"""Everybody's week at a glance: a row for each provider, how many visits each day has and how much of it is free."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from webapp.booking.states import Status
from webapp.booking.wording import local_date, minutes, short_day, week_title
from webapp.desk import day_plan
from webapp.desk.queries import Colleague, Day, Week
from webapp.desk.views.address import Address


def context(asked: Address, found: Week, at: datetime) -> dict[str, Any]:
    """Days and rows of the table; cells lead to the day, names to one provider's week."""
    today = local_date(at, found.shown.location.time_zone)
    shown = [each for each in found.shown.providers if not asked.providers or each.id in asked.providers]
    counts = [Counter(visit.provider_id for visit in day.visits if _counts(asked, visit)) for day in found.days]
    rows = [
        {
            "name": provider.name,
            "detail": provider.specialty,
            "href": asked.url(providers=(provider.id,), visit=None),
            "cells": [
                _cell(asked, provider, day, count[provider.id], at)
                for day, count in zip(found.days, counts, strict=True)
            ],
        }
        for provider in shown
        if any(day.facts[provider.id].hours or day.facts[provider.id].visits for day in found.days)
    ]
    return {
        "label": week_title(found.days[0].day, found.days[-1].day),
        "days": [
            _day(asked, day.day, today, sum(count.values())) for day, count in zip(found.days, counts, strict=True)
        ],
        "rows": rows,
        "table": True,
    }


def _counts(asked: Address, visit: Any) -> bool:  # noqa: ANN401 - a BoardVisit
    return asked.shows(visit) and (visit.status is not Status.CANCELLED or asked.status == Status.CANCELLED.value)


def _day(asked: Address, day: date, today: date, count: int) -> dict[str, Any]:
    return {
        "label": short_day(day),
        "href": asked.url(day=day, view="day", visit=None),
        "today": day == today,
        "count": count,
    }


def _cell(asked: Address, provider: Colleague, day: Day, count: int, at: datetime) -> dict[str, Any]:
    facts = day.facts[provider.id]
    on = day_plan.grid([facts], day.span.start, day.location.time_zone)
    free = sum(gap.minutes for gap in day_plan.column(facts, on, at).gaps)
    over = day.span.end <= at
    return {
        "href": asked.url(day=day.day, view="day", providers=(provider.id,), visit=None),
        "count": count,
        "free": "" if over or not facts.hours else _("%(time)s free", time=minutes(free)) if free else _("Full"),
        "is_full": bool(facts.hours) and not free and not over,
        "off": not facts.hours and not count,
        "label": _spoken(provider.name, day.day, count),
    }


def _spoken(name: str, day: date, count: int) -> str:
    return _("%(name)s, %(day)s, %(count)s visits", name=name, day=short_day(day), count=count)
