"""One line is taken apart the same way whatever its order; no line is too odd, and no word is lost."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.booking.line_times import is_birth_date, moments, read_day, read_length, read_time
from webapp.booking.line_words import Named
from webapp.booking.one_line import Kind, Understood, read_line
from webapp.ids import new_id

NOW = dt.datetime(2026, 11, 23, 10, 30)  # noqa: DTZ001 - wall time of the site; a Monday
TODAY = NOW.date()
OSEI, NAIR, KIM, ROSE = (
    Named(new_id(), family, given)
    for family, given in (("Osei", "Amara"), ("Nair", "Priya"), ("Kim", "Grace"), ("Rose", "Kimberly"))
)
FOLLOW, NEW, SKIN, SKIN_BIOPSY = (Named(new_id(), name) for name in ("Follow-up", "New patient", "Skin", "Skin biopsy"))
PEOPLE, SERVICES = (OSEI, NAIR, KIM, ROSE), (FOLLOW, NEW, SKIN, SKIN_BIOPSY)
TUESDAY = dt.date(2026, 11, 24)
THREE = dt.time(15)


def read(line: str, now: dt.datetime = NOW) -> Understood:
    return read_line(line, now=now, providers=PEOPLE, services=SERVICES)


def test_a_line_with_everything_is_understood() -> None:
    found = read("smi, jo tue 3pm osei follow-up")
    assert (found.patient, found.days, found.times) == ("smi, jo", (TUESDAY,), (THREE,))
    assert (found.providers, found.services) == ((OSEI.id,), (FOLLOW.id,))
    assert found.books
    assert found.missing == ()


@given(st.sampled_from(["tue", "nov 24", "11/24", "24 nov", "tomorrow"]), st.sampled_from(["3 pm", "3pm"]), st.data())
def test_the_order_does_not_matter(day: str, time: str, data: st.DataObject) -> None:
    groups = data.draw(st.permutations(["smi, jo", day, time, "dr. osei", "follow-up", "30 min"]))
    found = read(" ".join(groups))
    assert (found.patient, found.days, found.times) == ("smi, jo", (TUESDAY,), (THREE,))
    assert (found.providers, found.services) == ((OSEI.id,), (FOLLOW.id,))


WORDS = st.sampled_from(
    "smi, jo , tue next 3pm 3 pm 1530 noon dr osei kim fu follow up follow-up in 2 weeks dec 3 12/3 3/4/1973 with at"
    " 30 min today 0142 (207) 555 💉 Ÿ 99 25:61 an; rose".split(" ")
)


@given(st.one_of(st.text(max_size=140), st.lists(WORDS, max_size=14).map(" ".join)))
def test_anything_can_be_typed_and_every_word_is_accounted_for_once(line: str) -> None:
    found = read(line)
    words = [match.span() for match in re.finditer(r"[^\s,;]+", line[:100])]
    assert [(part.start, part.end) for part in found.parts] == words
    told = [line[part.start : part.end] for part in found.parts if part.kind is Kind.PATIENT]
    assert re.findall(r"[^\s,;]+", found.patient) == told
    for kind, said in (
        (Kind.DAY, found.days),
        (Kind.TIME, found.times),
        (Kind.PROVIDER, found.providers),
        (Kind.SERVICE, found.services),
    ):
        assert bool(said) == any(part.kind is kind for part in found.parts)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("today", TODAY),
        ("tmr", TUESDAY),
        ("tomorrow", TUESDAY),
        ("mon", TODAY),
        ("sunday", dt.date(2026, 11, 29)),
        ("next tue", dt.date(2026, 12, 1)),
        ("this fri", dt.date(2026, 11, 27)),
        ("in 2 weeks", dt.date(2026, 12, 7)),
        ("in a week", dt.date(2026, 11, 30)),
        ("in 3 months", dt.date(2027, 2, 23)),
        ("12/3", dt.date(2026, 12, 3)),
        ("11/2", dt.date(2027, 11, 2)),
        ("12/3/26", dt.date(2026, 12, 3)),
        ("2026-12-03", dt.date(2026, 12, 3)),
        ("dec 3rd", dt.date(2026, 12, 3)),
        ("3 december", dt.date(2026, 12, 3)),
        ("feb 29", None),
        ("13/13", None),
        ("3/4/1973", None),
        ("3/4/73", None),
        ("in 99 years", None),
        ("9999-12-31", None),
        ("12/31/9999", None),
    ],
)
def test_days_are_read_as_people_say_them(words: str, day: dt.date | None) -> None:
    found = read_day(words, TODAY)
    assert (None if found is None else found.day) == day


def test_a_month_from_its_last_day_on_ends_with_the_shorter_month() -> None:
    found = read_day("in 1 month", dt.date(2027, 1, 31))
    assert found is not None
    assert found.day == dt.date(2027, 2, 28)


@pytest.mark.parametrize(
    ("words", "time"),
    [
        ("3pm", THREE),
        ("3 pm", THREE),
        ("3:30pm", dt.time(15, 30)),
        ("3:30 p.m.", dt.time(15, 30)),
        ("10a", dt.time(10)),
        ("12am", dt.time(0)),
        ("12pm", dt.time(12)),
        ("noon", dt.time(12)),
        ("15:30", dt.time(15, 30)),
        ("1:05", dt.time(13, 5)),
        ("01:05", dt.time(1, 5)),
        ("at 9", dt.time(9)),
        ("at 3", THREE),
        ("25:61", None),
        ("13pm", None),
        ("3", None),
    ],
)
def test_times_are_read_as_people_say_them(words: str, time: dt.time | None) -> None:
    assert read_time(words) == time


@pytest.mark.parametrize(("time", "day"), [("11am", TODAY), ("10am", dt.date(2026, 11, 30)), ("", TODAY)])
def test_todays_weekday_is_today_unless_the_time_is_over(time: str, day: dt.date) -> None:
    assert read(f"jo mon {time}").days == (day,)


def test_today_stays_today_though_the_time_is_over() -> None:
    assert read("jo today 9am").days == (TODAY,)


@pytest.mark.parametrize(
    ("line", "patient"),
    [
        ("kim tue 3pm", "kim"),
        ("kim, grace tue 3pm osei", "kim, grace"),
        ("sun, li fri 3pm", "sun, li"),
        ("pat smith tue 3pm", "pat smith"),
        ("jim 3/4/1973 tue 3pm", "jim 3/4/1973"),
        ("jim mar 4 1973 tue 3pm", "jim mar 4 1973"),
        ("mrn 104882 tue 3pm", "mrn 104882"),
        ("jo 0142 tue 3pm", "jo 0142"),
        ("dr smith tue 3pm", "dr smith"),
    ],
)
def test_who_is_called_like_something_else_is_still_a_patient(line: str, patient: str) -> None:
    found = read(line)
    assert found.patient == patient
    assert found.times == (THREE,)


def test_a_family_name_outweighs_somebody_elses_given_name() -> None:
    assert read("jo tue kim").providers == (KIM.id,)
    assert read("jo tue kimb").providers == (ROSE.id,)
    assert read("jo tue grace kim").providers == (KIM.id,)
    assert read("amara jo tue nair").patient == "amara jo"


def test_what_is_ambiguous_is_told_with_all_it_may_mean() -> None:
    assert read("jo tue kim osei").providers == (OSEI.id, KIM.id)
    assert read("jo tue ski").services == (SKIN.id, SKIN_BIOPSY.id)
    assert read("jo tue skin").services == (SKIN.id,)
    assert read("jo tue 2pm 3pm").times == (dt.time(14), THREE)
    assert read("jo tue wed 3pm").days == (TUESDAY, dt.date(2026, 11, 25))


@pytest.mark.parametrize(("typed", "meant"), [("fu", FOLLOW), ("f/u", FOLLOW), ("foll", FOLLOW), ("new p", NEW)])
def test_types_of_visits_are_abbreviated(typed: str, meant: Named) -> None:
    assert read(f"jo tue {typed}").services == (meant.id,)


def test_a_time_without_its_colon_counts_only_in_a_booking() -> None:
    assert read("jo tue 1530").times == (dt.time(15, 30),)
    assert read("jo 1530").patient == "jo 1530"
    assert not read("jo 1530").books
    assert not read("2075550142").books


def test_a_length_is_left_to_the_type_of_visit() -> None:
    assert read("jo tue 3pm 30 min").parts[-1].kind is Kind.LENGTH
    assert read_length("45m")


def test_birth_dates_are_no_days_of_a_booking() -> None:
    assert is_birth_date("3/4/1973", TODAY)
    assert not is_birth_date("12/3/26", TODAY)
    assert not is_birth_date("dec 3 1530", TODAY)
    assert read("jo dec 3 10 am").times == (dt.time(10),)


NEW_YORK = "America/New_York"


def test_a_time_that_clocks_skip_does_not_exist_and_one_they_repeat_exists_twice() -> None:
    assert moments(dt.date(2027, 3, 14), dt.time(2, 30), NEW_YORK) == ()
    first, second = moments(dt.date(2026, 11, 1), dt.time(1, 30), NEW_YORK)
    assert second - first == dt.timedelta(hours=1)
    assert moments(TUESDAY, THREE, NEW_YORK) == (dt.datetime(2026, 11, 24, 20, tzinfo=dt.UTC),)


@given(st.dates(dt.date(2026, 1, 1), dt.date(2028, 1, 1)), st.times())
def test_every_moment_shows_the_time_that_was_asked_for(day: dt.date, time: dt.time) -> None:
    from zoneinfo import ZoneInfo

    for moment in moments(day, time, NEW_YORK):
        assert moment.astimezone(ZoneInfo(NEW_YORK)).replace(tzinfo=None, fold=0) == dt.datetime.combine(day, time)
