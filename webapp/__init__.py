"""Anteroom: the front desk and the patient portal of an outpatient clinic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_migrate import Migrate
from whitenoise import WhiteNoise

from webapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
VENDOR = ROOT / "static" / "vendor"
IMMUTABLE = r"\.[0-9a-f]{8}\.\w+$"
YEAR_SECONDS = 31_536_000


class Anteroom(Flask):
    """The application; none of its functions is a coroutine, so it does not look at each of them for every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from its settings; raises SettingsError or RuntimeError rather than start half wired."""
    from webapp import compression, cycle, hypermedia, logs, metrics, problems, routing, security, templating

    settings = settings or Settings.from_environment()
    logs.configure()
    app = Anteroom(
        "webapp", root_path=str(ROOT / "webapp"), template_folder=str(ROOT / "templates"), static_folder=None
    )
    app.config["ANTEROOM"] = settings
    app.testing = settings.environment == "test"
    metrics.init_app(app)
    logs.init_app(app)
    app.before_request(cycle.begin)
    compression.init_app(app)
    security.init_app(app, settings)
    hypermedia.init_app(app)
    problems.init_app(app)
    routing.init_app(app)
    _connect(app, settings)
    _open_slices(app, settings)
    templating.init_app(app)
    routing.check_doors(app)
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(VENDOR),
        prefix="static/vendor/",
        max_age=YEAR_SECONDS if settings.environment == "production" else 0,
        immutable_file_test=IMMUTABLE,
        autorefresh=settings.environment != "production",
    )
    security.wrap(app, settings)
    return app


def _connect(app: Flask, settings: Settings) -> None:
    """Make the engines ready; nothing connects before the first request."""
    from webapp import dynamo, opening, patience
    from webapp.db import CONNECT_ARGS, db

    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "connect_args": CONNECT_ARGS,
        "hide_parameters": True,
        "max_overflow": 4,
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "pool_size": 12,
        "pool_timeout": 2,
        # The connection that rested least has its plans and the catalogue still in the processor.
        "pool_use_lifo": True,
    }
    db.init_app(app)
    with app.app_context():
        patience.teach(db.engine)
        opening.teach(db.engine)
    Migrate(app, db, directory=str(ROOT / "migrations"))
    dynamo.init_app(app, settings)


def _open_slices(app: Flask, settings: Settings) -> None:
    """Wire every slice, in the order in which they may import each other."""
    from webapp import identity
    from webapp.billing import service as billing
    from webapp.billing import views as billing_views
    from webapp.booking import views as booking
    from webapp.desk import views as desk
    from webapp.interop import commands as interop
    from webapp.notify import service as notify
    from webapp.notify import views as notify_views
    from webapp.ops import commands as ops_commands
    from webapp.ops import readiness
    from webapp.ops import views as ops
    from webapp.patients import views as patients
    from webapp.portal import views as portal
    from webapp.practice import signboard
    from webapp.practice import views as practice

    signboard.init_app(app)
    identity.init_app(app, settings)
    billing.init_app(app, settings)
    readiness.init_app(app, settings)
    notify.init_app(app, settings)
    for slice_views in (practice, patients, booking, billing_views, notify_views, desk, portal, ops):
        app.register_blueprint(slice_views.blueprint)
    if settings.cards.gateway == "simulated":
        app.register_blueprint(billing_views.terminal.blueprint)
    if "mailbox" in {settings.messages.mail, settings.messages.text}:
        app.register_blueprint(notify_views.mailbox.blueprint)
    for command in (*interop.COMMANDS, *ops_commands.COMMANDS):
        app.cli.add_command(command)


__all__ = ["Settings", "create_app"]
