"""The audit sealed to its last row, however busy the server is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from webapp.activity.checking import standing
from webapp.activity.sealing import MOST_ROWS, seal
from webapp.db import transactional
from webapp.jobs import scope

if TYPE_CHECKING:
    from datetime import datetime

PATIENCE_SECONDS = 60.0


def seal_everything(at: datetime, *, most_rows: int = MOST_ROWS) -> None:
    """Seal as often as it takes, as the job does from minute to minute; raises TimeoutError.

    A seal waits for every transaction that had begun before, those of other databases of the same server among them.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _left(at, most_rows):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def _left(at: datetime, most_rows: int) -> bool:
    while seal(at, most_rows=most_rows):
        pass
    with transactional(scope(), read_only=True) as session:
        now = standing(session)
    return now is None or now.unsealed > 0
