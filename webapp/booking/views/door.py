"""The blueprint of bookings, where its views register themselves."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("booking", __name__)
