"""What the page that closes a day shows: drawers, what was taken, visits that need a look, and what is to sign."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from webapp.billing.day_forms import REASONS, Sent, read_counts
from webapp.billing.day_words import difference, drawer_name, signed, taken_label
from webapp.billing.queries import closing
from webapp.billing.queries.closing import DrawerCount
from webapp.billing.queries.day_visits import DayVisit, open_visits, unpaid_visits
from webapp.billing.queries.worklists import Unbilled, unbilled
from webapp.billing.refusals import DifferenceUnexplained, ManagerSigns
from webapp.billing.views import day_parts
from webapp.booking.wording import local_date, long_day
from webapp.errors import BadRequest
from webapp.practice import queries as practice
from webapp.practice.hours import local_day
from webapp.practice.letterhead import letterhead
from webapp.templating import may_at

if TYPE_CHECKING:
    from datetime import date, datetime

    from webapp.errors import Refusal
    from webapp.practice.models import Location

TEMPLATE = "billing/day_close.html"


class Shown:
    """One day of one site as it is now, with what somebody typed into its form, and what was refused about it."""

    def __init__(self, site: Location, day: date, at: datetime, refusal: Refusal | None = None) -> None:
        self.site, self.day, self.at, self.refusal = site, day, at, refusal
        self.span = local_day(site.time_zone, day)
        self.is_today = local_date(at, site.time_zone) == day
        self.counts = closing.counts_of(site.id, day, older=self.is_today)
        self.sent = self._sent()

    def _sent(self) -> Sent:
        if request.method == "GET" or not request.form.getlist("count"):
            return Sent()
        try:
            return read_counts(request.form, {each.id: each.kind for each in self.counts}, self.site.currency)
        except BadRequest:
            # The refusal says what was wrong with it.
            return Sent()

    @property
    def running(self) -> list[DrawerCount]:
        """Counts that nobody has signed."""
        return [each for each in self.counts if each.closed_at is None]

    @cached_property
    def taken(self) -> list[closing.Taken]:
        return closing.taken(self.site.id, self.span)

    @cached_property
    def unbilled(self) -> list[Unbilled]:
        return unbilled(self.site.id, self.span.start, self.span.end)

    @cached_property
    def unpaid(self) -> list[DayVisit]:
        return unpaid_visits(self.site.id, self.span)

    @cached_property
    def still_open(self) -> list[DayVisit]:
        return open_visits(self.site.id, self.span)

    @property
    def people(self) -> frozenset[UUID]:
        """Everybody who is named on it."""
        visits = (*self.unpaid, *self.still_open)
        return frozenset({*(each.patient_id for each in self.unbilled), *(each.patient_id for each in visits)})

    def counted(self, each: DrawerCount) -> int | None:
        """What was counted in a drawer, signed or only typed."""
        if each.closed_at is not None:
            return each.counted_cents
        typed = self.sent.drawers.get(each.id)
        return None if typed is None else typed.counted.cents

    def differs(self, each: DrawerCount) -> int:
        """How much more was counted than expected; 0 where nobody has."""
        counted = self.counted(each)
        return 0 if counted is None else counted - each.expected_cents

    def money(self, cents: int) -> str:
        return signed(cents, self.site.currency)


def context(shown: Shown) -> dict[str, Any]:
    """Everything on the page; its block `sums` is what follows from what is typed."""
    errors = _errors(shown)
    site, day = shown.site, shown.day
    return {
        "clinic": letterhead(site),
        "title": _("Close %(day)s", day=long_day(day)),
        "place": site.name,
        "location": site.id,
        "locations": [
            {"label": each.name, "href": _url(day, each.id), "current": each.id == site.id}
            for each in practice.locations()
        ],
        "previous": _url(day - timedelta(days=1), site.id),
        "next": _url(day + timedelta(days=1), site.id),
        "report": url_for("billing.day_report", day=day, location=site.id),
        "close": url_for("billing.close", day=day),
        "count": url_for("billing.count", day=day),
        "errors": errors,
        "messages": _messages(shown, errors),
        "drawers": [day_parts.drawer(shown, each) for each in shown.counts],
        "done": sum(each.closed_at is not None for each in shown.counts),
        "reasons": [("", _("Choose a reason")), *((name, label) for name, label in REASONS.items())],
        "closed_drawers": day_parts.closed_drawers(shown),
        "may_close": may_at("day.close", site.id),
        "taken": _taken(shown),
        "bag": _bag(shown),
        "checks": _checks(shown),
        "total": _total(shown),
        "signing": current_user.display_name,
        "unbilled": day_parts.unbilled_visits(shown),
        "unpaid": [day_parts.visit(shown, each) for each in shown.unpaid],
        "unpaid_total": shown.money(sum(each.cents for each in shown.unpaid)),
        "open": [day_parts.visit(shown, each) for each in shown.still_open],
        "visits": day_parts.visits(shown),
        "typed_name": request.form.get("name", ""),
    }


def _url(day: date, location: UUID) -> str:
    return url_for("billing.day", day=day, location=location)


def _errors(shown: Shown) -> dict[str, list[str]]:
    """What is wrong with the form, all of it: a refusal names the first drawer only."""
    if shown.refusal is None:
        return shown.sent.errors
    found = {name: list(texts) for name, texts in shown.refusal.errors.items()} | shown.sent.errors
    if isinstance(shown.refusal, DifferenceUnexplained | ManagerSigns):
        found.pop(shown.refusal.field or "", None)
        found |= _unexplained(shown)
    return found


def _unexplained(shown: Shown) -> dict[str, list[str]]:
    found = {}
    manager = may_at("day.reopen", shown.site.id)
    for each in shown.running:
        typed = shown.sent.drawers.get(each.id)
        if typed is None or not shown.differs(each):
            continue
        how = difference(shown.differs(each), shown.site.currency)
        if not typed.reason:
            found[f"reason-{each.id}"] = [_("%(drawer)s is %(how)s. Give a reason.", drawer=drawer_name(each), how=how)]
        if abs(shown.differs(each)) > shown.site.manager_signs_over_cents and not manager:
            found[f"counted-{each.id}"] = [
                _("%(drawer)s is %(how)s, so a manager has to sign it.", drawer=drawer_name(each), how=how)
            ]
    return found


def _messages(shown: Shown, errors: dict[str, list[str]]) -> list[str]:
    return [] if shown.refusal is None or errors else [str(shown.refusal.message)]


def _taken(shown: Shown) -> dict[str, Any]:
    net = sum(each.cents for each in shown.taken)
    return {
        "rows": [(taken_label(each), each.number, shown.money(each.cents)) for each in shown.taken],
        "net": shown.money(net),
        "ties": net == closing.taken_by_ledger(shown.site.id, shown.span),
    }


def _bag(shown: Shown) -> dict[str, Any]:
    """What goes to the bank: cash over the starts, and checks; of drawers that were counted, else as expected."""
    cash = checks = 0
    for each in shown.counts:
        counted = shown.counted(each)
        lies = each.expected_cents if counted is None else counted
        if each.kind == "cash":
            cash += lies - each.float_cents
        elif each.kind == "checks":
            checks += lies
    return {"cash": shown.money(cash), "checks": shown.money(checks), "all": shown.money(cash + checks)}


def _checks(shown: Shown) -> list[dict[str, Any]]:
    counted = sum(shown.counted(each) is not None for each in shown.counts)
    differing = [each for each in shown.counts if shown.differs(each)]
    explained = all(each.closed_at is not None or _has_reason(shown, each) for each in differing)
    found = [
        {
            "text": _("%(some)s of %(all)s drawers counted", some=counted, all=len(shown.counts)),
            "done": counted == len(shown.counts),
        },
    ]
    if differing:
        cents = sum(map(shown.differs, differing))
        text = _("Difference of %(size)s explained", size=shown.money(cents))
        found.append({"text": text if explained else _("A difference has no reason yet"), "done": explained})
    left = (
        ngettext("%(num)d visit with no invoice", "%(num)d visits with no invoice", len(shown.unbilled)),
        ngettext("%(num)d visit not paid", "%(num)d visits not paid", len(shown.unpaid)),
        ngettext("%(num)d visit still open", "%(num)d visits still open", len(shown.still_open)),
    )
    rows = (shown.unbilled, shown.unpaid, shown.still_open)
    found += [{"text": text, "done": False} for text, some in zip(left, rows, strict=True) if some]
    return found


def _has_reason(shown: Shown, each: DrawerCount) -> bool:
    typed = shown.sent.drawers.get(each.id)
    return typed is not None and bool(typed.reason)


def _total(shown: Shown) -> dict[str, Any]:
    """What is to sign: drawers that are counted and not signed yet; all signed ones where nothing is left."""
    running = [each for each in shown.running if shown.counted(each) is not None]
    chosen = running or shown.counts
    expected = sum(each.expected_cents for each in chosen)
    differs = sum(map(shown.differs, chosen))
    how = difference(differs, shown.site.currency)
    return {
        "expected": shown.money(expected),
        "counted": shown.money(expected + differs) if running or not shown.running else "",
        "difference": shown.money(differs),
        "differs": differs,
        "label": _("Sign and close, %(how)s", how=how) if running else _("Sign and close"),
        "left": len(shown.running),
    }
