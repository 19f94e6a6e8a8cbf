"""The blueprint of the pages about patients."""

from flask import Blueprint

blueprint = Blueprint("patients", __name__)
