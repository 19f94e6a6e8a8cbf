"""What PostgreSQL does for a query, overheard: the plans of everything that runs, also inside functions."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from flask import Flask

from tests.money_plans import BIG as BIG_IN_MONEY
from webapp.db import CONNECT_ARGS, db

if TYPE_CHECKING:
    from collections.abc import Iterator

BIG = {
    "appointment",
    "appointment_history",
    "encounter",
    "occupancy",
    "patient",
    "patient_alert",
    "patient_telecom",
    "resource",
    *BIG_IN_MONEY,
}
EXPLAIN = (
    "LOAD 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_nested_statements = on",
    "SET auto_explain.log_format = json",
    "SET auto_explain.log_level = notice",
    # A plan made for any parameters is what a statement gets after its fifth time.
    "SET plan_cache_mode = {}",
    "SET SESSION AUTHORIZATION anteroom_app",
)


class Plans:
    """The plans PostgreSQL made since the last look, with everything that ran inside functions."""

    def __init__(self) -> None:
        self._plans: list[dict[str, Any]] = []

    def hear(self, notice: psycopg.errors.Diagnostic) -> None:
        _, found, plan = (notice.message_primary or "").partition("plan:\n")
        if found:
            self._plans.append(json.loads(plan))

    def take(self) -> list[dict[str, Any]]:
        taken, self._plans = self._plans, []
        return taken


@contextmanager
def overheard(address: str, mode: str = "auto") -> Iterator[Plans]:
    """An application that overhears its own plans, made as `plan_cache_mode` says; its session is the web's."""
    heard = Plans()

    def connect() -> psycopg.Connection[Any]:
        connection = psycopg.connect(address, autocommit=True, options=CONNECT_ARGS["options"], prepare_threshold=0)
        for statement in EXPLAIN:
            connection.execute(statement.format(mode).encode())
        connection.autocommit = False
        connection.add_notice_handler(heard.hear)
        return connection

    app = Flask("plans")
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"creator": connect, "pool_size": 1}
    db.init_app(app)
    with app.app_context():
        yield heard
        db.engine.dispose()


def whole_tables_read(plan: dict[str, Any]) -> Iterator[str]:
    """Big tables that a plan reads from end to end, and the index where it walks all of a resource's time."""
    if plan.get("Node Type") == "Seq Scan" and plan.get("Relation Name") in BIG:
        yield plan["Relation Name"]
    if plan.get("Index Name") == "occupancy_busy":
        bounds = plan.get("Index Cond", "")
        # A provider has years of it.
        if "resource_id" not in bounds or "during" not in bounds:
            yield "occupancy_busy"
    for below in plan.get("Plans", ()):
        yield from whole_tables_read(below)
