"""The blueprint of the desk, where its views register themselves."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("desk", __name__)
