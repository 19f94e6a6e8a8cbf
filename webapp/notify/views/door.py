"""The blueprint of messages, where its views register themselves."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("notify", __name__)
