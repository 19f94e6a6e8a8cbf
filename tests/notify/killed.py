"""A postman in a process of its own, who dies of a timer in the middle of whatever he is doing."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from psycopg.rows import dict_row

from tests.notify.postman import Postman
from webapp.db import db

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from tests.stack.database import Database


def works_until_killed(app: Flask, database: Database, now: datetime, seconds: float) -> bool:
    """Let a postman do what is due at a moment; True when he was killed before he had done it all.

    The kernel ends the process: no handler, no rollback of ours, no answer to PostgreSQL.
    """
    child = os.fork()
    if child == 0:
        _die_at_work(app, database, now, seconds)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM


def _die_at_work(app: Flask, database: Database, now: datetime, seconds: float) -> None:
    status = 1
    try:
        with app.app_context():
            # The connections are the parent's.
            db.engine.dispose(close=False)
        with database.administer() as connection:
            connection.row_factory = dict_row
            postman = Postman(app, connection)
            postman.now = now
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            postman.works(now)
            signal.setitimer(signal.ITIMER_REAL, 0)
        status = 0
    finally:
        os._exit(status)
