"""The one DynamoDB client of the process: credentials by botocore, signed and sent by ourselves, ended by a deadline.

DynamoDB is asked on every request, so its cost and its worst case matter more than anywhere else.  A consistent
GetItem of a session costs 0.05 ms of CPU here and 0.7 ms through boto3 (measured on two shared cores, Python 3.11).
A request waits at most 1.0 s for all its calls together; a breaker per process spares the workers in an outage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

from webapp.dynamo.budget import Budget, spent
from webapp.dynamo.client import Check, Dynamo, Page, Put, Update
from webapp.dynamo.errors import ConditionFailed, DynamoRefused, DynamoUnavailable
from webapp.dynamo.values import Item, Value

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

__all__ = [
    "Budget",
    "Check",
    "ConditionFailed",
    "Dynamo",
    "DynamoRefused",
    "DynamoUnavailable",
    "Item",
    "Page",
    "Put",
    "Update",
    "Value",
    "client",
    "connect",
    "init_app",
    "spent",
]

EXTENSION = "anteroom.dynamo"


def connect(settings: Settings) -> Dynamo:
    """A client of the settings' region and endpoint, with credentials from botocore's usual places.

    No connection is opened yet, so a client made before a fork is safe to use after it.
    """
    from botocore.session import Session

    from webapp.dynamo.channel import Channel

    credentials = Session().get_credentials()
    if credentials is None:
        raise DynamoRefused("There are no AWS credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role.")
    endpoint = settings.aws_endpoint_url or f"https://dynamodb.{settings.aws_region}.amazonaws.com"
    return Dynamo(
        Channel(region=settings.aws_region, endpoint=endpoint, credentials=credentials), prefix=settings.dynamo_prefix
    )


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its client."""
    app.extensions[EXTENSION] = connect(settings)


def client() -> Dynamo:
    """The client of the current application; needs an application context."""
    dynamo: Dynamo = current_app.extensions[EXTENSION]
    return dynamo
