"""What templates may use: the macros as `ui`, dates and times in clinic words, strict about names that do not exist."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from flask import g, render_template, request
from flask_babel import Babel, get_locale, gettext
from flask_login import current_user
from jinja2 import StrictUndefined
from jinja2.compiler import CodeGenerator
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]

from webapp import hypermedia, languages

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from datetime import date, datetime

    from flask import Flask

LOCALE = "en_US"
KEPT = 2048
VENDOR = Path("static") / "vendor"


def init_app(app: Flask) -> None:
    """Set up the Jinja environment; macros are loaded once, because they are the same for every request."""
    translate(app, Path(app.root_path).parent / "translations")
    env = app.jinja_env
    env.code_generator_class = QuickCode
    env.undefined = StrictUndefined
    env.trim_blocks = True
    env.lstrip_blocks = True
    env.globals.update(
        asset=_assets(Path(app.root_path).parent / VENDOR),
        current_user=current_user,
        may=may,
        may_at=may_at,
        new_key=new_key,
        once=once,
        ui=(ui := SimpleNamespace()),
        keeper=_keeper(ui),
        other_languages=languages.others,
        page_address=page_address,
    )
    env.filters.update(
        time=local_time, day=local_day, day_long=day_long, day_short=day_short, moment=local_moment, age=age_in_years
    )
    with app.app_context():
        _load_macros(app)


class QuickCode(CodeGenerator):
    """Jinja's compiled templates, with `escaped` where they call `escape`: a board has four thousand such calls."""

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("from webapp.templating import escaped as escape")


def escaped(value: object) -> str:
    """What `markupsafe.escape` makes of a value, without wrapping the text again: the template around it is safe."""
    if type(value) is str:
        return _escape_inner(value)
    return value if type(value) is Markup else escape(value)


def translate(app: Flask, folder: Path) -> None:
    """Speak the languages that have a catalog in the folder; US English without one."""
    known = languages.known_in(app, folder)
    Babel(
        app,
        default_locale=languages.ENGLISH,
        default_translation_directories=str(folder),
        locale_selector=lambda: languages.spoken(known),
    )
    app.jinja_env.globals |= dict.fromkeys(("_", "gettext"), _speaker())
    app.jinja_env.globals["language"] = lambda: str(get_locale() or "en").replace("_", "-")


def _speaker() -> Callable[..., Markup]:
    """Make the templates' `_`: a text of ours in the reader's language, kept: looking it up costs as a row does.

    As Jinja's own `gettext` it is safe HTML and always a format, whose variables are escaped.  The texts of a request's
    language are found once; only `languages.speaking` speaks another one within it.
    """
    kept: dict[str, dict[str, Markup]] = {}

    def say(text: str, **variables: object) -> Markup:
        if languages.TEXTS not in g:
            g.texts = kept.setdefault(str(get_locale()), {})
        texts: dict[str, Markup] = g.texts
        known = texts.get(text)
        if known is None:
            known = texts[text] = Markup(gettext(text))  # noqa: S704 - a text of ours or its translator's
        return known % variables if variables or "%" in known else known

    return say


def page_address() -> str:
    """Where this page is, to come back to it; without its query when that would lead on to another site."""
    address = hypermedia.came_from()
    leads_on = [value for name, value in request.args.items(multi=True) if name == "next" or "/" in value]
    return address if all(map(hypermedia.is_own, leads_on)) else address.partition("?")[0]


def may(permission: str) -> bool:
    """Whether the signed-in person has a permission: decides what is offered, never what is allowed."""
    return current_user.is_authenticated and permission in current_user.permissions


def may_at(permission: str, location_id: UUID) -> bool:
    """Whether the signed-in person has a permission at a location: decides what is offered, never what is allowed."""
    return may(permission) and current_user.may_at(permission, location_id)


def once(template: str) -> Markup:
    """A part of pages that is the same for everybody, rendered once for each language and kept."""
    key = (template, str(get_locale()))
    if key not in _kept:
        _kept[key] = Markup(render_template(template))  # noqa: S704 - a template of ours, escaped as all of them
    return _kept[key]


_kept: dict[tuple[str, str], Markup] = {}


def _keeper(ui: SimpleNamespace) -> Callable[[str], Callable[..., Markup]]:
    """Make `keeper`: what one of our macros makes of plain values, kept as long as it is asked for now and then.

    The macro may depend on nothing but its values and the reader's language.  What it made stays in memory alone.
    """

    @lru_cache(maxsize=KEPT)
    def made(macro: str, _language: str, values: tuple[Hashable, ...]) -> Markup:
        text: Markup = getattr(ui, macro)(*values)
        return text

    def keeper(macro: str) -> Callable[..., Markup]:
        language = str(get_locale())
        return lambda *values: made(macro, language, values)

    return keeper


def new_key() -> UUID:
    """The one-time key of a form: a fresh one, or the key that was sent when a refused form is shown again."""
    return g.get("form_key") or uuid4()


def local_time(moment: datetime, zone: str) -> str:
    """Wall clock time at a place, as the clinic says it: 10:42 AM."""
    return format_datetime(moment.astimezone(ZoneInfo(zone)), "h:mm a", locale=LOCALE)


def local_day(moment: datetime, zone: str) -> str:
    """The day of a moment at a place: Sun, Nov 22."""
    return day_short(moment.astimezone(ZoneInfo(zone)).date())


def local_moment(moment: datetime, zone: str) -> str:
    """Day and time at a place: Sun, Nov 22, 10:42 AM."""
    return f"{local_day(moment, zone)}, {local_time(moment, zone)}"


def day_long(day: date) -> str:
    """Sunday, November 22, 2026."""
    return format_date(day, "EEEE, MMMM d, y", locale=LOCALE)


def day_short(day: date) -> str:
    """Sun, Nov 22."""
    return format_date(day, "EEE, MMM d", locale=LOCALE)


def age_in_years(birth_date: date, today: date) -> int:
    """Completed years; somebody born on February 29 has their birthday on March 1 in other years."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def _assets(folder: Path) -> Callable[[str], str]:
    """Make the function from an asset's name to its address; the manifest is read once, on first use."""
    names: dict[str, str] = {}

    def asset(name: str) -> str:
        if not names and (folder / "manifest.json").is_file():
            names.update(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
        return f"/static/vendor/{names.get(name, name)}"

    return asset


def _load_macros(app: Flask) -> None:
    env = app.jinja_env
    namespace = env.globals["ui"]
    for name in env.list_templates(filter_func=lambda each: each.startswith("ui/") and each.endswith(".html")):
        for macro, function in vars(env.get_template(name).module).items():
            if callable(function) and not macro.startswith("_"):
                setattr(namespace, macro, function)
