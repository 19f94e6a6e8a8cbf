"""Who carries messages is chosen once, and a clinic in production never talks into its own mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from webapp.settings import Messages, Settings, SettingsError

if TYPE_CHECKING:
    from tests.stack.database import Database

PRODUCTION = {
    "ANTEROOM_ENV": "production", "PUBLIC_URL": "https://clinic.example", "CARD_GATEWAY": "stripe",
    "STRIPE_SECRET_KEY": "sk", "STRIPE_WEBHOOK_SECRET": "whsec",
}  # fmt: skip
REAL = {"MAIL_GATEWAY": "ses", "TEXT_GATEWAY": "sns", "MAIL_FROM": "front@clinic.example"}
SMTP = {"MAIL_GATEWAY": "smtp", "MAIL_FROM": "front@clinic.example", "SMTP_HOST": "mail.example"}


def read(database: Database, **env: str) -> Messages:
    return Settings.from_environment({**database.environment, **env}).messages


def test_a_local_clinic_keeps_its_messages(database: Database) -> None:
    assert read(database) == Messages()


def test_production_names_its_carriers(database: Database) -> None:
    assert read(database, **PRODUCTION, **REAL) == Messages(mail="ses", text="sns", sender="front@clinic.example")
    for wrong in ({}, {**REAL, "MAIL_GATEWAY": "mailbox"}, {**REAL, "TEXT_GATEWAY": ""}):
        with pytest.raises(SettingsError, match="MAIL_GATEWAY"):
            read(database, **PRODUCTION, **wrong)
    with pytest.raises(SettingsError, match="MAIL_FROM"):
        read(database, **PRODUCTION, **{**REAL, "MAIL_FROM": ""})


def test_a_mail_server_is_never_without_tls_but_here(database: Database) -> None:
    wanted = read(database, **SMTP)
    assert (wanted.smtp_port, wanted.smtp_security) == (587, "starttls")
    assert read(database, **SMTP, SMTP_SECURITY="tls").smtp_port == 465
    with pytest.raises(SettingsError, match="SMTP_SECURITY"):
        read(database, **SMTP, SMTP_SECURITY="none")
    with pytest.raises(SettingsError, match="SMTP_PASSWORD"):
        read(database, **SMTP, SMTP_USER="clinic")


def test_no_password_is_shown(database: Database) -> None:
    settings = Settings.from_environment(
        {**database.environment, **SMTP, "SMTP_USER": "clinic", "SMTP_PASSWORD": "s3cret-of-ours"}
    )
    assert "s3cret-of-ours" not in repr(settings)
