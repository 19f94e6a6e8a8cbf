"""The blueprints of money, where their views register themselves."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("billing", __name__)
