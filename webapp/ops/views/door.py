"""The blueprint of the people who keep the clinic running, where its views register themselves."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("ops", __name__)
