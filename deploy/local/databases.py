"""Roles, passwords and databases of a cluster: what an administrator sets up before the first migration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from alembic.script import ScriptDirectory
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.local.postgres import Postgres

ROLES = Path(__file__).resolve().parents[2] / "migrations" / "roles.sql"
OWNER = "anteroom_owner"
EXTENSIONS = ("btree_gist", "pg_trgm")


def prepare(cluster: Postgres, database: str, passwords: Mapping[str, str]) -> None:
    """Bring roles, passwords, extensions and owner of one database up to date; safe to repeat.

    `passwords` maps the login roles to their passwords; the server gets them as SCRAM verifiers only.
    """
    with psycopg.connect(cluster.address("postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    with psycopg.connect(cluster.address(database), autocommit=True) as connection:
        connection.execute(ROLES.read_bytes())
        for role, password in passwords.items():
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(verifier.decode())))
        for extension in EXTENSIONS:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        names = {"database": sql.Identifier(database), "owner": sql.Identifier(OWNER)}
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC").format(**names))
        for role in passwords:
            grant = sql.SQL("GRANT CONNECT ON DATABASE {database} TO {role}")
            connection.execute(grant.format(role=sql.Identifier(role), **names))
        connection.execute(sql.SQL("ALTER DATABASE {database} OWNER TO {owner}").format(**names))
        connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {owner}").format(**names))
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def is_migrated(cluster: Postgres, database: str) -> bool:
    """Whether a database is at the newest migration; asked without starting the application, which takes longer."""
    newest = ScriptDirectory(str(ROLES.parent)).get_heads()
    with psycopg.connect(cluster.address(database)) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return False
        return [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")] == list(newest)


def clone(cluster: Postgres, template: str, database: str) -> None:
    """Copy a database that nobody is connected to, with its grants to the login roles."""
    names = {"database": sql.Identifier(database), "template": sql.Identifier(template), "owner": sql.Identifier(OWNER)}
    with psycopg.connect(cluster.address("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {database} TEMPLATE {template} OWNER {owner} STRATEGY file_copy").format(**names)
        )
        connection.execute(
            sql.SQL(
                "REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} "
                "TO anteroom_app, anteroom_worker, anteroom_migrator, anteroom_backup"
            ).format(**names)
        )
