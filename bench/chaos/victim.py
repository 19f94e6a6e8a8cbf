"""Who is cut off or killed in the middle of moving money: `python -m bench.chaos.victim`, told what to do line by line.

The process that listens is never hurt.  It has loaded everything and connected nothing, and makes a child of itself for
each deed, which connects, says that it is ready, and does the deed when it is told to: a kill -9 costs a fork.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from bench.chaos.deeds import DEEDS, told
from tests.billing.cards.conftest import connected
from tests.stack.stripe_stand_in import SECRET_KEY, WEBHOOK_SECRET
from webapp import clock
from webapp.billing import service
from webapp.billing.gateways.stripe_gateway import StripeGateway
from webapp.db import db

if TYPE_CHECKING:
    from flask import Flask

LINE = 1 << 20


def heard() -> dict[str, Any] | None:
    """One line of what we are told, None when nobody speaks any more; who speaks waits for us, so lines come singly."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, LINE)
        if not part:
            return None
        line += part
    order: dict[str, Any] = json.loads(line)
    return order


def say(**facts: object) -> None:
    os.write(1, json.dumps(facts).encode() + b"\n")


def _warm(app: Flask, order: dict[str, Any]) -> None:
    """Do a deed here, so that no child has to load or put together anything; what is connected is left behind."""
    now = datetime.fromisoformat(order["now"])
    with clock.stopped_at(now), app.app_context():
        say(**told(lambda: DEEDS[order["deed"]](order, now)))
        db.session.remove()
        db.engine.dispose()
    app.extensions[service.EXTENSION].close()


def _do(app: Flask, order: dict[str, Any]) -> None:
    now = datetime.fromisoformat(order["now"])
    with clock.stopped_at(now), app.app_context():
        # The connection is there before anything is counted: how a login is cut off is not what is tried.
        db.session.execute(text("select 1"))
        db.session.remove()
        say(ready=os.getpid())
        heard()
        say(**told(lambda: DEEDS[order["deed"]](order, now)))


def main(database: str, worker: str, stripe: str) -> None:
    """Serve until nobody speaks any more."""
    apps = {}
    for name, address in (("desk", database), ("worker", worker)):
        apps[name] = connected(address, StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stripe))
    say(listening=True)
    while (order := heard()) is not None:
        app = apps[order["as"]]
        if "warm" in order:
            _warm(app, order)
            app.extensions[service.EXTENSION] = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stripe)
            continue
        child = os.fork()
        if child == 0:
            try:
                _do(app, order)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        say(ended=status)


if __name__ == "__main__":
    main(*sys.argv[1:])
