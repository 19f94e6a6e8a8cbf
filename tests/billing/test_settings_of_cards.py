"""Which gateway a process talks to, and that its secrets have no defaults and no way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from webapp.settings import Cards, Settings, SettingsError

if TYPE_CHECKING:
    from tests.stack.database import Database

STRIPE = {"CARD_GATEWAY": "stripe", "STRIPE_SECRET_KEY": "sk_live_secret", "STRIPE_WEBHOOK_SECRET": "whsec_secret"}


def read(database: Database, **changes: str) -> Cards:
    return Settings.from_environment({**database.environment, **changes}).cards


def test_a_local_clinic_has_the_terminal_that_moves_no_money(database: Database) -> None:
    assert read(database) == Cards("simulated")
    assert read(database, CARD_GATEWAY="") == Cards("simulated")


def test_stripe_needs_both_its_secrets(database: Database) -> None:
    assert read(database, **STRIPE) == Cards("stripe", "sk_live_secret", "whsec_secret")
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"):
        with pytest.raises(SettingsError, match=name):
            read(database, **{**STRIPE, name: ""})


def test_production_never_takes_cards_at_a_simulated_terminal(database: Database) -> None:
    production = {"ANTEROOM_ENV": "production", "PUBLIC_URL": "https://clinic.example"}
    production |= {"MAIL_GATEWAY": "ses", "TEXT_GATEWAY": "sns", "MAIL_FROM": "front@clinic.example"}
    assert read(database, **production, **STRIPE).gateway == "stripe"
    for wrong in ("simulated", ""):
        with pytest.raises(SettingsError, match="CARD_GATEWAY"):
            read(database, **production, CARD_GATEWAY=wrong)


@pytest.mark.parametrize("wrong", ["paypal", "Stripe", "stripe;"])
def test_another_gateway_is_refused(database: Database, wrong: str) -> None:
    with pytest.raises(SettingsError, match="CARD_GATEWAY"):
        read(database, CARD_GATEWAY=wrong)


def test_another_address_than_stripes_is_on_this_machine(database: Database) -> None:
    assert read(database, **STRIPE, STRIPE_ADDRESS="http://127.0.0.1:9").address == "http://127.0.0.1:9"
    with pytest.raises(SettingsError, match="STRIPE_ADDRESS"):
        read(database, **STRIPE, STRIPE_ADDRESS="https://stripe.example.com")


def test_no_secret_is_shown(database: Database) -> None:
    settings = Settings.from_environment({**database.environment, **STRIPE})
    assert "sk_live_secret" not in repr(settings)
    assert "whsec_secret" not in repr(settings)
