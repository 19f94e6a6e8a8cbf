"""The blueprint of the settings, where its views register themselves."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("practice", __name__)
