"""The blueprint of the portal, where its views register themselves."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("portal", __name__)
