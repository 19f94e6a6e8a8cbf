"""What happens behind the pages while people press: a worker, minutes that pass quickly, and an import."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from deploy.local import processes
from tests.interop import bundles
from tests.stack.services import REPOSITORY
from webapp import clock, create_app
from webapp.activity import jobs as activity
from webapp.booking import jobs as booking
from webapp.booking import waiting_jobs as waiting
from webapp.db import db
from webapp.interop.importing import Import
from webapp.notify import jobs as notify
from webapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flask import Flask

MINUTE_SECONDS = 0.5
"""How long a minute lasts in a storm for the jobs that come round each minute."""
IMPORT_SECONDS = 0.5
PEOPLE = 6
VISITS = 2
MRN = "storm-"
_EVERY_MINUTE: tuple[Callable[..., None], ...] = (
    activity.seal_audit,
    activity.unfold_lists,
    booking.lapse_holds,
    waiting.sweep_waiting_list,
    notify.sweep,
)
# Nobody waits for three minutes in a storm: what may be undone until then is offered at once.
_DUE = """
    UPDATE jobs.procrastinate_jobs SET scheduled_at = clock_timestamp()
    WHERE status = 'todo' AND task_name = 'booking.offer_time' AND scheduled_at > clock_timestamp()
"""


@dataclass(slots=True)
class Backstage:
    """The applications of the web and of a worker, and what went wrong behind the pages."""

    web: Flask
    worker: Flask
    folder: Path
    admin: str
    faults: Counter[str] = field(default_factory=Counter)
    imports: list[Import] = field(default_factory=list)
    minutes: int = 0

    def import_people(self) -> None:
        """Import everybody of a hospital next door once more; each time they have been seen there since."""
        course = Import(clock.now())
        self.imports.append(course)
        for number in range(PEOPLE):
            path = self.folder / f"{number}.json"
            phone = {"system": "phone", "value": f"207-555-{len(self.imports):04d}", "use": "mobile"}
            record = bundles.record(f"{MRN}{number}", VISITS, telecom=[phone])
            path.write_text(json.dumps(record), "utf-8")
            with self.web.app_context():
                course.add(path)
        self.faults.update({f"not imported: {fault}": 1 for _, fault in course.failed})

    def pass_minute(self) -> None:
        """Do what comes round each minute, whether or not the worker is just doing it, too."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(_DUE)
        with self.worker.app_context():
            for job in _EVERY_MINUTE:
                job(timestamp=0)
        self.minutes += 1

    def again_and_again(self, task: Callable[[], None], over: threading.Event, rest: float) -> None:
        """Do a task until it is over; an error is a fault."""
        while not over.wait(rest):
            try:
                task()
            except Exception as error:  # noqa: BLE001 - the storm counts every way to fail
                self.faults[f"{task.__name__}: {type(getattr(error, 'orig', error)).__name__}"] += 1


@contextmanager
def backstage(admin: str, environment: Mapping[str, str], folder: Path) -> Iterator[Backstage]:
    """Make both applications; the first import is in before anybody presses."""
    settings = Settings.from_environment(environment)
    web, worker = create_app(settings), create_app(replace(settings, database_url=settings.worker_database_url))
    made = Backstage(web, worker, folder, admin)
    made.import_people()
    yield made
    for app in (web, worker):
        with app.app_context():
            db.engine.dispose()


@contextmanager
def at_work(stage: Backstage, environment: Mapping[str, str]) -> Iterator[threading.Event]:
    """A worker process, the minutes and the import, for as long as the block runs; the event ends the latter two."""
    log = stage.folder / "worker.log"
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    process = processes.start(command, log=log, env=processes.surroundings(environment), cwd=REPOSITORY)
    over = threading.Event()
    threads = [
        threading.Thread(target=stage.again_and_again, args=(task, over, rest))
        for task, rest in ((stage.pass_minute, MINUTE_SECONDS), (stage.import_people, IMPORT_SECONDS))
    ]
    for thread in threads:
        thread.start()
    try:
        yield over
    finally:
        over.set()
        for thread in threads:
            thread.join()
        if not processes.stop(process):
            stage.faults["a worker that did not stop"] += 1
