"""Where everything stands in the charts of the figures: percent across, pixels down, as the macros take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from webapp.desk import figures as tables
from webapp.desk.figures import Figures, Table

LABELS = 26.0
GAP = 0.6
ROW, BAR_ROW = 38, 46
PLOT_LEFT, PLOT_WIDTH, PLOT_TOP, PLOT_HEIGHT = 9.0, 89.0, 10, 160
MOST_BARS = 12
MOST_MARKS = 5
LEVELS = ((0.25, "1"), (0.5, "2"), (0.7, "3"), (0.85, "4"), (1.0, "5"))
PATTERNS = ("solid", "stripes", "dots", "weave")
STEPS = (5, 10, 15, 20, 30, 60, 120, 240, 480)
TICKS = 4


def level(used: int, opened: int) -> str:
    """Shade of a share: 0 not in, 1 to 5, "over" for more than there was."""
    if not used and not opened:
        return "0"
    if used > opened:
        return "over"
    return next(shade for bound, shade in LEVELS if used <= bound * opened)


def level_words() -> list[tuple[str, str]]:
    """What the shades mean."""
    return [
        ("0", _("Not in")),
        ("1", _("up to 25%")),
        ("2", _("to 50%")),
        ("3", _("to 70%")),
        ("4", _("to 85%")),
        ("5", _("to 100%")),
        ("over", _("Overbooked")),
    ]


def heat(figures: Figures, table: Table) -> dict[str, Any]:
    """The heat map of providers and weekdays, with the cells of its table."""
    filled = figures.filled
    width = (100 - LABELS) / max(1, len(filled.weekdays))
    rows = []
    for number, (provider, row) in enumerate(zip(filled.providers, table.rows, strict=True)):
        cells = []
        for place, weekday in enumerate(filled.weekdays):
            x = LABELS + place * width
            shade = level(*filled.minutes(provider=provider.id, weekday=weekday))
            text = _("Not in") if shade == "0" else row[1 + place].text
            cells.append(_cell(x, width - GAP, text, shade))
        rows.append({"label": provider.name, "y": 24 + number * ROW, "cells": cells})
    return {
        **_head("utilization", table, _("Share of open hours that visits took, a row for each provider.")),
        "height": 24 + len(rows) * ROW,
        "columns": [
            {"label": tables.weekday_name(weekday), "x": _round(LABELS + (place + 0.5) * width)}
            for place, weekday in enumerate(filled.weekdays)
        ],
        "rows": rows,
    }


def _cell(x: float, width: float, text: str, shade: str) -> dict[str, Any]:
    return {"x": _round(x), "width": _round(width), "middle": _round(x + width / 2), "text": text, "level": shade}


def waiting(figures: Figures, table: Table) -> dict[str, Any]:
    """Two lines over time: what half of the people waited at most, and nine in ten."""
    found = figures.waited
    top = _top(max((each.most for each in found), default=0))
    since = [each.since.toordinal() for each in found]
    first, span = (since[0], max(1, since[-1] - since[0])) if since else (0, 1)
    across = [(day - first) / span * 100 if len(since) > 1 else 50.0 for day in since]
    lines = [
        _line("most", across, [each.most for each in found], top),
        _line("half", across, [each.half for each in found], top),
    ]
    return {
        **_head("waiting", table, _("Minutes by %(unit)s.", unit=table.columns[0].lower())),
        "ticks": [{"y": _down(top * n / TICKS, top), "label": f"{top * n / TICKS:g}"} for n in range(TICKS + 1)],
        "marks": _marks(across, [row[0].text for row in table.rows]),
        "lines": lines,
    }


def _top(most: float) -> int:
    return next((TICKS * step for step in STEPS if most <= TICKS * step), TICKS * STEPS[-1])


def _line(kind: str, across: Sequence[float], values: Sequence[float], top: int) -> dict[str, Any]:
    shares = [min(value, top) / top for value in values]
    points = [f"{_round(x)},{_round(100 - 100 * share)}" for x, share in zip(across, shares, strict=True)]
    return {
        "kind": kind,
        "runs": [" ".join(points)] if len(points) > 1 else [],
        "dots": [
            {"x": _round(PLOT_LEFT + x * PLOT_WIDTH / 100), "y": _down(min(value, top), top)}
            for x, value in zip(across, values, strict=True)
        ],
    }


def _marks(across: Sequence[float], labels: Sequence[str]) -> list[dict[str, Any]]:
    """A few of the labels under the line, the first and the last among them."""
    last = len(labels) - 1
    shown = sorted({round(n * last / (MOST_MARKS - 1)) for n in range(MOST_MARKS)}) if last > 0 else range(last + 1)
    return [
        {
            "x": _round(PLOT_LEFT + across[n] * PLOT_WIDTH / 100),
            "label": labels[n],
            "anchor": "end" if n == last and last else "middle",
        }
        for n in shown
    ]


def _down(value: float, top: int) -> float:
    return _round(PLOT_TOP + PLOT_HEIGHT * (1 - value / top))


def no_shows(figures: Figures, table: Table) -> dict[str, Any]:
    """A bar for each service, as long as its rate beside the worst."""
    rates = [missed / (came + missed) for _name, came, missed in tables.by_service(figures)]
    texts = [(row[0].text, row[3].text) for row in table.rows]
    bars = [[(rate, "solid")] for rate in rates]
    return bar_rows(table, _("Share of visits whose patient did not attend."), texts, bars, max([0.1, *rates]))


def lead_time(figures: Figures, table: Table) -> dict[str, Any]:
    """A bar for each step of lead time, as long as its share of all visits."""
    visits = [float(row[1]) for row in tables.by_step(figures)]
    texts = [(row[0].text, f"{row[1].text} · {row[2].text}") for row in table.rows]
    bars = [[(number, "solid")] for number in visits]
    return bar_rows(table, _("Visits by how long before they were booked."), texts, bars, max([1.0, *visits]))


def cancellations(figures: Figures, table: Table) -> dict[str, Any]:
    """A bar for each reason: the late ones striped, then those in time."""
    bars = [[(float(each.late), "stripes"), (float(each.visits - each.late), "solid")] for each in figures.canceled]
    texts = [(row[0].text, row[1].text) for row in table.rows]
    whole = max([1.0, *(float(each.visits) for each in figures.canceled)])
    return bar_rows(table, _("Canceled visits by reason; the late ones are striped."), texts, bars, whole)


def places(figures: Figures, table: Table) -> dict[str, Any]:
    """A bar for each location with a pattern of its own."""
    shares = [tables.ratio(*figures.filled.minutes(site=site.id)) or 0.0 for site in figures.period.sites]
    bars = [[(share, PATTERNS[number % len(PATTERNS)])] for number, share in enumerate(shares)]
    texts = [(row[0].text, row[3].text) for row in table.rows]
    return bar_rows(table, _("Share of open hours that visits took, by location."), texts, bars, max([1.0, *shares]))


def bar_rows(
    table: Table,
    desc: str,
    texts: Sequence[tuple[str, str]],
    bars: Sequence[Sequence[tuple[float, str]]],
    whole: float,
) -> dict[str, Any]:
    rows = []
    for number, ((label, text), parts) in enumerate(list(zip(texts, bars, strict=True))[:MOST_BARS]):
        at, drawn = 0.0, []
        for value, pattern in parts:
            if value:
                drawn.append({"x": _round(at), "width": _round(value / whole * 100), "pattern": pattern})
            at += value / whole * 100
        rows.append({"label": label, "text": text, "y": number * BAR_ROW, "parts": drawn})
    return {**_head(table.name, table, desc), "height": max(1, len(rows)) * BAR_ROW, "rows": rows}


def _head(name: str, table: Table, desc: str) -> dict[str, str]:
    facts = "; ".join(f"{row[0].text}: {row[-1].text}" for row in table.rows[:MOST_BARS])
    return {"id": f"chart-{name}", "title": table.title, "desc": f"{desc} {facts}".strip()}


def _round(number: float) -> float:
    return round(number, 2)
