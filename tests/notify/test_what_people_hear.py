"""Random days at the desk send exactly what people should get, as a model says that knows none of our code."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.booking.wishes import ACTOR, wish
from tests.factories import NOW, clock_time
from tests.notify.model import Diary, expected
from tests.notify.postman import SECOND, email, mailbox, said
from webapp.booking.actions import CancelRequest, MoveRequest, book, cancel, move, undo
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.errors import Refusal

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from tests.notify.postman import Postman

DAY = timedelta(days=1)
EXAMPLES = int(os.environ.get("NOTICE_EXAMPLES", "20"))
SLOTS = 6
GAPS = st.sampled_from([1, 30, 90, 120, 178, 179, 180, 181, 182, 200, 400, 3600])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["book", "book", "book", "move", "move", "move", "cancel", "undo", "undo", "die"]),
        st.sampled_from([0, 0, 0, 1]),
        st.integers(0, SLOTS - 1),
        GAPS,
    ),
    min_size=10,
    max_size=20,
)


class Desk:
    """Does a step if the clinic lets it, and writes into the diary what it led to."""

    def __init__(self, desk: Changing, postman: Postman, clinic: Clinic, patient: UUID) -> None:
        self.desk, self.postman, self.clinic, self.patient = desk, postman, clinic, patient
        self.diaries: list[Diary] = []
        self.slots: dict[int, Diary] = {}
        self.died: datetime | None = None

    def does(self, what: str, which: int, slot: int) -> None:
        starts = clock_time(10 + slot % SLOTS // 2, 30 * (slot % 2)) + (which + 1) * DAY
        try:
            with self.desk():
                getattr(self, f"_{what}")(which, starts)
        except Refusal:
            return

    def _book(self, which: int, starts: datetime) -> None:
        if which in self.slots and self.slots[which].starts is not None:
            return
        made = book(wish(self.clinic, starts, patient_id=self.patient), actor=ACTOR, at=self.postman.now).id
        self.slots[which] = Diary(made)
        self.diaries.append(self.slots[which])
        self.slots[which].write(self.postman.now, starts)

    def _move(self, which: int, starts: datetime) -> None:
        if (diary := self.slots.get(which)) is not None:
            move(MoveRequest(diary.visit, starts), at=self.postman.now)
            diary.write(self.postman.now, starts)

    def _cancel(self, which: int, starts: datetime) -> None:
        del starts
        if (diary := self.slots.get(which)) is not None:
            cancel(CancelRequest(diary.visit, "asked to"), at=self.postman.now)
            diary.write(self.postman.now, None)

    def _undo(self, which: int, starts: datetime) -> None:
        del starts
        if (diary := self.slots.get(which)) is not None:
            visit = db.session.get_one(Appointment, diary.visit)
            back = undo(visit.id, visit.version, at=self.postman.now)
            diary.write(self.postman.now, back.starts_at)

    def _die(self, which: int, starts: datetime) -> None:
        """Rare: most days nobody does, and what is canceled after a death is no news to anybody."""
        del starts
        if which == 0 and self.died is None and len(self.diaries) > 1:
            self.died = self.postman.now


def a_day(desk: Changing, postman: Postman, owner: Owner, steps: list[tuple[str, int, int, int]]) -> None:
    clinic = factories.clinic(owner, patients=1)
    patient = clinic.patients[0]
    email(owner, patient)
    counter = Desk(desk, postman, clinic, patient)
    for what, which, slot, gap in steps:
        counter.does(what, which, slot)
        if counter.died == postman.now:
            owner.execute("UPDATE patient SET deceased_at = %s WHERE id = %s", (postman.now, patient))
        # Whatever happens in the second in which something is due comes first.
        postman.works(postman.now + gap * SECOND - SECOND / 2)
        postman.now += SECOND / 2
    until = postman.now + timedelta(minutes=10)
    postman.works(until)
    wanted = expected(counter.diaries, counter.died, until)
    ours = {diary.visit for diary in counter.diaries}
    assert sorted(each for each in said(owner) if each[1] in ours) == sorted(wanted)
    assert sum(item["patient_id"] == patient for item in mailbox(owner)) <= len(wanted)


def test_everybody_hears_exactly_what_they_should(desk: Changing, postman: Postman, owner: Owner) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def days(steps: list[tuple[str, int, int, int]]) -> None:
        postman.now = NOW
        owner.execute("DELETE FROM jobs.procrastinate_jobs")
        a_day(desk, postman, owner, steps)

    days()
