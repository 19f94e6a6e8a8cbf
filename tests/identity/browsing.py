"""What a browser does on the sign-in pages, and services that are away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.credentials import Credentials

from tests.identity.accounts import PASSWORD, Account
from tests.stack.people import Visitor
from webapp.dynamo.channel import Channel
from webapp.identity.gateways.people import People
from webapp.identity.service import EXTENSION
from webapp.identity.tokens import KeySet, Verifier

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from webapp.settings import Settings

NOWHERE = "http://127.0.0.1:9"


def enter(visitor: Visitor, account: Account, password: str = PASSWORD, next_path: str = "/home") -> TestResponse:
    return visitor.post("/sign-in", {"email": account.email, "password": password, "next": next_path})


def open_a_page(visitor: Visitor) -> None:
    """Get the form guard that every page brings along."""
    visitor.get("/sign-in")
    visitor.secret = str(cookie_of(visitor)["csrf_token"])


def cookie_of(visitor: Visitor) -> dict[str, object]:
    with visitor.client.session_transaction() as session:
        return dict(session)


def must_change(account: Account, settings: Settings, temporary: str) -> None:
    """Do what an administrator does who hands out a password."""
    pool = boto3.client("cognito-idp", region_name=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
    pool.admin_set_user_password(
        UserPoolId=settings.cognito_pool_id, Username=str(account.id), Password=temporary, Permanent=False
    )


@contextmanager
def cognito_away(app: Flask, settings: Settings, endpoint: str = NOWHERE) -> Iterator[People]:
    """Cognito is somewhere else, by default where nobody listens; DynamoDB goes on."""
    whole = app.extensions[EXTENSION]
    people = People(replace(settings, aws_endpoint_url=endpoint))
    verifier = Verifier(KeySet(people.key_set), issuer=people.issuer, audience=settings.cognito_client_id)
    app.extensions[EXTENSION] = replace(whole, service=people, verifier=verifier)
    try:
        yield people
    finally:
        app.extensions[EXTENSION] = whole


@contextmanager
def dynamo_away(app: Flask, monkeypatch: pytest.MonkeyPatch, endpoint: str = NOWHERE) -> Iterator[None]:
    """DynamoDB is somewhere else, by default where nobody listens; Cognito goes on."""
    client = app.extensions["anteroom.dynamo"]
    nowhere = Channel(region="us-east-1", endpoint=endpoint, credentials=Credentials("key", "secret"))
    with monkeypatch.context() as patch:
        patch.setattr(client, "_channel", nowhere)
        yield
    client.breaker.succeeded()
