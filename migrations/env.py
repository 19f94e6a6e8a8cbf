"""Runs migrations as the owner role, one transaction each, with a short wait for locks."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

import webapp.billing.models
import webapp.booking.models
import webapp.identity.models
import webapp.models
import webapp.patients.models
import webapp.practice.models  # noqa: F401 - importing the models fills the metadata
from webapp.db import Base
from webapp.settings import Settings, SettingsError


def _url() -> str:
    url = context.config.attributes.get("url") or Settings.from_environment().migration_database_url
    if not url:
        message = "MIGRATION_DATABASE_URL is not set. Set it to the login of the role that may migrate."
        raise SettingsError(message)
    return str(url).replace("postgresql://", "postgresql+psycopg://", 1)


def _run() -> None:
    engine = create_engine(_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        # Better to give up and try again than to queue every booking behind a waiting ALTER TABLE.
        connection.exec_driver_sql("SET lock_timeout = '2s'; SET ROLE anteroom_owner")
        connection.commit()
        context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


_run()
