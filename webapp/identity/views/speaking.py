"""The language that a page is to speak, chosen on the page itself."""

from __future__ import annotations

from flask import Response, request

from webapp import hypermedia, languages
from webapp.identity.views.door import bp
from webapp.routing import public


@bp.post("/language")
@public
def speak() -> Response:
    """Speak the chosen language in this browser from now on, beginning with the page it was chosen on."""
    wanted = request.form.get("next", "/")
    page = hypermedia.see(wanted if hypermedia.is_own(wanted) else "/")
    return languages.choose(page, request.form.get("language", ""))
