from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.desk.day_plan import Facts, Grid, Why, column, grid, shortest

NEW_YORK = "America/New_York"
MIDNIGHT = datetime(2026, 11, 18, 5, tzinfo=UTC)


def at(hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 11, 18, hour, minute, tzinfo=ZoneInfo(NEW_YORK)).timestamp())


def moment(hour: int, minute: int = 0) -> datetime:
    return datetime.fromtimestamp(at(hour, minute), UTC)


def visit(number: int, start: int, end: int, *, takes_time: bool = True) -> tuple[UUID, tuple[int, int], bool]:
    return UUID(int=number), (start, end), takes_time


OSEI = Facts(hours=((at(8, 30), at(12)), (at(13), at(17))))
GRID = grid([OSEI], MIDNIGHT, NEW_YORK)


def test_the_grid_is_whole_hours_around_hours_and_visits() -> None:
    early = Facts(hours=(), visits=(visit(1, at(7, 45), at(8)),))
    both = grid([OSEI, early], MIDNIGHT, NEW_YORK)
    assert (both.start, both.end) == (at(7), at(17))
    assert both.rows == 120
    assert both.hours()[0] == (moment(7), 0)
    assert len(both.hours()) == 10


def test_a_day_without_hours_shows_the_usual_ones() -> None:
    assert grid([], MIDNIGHT, NEW_YORK) == Grid(at(8), at(18), NEW_YORK)


def test_now_has_a_row_only_while_it_is_on_the_grid() -> None:
    assert GRID.row_at(moment(9, 2)) == 12
    assert GRID.row_at(moment(17)) is None


def test_visits_that_overlap_share_the_width_and_their_neighbours_do_not() -> None:
    visits = (visit(1, at(9), at(9, 30)), visit(2, at(9, 15), at(9, 45)), visit(3, at(9, 45), at(10)))
    cards = column(Facts(OSEI.hours, visits=visits), GRID, moment(8)).cards
    assert [(card.row, card.span, card.lane, card.lanes) for card in cards] == [
        (12, 6, 1, 2),
        (15, 6, 2, 2),
        (21, 3, 1, 1),
    ]


def test_time_outside_hours_is_hatched_with_a_reason() -> None:
    hatched = column(OSEI, GRID, moment(8)).hatched
    assert [(each.why, each.row, each.span) for each in hatched] == [(Why.STARTS, 0, 6), (Why.LUNCH, 48, 12)]


def test_a_provider_who_is_off_is_hatched_all_day() -> None:
    (off,) = column(Facts(hours=()), GRID, moment(8)).hatched
    assert (off.why, off.row, off.span) == (Why.OFF, 0, GRID.rows)


def test_blocked_time_is_hatched_with_its_word_and_not_free() -> None:
    facts = Facts(OSEI.hours, closed=(((at(13), at(17)), "Admin"),))
    laid = column(facts, GRID, moment(11))
    assert "Admin" in [each.label for each in laid.hatched]
    assert [(gap.start, gap.minutes) for gap in laid.gaps] == [(moment(11), 60)]


def test_free_time_starts_now_and_is_cut_at_full_hours() -> None:
    facts = Facts(OSEI.hours, visits=(visit(1, at(13), at(14, 30)),))
    gaps = column(facts, GRID, moment(9, 42)).gaps
    assert [(gap.start, gap.minutes) for gap in gaps] == [
        (moment(9, 45), 15),
        (moment(10), 60),
        (moment(11), 60),
        (moment(14, 30), 30),
        (moment(15), 60),
        (moment(16), 60),
    ]


def test_no_piece_of_free_time_is_too_short_to_book() -> None:
    gaps = column(OSEI, GRID, moment(9, 48)).gaps
    assert [(gap.start, gap.minutes) for gap in gaps][:2] == [(moment(9, 50), 70), (moment(11), 60)]


def test_time_of_a_visit_that_nobody_came_to_is_free_again() -> None:
    facts = Facts(((at(9), at(10)),), visits=(visit(1, at(9), at(10), takes_time=False),))
    laid = column(facts, GRID, moment(9))
    assert len(laid.cards) == 1
    assert [(gap.start, gap.minutes) for gap in laid.gaps] == [(moment(9), 60)]


def test_the_zoom_follows_the_shortest_visit() -> None:
    def zoom(minutes: int) -> int:
        return shortest([Facts((), visits=(visit(1, at(9), at(9, minutes)),))])

    assert [zoom(30), zoom(15), zoom(10), zoom(5)] == [15, 15, 10, 5]
    assert shortest([]) == 15
