"""Odd addresses by every method: never an error of ours, and never a way to another site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.factories import NOW, Clinic
from tests.morning import clinic, eight_in_the_morning
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

__all__ = ["clinic", "eight_in_the_morning"]

from tests.test_fuzz import NOBODY, rows

ADDRESSES = (
    "/board/0000-00-00", "/board/0001-01-01", "/board/9999-12-31", "/board/2026-02-30", "/board/٢٠٢٦-١١-٢٣",
    "/board/1582-10-10", "/board/99999-01-01", "/board;x=1", "/board/2026-11-23/",
    f"/jobs/{2**63}/retry", f"/jobs/{'9' * 5000}/retry", "/jobs/-1/retry", "/jobs/0/retry",
    f"/patients/{NOBODY.upper()}", "/patients/{}", "/patients/..%2f..%2fetc%2fpasswd", "/patients/%00",
    "//evil.example", "//evil.example/%2e%2e", "/%5c%5cevil.example", "/.//evil.example", "/%ff%fe", "/%ed%a0%80",
    "/static/vendor/../../wsgi.py", "/static/vendor/%2e%2e/%2e%2e/wsgi.py", "/static/vendor/app.css%00",
    "/static/vendor/", "/static/vendor//etc/passwd", "/" + "a" * 5000, "/?" + "provider=x&" * 10_000,
    f"/board?{f'provider={NOBODY}&' * 10_000}", "/search?q=" + "%F0%9F%92%8A" * 10_000,
    "/search?q=" + "a%20" * 10_000, "/search?q=%27%3A*%20%7C%20!", "/search?" + "&".join(f"q{n}=" for n in range(5000)),
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PROPFIND"])
def test_an_odd_address_is_never_our_error_and_never_leads_away(
    sign_in: SignIn, visitor: Visitor, database: Database, clinic: Clinic, method: str
) -> None:
    person = sign_in(*StaffRole, at=NOW)
    before = rows(database)
    for address in ADDRESSES:
        for each in (person, visitor):
            headers = {"X-CSRFToken": each.csrf_token}
            answer = each.client.open(address, method=method, headers=headers)
            assert answer.status_code < 500, address[:100]
            leads = answer.headers.get("Location", "/")
            assert not leads.startswith("//"), address[:100]
            assert leads.startswith(("/", "http://localhost/")), address[:100]
    assert rows(database) == before
