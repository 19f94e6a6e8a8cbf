"""Prices with their days: the list and the price of today are one, and what was charged before stays."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.factories import NOW
from webapp.db import Role
from webapp.errors import NotFound, VersionConflict, refusal_of
from webapp.ids import new_id
from webapp.practice import prices
from webapp.practice.actions import SaveItem, SetPrice, save_item, set_item_price, set_service_price
from webapp.practice.price_refusals import DepositAbovePrice, PriceInThePast, PriceTwice

if TYPE_CHECKING:
    from uuid import UUID

    from tests.billing.till import Till

TODAY = NOW.date()
LATER = TODAY + timedelta(days=30)


def listed(till: Till) -> list[tuple[dt.date | None, dt.date | None, int]]:
    found = till.does(lambda: prices.prices_of_service(till.clinic.service))
    return [(price.since, price.until, price.cents) for price in found]


def sets(till: Till, cents: int, since: dt.date, **other: int) -> None:
    wanted = SetPrice(till.clinic.service, cents, since, **other)
    till.does(lambda: set_service_price(wanted, today=TODAY), Role.MANAGER)


def test_a_service_has_its_price_for_all_days_until_another_begins(till: Till) -> None:
    assert listed(till) == [(None, None, 12_000)]
    sets(till, 13_000, LATER)
    assert listed(till) == [(None, LATER, 12_000), (LATER, None, 13_000)]
    assert till.one("SELECT price_cents FROM service")["price_cents"] == 12_000
    sets(till, 12_500, TODAY)
    assert listed(till) == [(None, TODAY, 12_000), (TODAY, LATER, 12_500), (LATER, None, 13_000)]
    assert till.one("SELECT price_cents FROM service")["price_cents"] == 12_500
    sets(till, 14_000, LATER)
    assert listed(till)[-1] == (LATER, None, 14_000)
    assert till.does(lambda: prices.service_price(till.clinic.service, LATER - timedelta(days=1))) == 12_500


def test_the_form_of_a_service_writes_the_list_too(till: Till) -> None:
    with till.acting(Role.MANAGER) as session:
        session.connection().exec_driver_sql("UPDATE service SET price_cents = 11000")
    assert listed(till) == [(None, TODAY, 12_000), (TODAY, None, 11_000)]
    with till.acting(Role.MANAGER) as session:
        session.connection().exec_driver_sql("UPDATE service SET price_cents = 11500")
    assert listed(till) == [(None, TODAY, 12_000), (TODAY, None, 11_500)]


def test_what_was_charged_before_stays(till: Till) -> None:
    with pytest.raises(PriceInThePast):
        sets(till, 1, TODAY - timedelta(days=1))
    with pytest.raises(VersionConflict):
        sets(till, 1, TODAY, version=9)
    with pytest.raises(NotFound):
        till.does(lambda: set_service_price(SetPrice(new_id(), 1, TODAY), today=TODAY), Role.MANAGER)
    till.owner.execute("UPDATE service SET deposit_cents = 5000")
    with pytest.raises(DepositAbovePrice):
        sets(till, 4_999, LATER)


def test_no_day_has_two_prices(till: Till) -> None:
    with pytest.raises(psycopg.errors.ExclusionViolation) as told:
        till.owner.execute(
            "INSERT INTO service_price (service_id, during, cents) VALUES (%s, '[2026-01-01,2026-02-01)', 1)",
            (till.clinic.service,),
        )
    assert isinstance(refusal_of(told.value), PriceTwice)


def test_an_item_has_a_code_and_prices_of_its_own(till: Till) -> None:
    wanted = SaveItem("L02", "Pathology handling", "Tests", "USD")
    item: UUID = till.does(lambda: save_item(wanted).id, Role.MANAGER)
    till.does(lambda: set_item_price(SetPrice(item, 2_800, TODAY), today=TODAY), Role.MANAGER)
    till.does(lambda: set_item_price(SetPrice(item, 3_000, LATER), today=TODAY), Role.MANAGER)
    found = till.does(lambda: prices.prices_of_item(item))
    assert [(price.since, price.until, price.cents) for price in found] == [(None, LATER, 2_800), (LATER, None, 3_000)]
    with pytest.raises(VersionConflict):
        till.does(lambda: save_item(SaveItem("L02", "Pathology", "Tests", "USD", item, 1)), Role.MANAGER)
    till.does(lambda: save_item(SaveItem("L03", "Pathology", "Tests", "USD", item, 3)), Role.MANAGER)
    assert till.does(lambda: [each.code for each in prices.items()]) == ["L03"]
    with pytest.raises(Exception, match="billable_item_code_key"):
        till.does(lambda: save_item(SaveItem("L03", "Another", "Tests", "USD")), Role.MANAGER)
    with pytest.raises(Exception, match="permission denied"):
        till.does(lambda: save_item(SaveItem("L04", "Another", "Tests", "USD")), Role.DESK)
