"""Who people are: accounts, roles, signing in, and the session that every request is checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Wire sign-in, Flask-Login, the pages and the commands into the application; `dynamo` has to be there already."""
    from webapp import acting
    from webapp.identity import commands, service, views

    service.init_app(app, settings)
    views.login.init_app(app, add_context_processor=False)
    app.register_blueprint(views.bp)
    app.jinja_env.globals.update(
        session_note=views.sessions.session_note,
        session_end=views.sessions.session_end,
        has_draft=views.leaving.has_draft,
        acting_for=acting.acting_for,
        menu_patient=acting.menu_patient,
    )
    views.again.init_app(app)
    app.cli.add_command(commands.accounts)
