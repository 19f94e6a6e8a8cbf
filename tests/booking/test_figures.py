"""The sums of a period: what the statements say is what counting in Python says, whatever was booked."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.booking.past import (
    CAME,
    FIRST,
    KNOWN,
    LAST,
    STEP,
    TAKES,
    ZONES,
    Ground,
    Session,
    Visit,
    sessions,
    visits,
)
from tests.factories import NOW
from webapp.booking.queries import figures
from webapp.booking.queries.figures import OTHER, STEPS, Canceled, Outcome, Totals
from webapp.ids import new_id

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database


@pytest.fixture
def ground(app: Flask, database: Database) -> Iterator[Ground]:
    with database.administer() as connection:
        made = Ground(app, connection)
        made.sites = [factories.location(connection, time_zone=zone) for zone in ZONES]
        made.providers = [factories.provider(connection) for _ in range(2)]
        made.services = [
            factories.service(connection, made.providers, made.sites, cancel_notice_minutes=notice)
            for notice in (0, 120)
        ]
        made.patient = factories.patient(connection)
        yield made


def day_of(visit: Visit | Session) -> date:
    return visit.starts_at.astimezone(ZoneInfo(ZONES[visit.site])).date()


def within(visit: Visit | Session) -> bool:
    return FIRST <= day_of(visit) <= LAST


def minutes_of(visit: Visit) -> int:
    """How long a visit's provider is busy, as the rule of occupancy says it."""
    opens = visit.starts_at - timedelta(minutes=visit.before)
    closes = min(visit.ends_at, visit.released_at or visit.ends_at) + timedelta(minutes=visit.after)
    return int((max(opens + STEP, closes) - opens).total_seconds()) // 60


def used(visits: list[Visit], sessions: list[Session]) -> Counter[tuple[int, int, int]]:
    total: Counter[tuple[int, int, int]] = Counter()
    for visit in visits:
        if within(visit) and visit.status in TAKES and not visit.seat:
            total[visit.site, visit.provider, day_of(visit).isoweekday()] += minutes_of(visit)
    for each in sessions:
        if within(each) and each.open:
            total[each.site, each.provider, day_of(each).isoweekday()] += 5 * each.length + each.before + each.after
    return total


def days_ahead(visit: Visit) -> int:
    zone = ZoneInfo(ZONES[visit.site])
    return max(0, (visit.starts_at.astimezone(zone).date() - visit.booked_at.astimezone(zone).date()).days)


def percentile(values: list[float], share: float) -> float:
    """The value below which a share of them lies, between neighbours where it falls between them."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def minutes_waited(visit: Visit) -> float | None:
    if visit.arrived_at is None or visit.started_at is None:
        return None
    return (visit.started_at - visit.arrived_at).total_seconds() / 60


many = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
anything = given(visits=st.lists(visits, max_size=25), sessions=st.lists(sessions, max_size=4))


@many
@anything
def test_the_statements_agree_with_counting(ground: Ground, visits: list[Visit], sessions: list[Session]) -> None:
    ground.fill(visits, sessions)
    inside = [visit for visit in visits if within(visit)]
    with ground.period() as period:
        taken = figures.minutes_used(period)
        waited = figures.waiting(period, "week")
        outcomes = figures.outcomes(period)
        canceled = figures.canceled(period, KNOWN)
        totals = figures.totals(period)
    names = {
        (ground.sites[site], ground.providers[provider], weekday): minutes
        for (site, provider, weekday), minutes in used(visits, sessions).items()
    }
    assert taken == names
    assert {each.since: each.visits for each in waited} == counted_waits(inside)
    for each in waited:
        check_wait(each, inside)
    assert sorted(outcomes, key=str) == sorted(counted_outcomes(ground, inside), key=str)
    assert sorted(canceled, key=str) == sorted(counted_cancellations(inside), key=str)
    assert totals == counted_totals(inside)


def week_of(visit: Visit) -> date:
    day = day_of(visit)
    return day - timedelta(days=day.weekday())


def counted_waits(inside: list[Visit]) -> Counter[date]:
    return Counter(week_of(visit) for visit in inside if minutes_waited(visit) is not None)


def check_wait(found: figures.Waited, inside: list[Visit]) -> None:
    waits = [
        minutes for visit in inside if week_of(visit) == found.since and (minutes := minutes_waited(visit)) is not None
    ]
    assert found.half == pytest.approx(percentile(waits, 0.5))
    assert found.half == pytest.approx(statistics.median(waits))
    assert found.most == pytest.approx(percentile(waits, 0.9))
    assert found.long == sum(minutes > figures.LONG_WAIT for minutes in waits)


def counted_outcomes(ground: Ground, inside: list[Visit]) -> list[Outcome]:
    grouped: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for visit in inside:
        if visit.status not in {"held", "lapsed", "cancelled"}:
            grouped[visit.service, sum(days_ahead(visit) >= step for step in STEPS)].append(visit.status)
    return [
        Outcome(ground.services[service], step, len(found), sum(s in CAME for s in found), found.count("noshow"))
        for (service, step), found in grouped.items()
    ]


def counted_cancellations(inside: list[Visit]) -> list[Canceled]:
    grouped: defaultdict[str, list[bool]] = defaultdict(list)
    for visit in inside:
        if visit.status == "cancelled":
            notice = 120 if visit.service else 24 * 60
            grouped[visit.reason if visit.reason in KNOWN else OTHER].append(visit.canceled < notice)
    return [Canceled(reason, len(late), sum(late)) for reason, late in grouped.items()]


def counted_totals(inside: list[Visit]) -> Totals:
    statuses = Counter(visit.status for visit in inside)
    waits = [minutes for visit in inside if (minutes := minutes_waited(visit)) is not None]
    waited: Any = pytest.approx(statistics.median(waits)) if waits else None
    ahead = [days_ahead(visit) for visit in inside if visit.status not in {"held", "lapsed", "cancelled"}]
    return Totals(
        came=sum(statuses[status] for status in CAME),
        missed=statuses["noshow"],
        canceled=statuses["cancelled"],
        booked=sum(count for status, count in statuses.items() if status not in {"held", "lapsed"}),
        waited=waited,
        ahead=statistics.median(ahead) if ahead else None,
    )


def visit(**changes: Any) -> Visit:
    """A visit of an hour on Monday, October 26, 10:00 in New York, with nothing special."""
    plain: dict[str, Any] = {
        "site": 0, "provider": 0, "service": 0, "status": "finished", "start": 2 * 288 + 14 * 12, "length": 12,
        "before": 0, "after": 0, "lane": 0, "seat": False, "booked": 0, "waited": None, "released": None,
        "canceled": 0, "reason": KNOWN[0],
    }  # fmt: skip
    return Visit(**{**plain, **changes})


def share(ground: Ground, visits: list[Visit], sessions: list[Session] | None = None) -> float:
    ground.fill(visits, sessions or [])
    with ground.period() as period:
        taken = figures.minutes_used(period)
        scheduled = figures.minutes_scheduled(period, {provider for _, provider, _ in taken})
    return sum(taken.values()) / sum(scheduled.values())


def test_an_overbooked_day_is_more_than_full(ground: Ground) -> None:
    factories.hours(ground.connection, ground.providers[0], ground.sites[0], valid_to=FIRST)
    assert share(ground, [visit(length=96), visit(length=96, lane=1)]) == 2.0


def test_seats_of_a_group_count_as_one_time(ground: Ground) -> None:
    factories.hours(ground.connection, ground.providers[0], ground.sites[0], valid_to=FIRST)
    group = Session(0, 0, 2 * 288 + 14 * 12, 48, 0, 0, open=True)
    assert share(ground, [visit(seat=True, length=48, start=group.start + n) for n in range(5)], [group]) == 0.5


def test_leave_closures_and_extra_hours_change_what_there_was(ground: Ground) -> None:
    connection, provider, site = ground.connection, ground.providers[0], ground.sites[0]
    factories.hours(connection, provider, site, valid_to=FIRST)
    monday: Callable[[int], datetime] = lambda hour: factories.clock_time(hour, day=FIRST)  # noqa: E731 - one line
    factories.leave(connection, provider, monday(9), monday(11))
    factories.closure(connection, site, monday(16), monday(20))
    extra = {"provider_id": provider, "location_id": site, "starts_at": monday(7), "ends_at": monday(8)}
    factories.insert(connection, "extra_hours", id=new_id(), **extra)
    with ground.period() as period:
        assert figures.minutes_scheduled(period) == {(site, provider, 1): (8 - 2 - 1 + 1) * 60}


def test_a_provider_who_is_gone_counts_where_they_had_visits(ground: Ground) -> None:
    factories.hours(ground.connection, ground.providers[0], ground.sites[0], valid_to=FIRST)
    ground.connection.execute("update provider set retired_at = %s", (NOW,))
    assert share(ground, [visit(length=48)]) == 0.5


def test_the_days_before_are_as_many(ground: Ground) -> None:
    with ground.period() as period:
        earlier = figures.before(period)
        assert (earlier.first, earlier.last) == (FIRST - timedelta(days=14), FIRST - timedelta(days=1))
