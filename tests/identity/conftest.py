from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.accounts import Account, MakeAccount, new_account

if TYPE_CHECKING:
    from flask import Flask

    from webapp.identity.permissions import StaffRole


@pytest.fixture
def make_account(app: Flask) -> MakeAccount:
    """Make an account that can really sign in, with these roles (receptionist if none are given)."""

    def make(*roles: StaffRole) -> Account:
        with app.app_context():
            return new_account(*roles)

    return make
