"""What browsers get, put together from the locked packages and our own files."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from deploy import assets

if TYPE_CHECKING:
    from pathlib import Path

COLD_BYTES = 60_000
"""Of the 100 kB a page may weigh cold, without the font: the rest is for the page itself."""


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for what is built."""
    folder = tmp_path / "static" / "vendor"
    monkeypatch.setattr(assets, "VENDOR", folder)
    monkeypatch.setattr(assets, "MANIFEST", folder / "manifest.json")
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    monkeypatch.setattr(assets, "install_node_modules", lambda: None)
    return folder


def names_in(vendor: Path) -> dict[str, str]:
    names: dict[str, str] = json.loads((vendor / "manifest.json").read_text(encoding="utf-8"))
    return {plain: name for plain, name in names.items() if plain}


def test_names_carry_the_hash_of_their_content_and_fit_what_the_server_calls_immutable(vendor: Path) -> None:
    import re

    from webapp import IMMUTABLE

    assert assets.main() == 0
    for name in names_in(vendor).values():
        assert re.search(IMMUTABLE, name)
        assert (vendor / name).exists()


def test_a_second_run_does_nothing(vendor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assets.main()
    before = {path.name: path.stat().st_mtime_ns for path in vendor.iterdir()}
    assert assets.main() == 0
    assert "up to date" in capsys.readouterr().out
    assert before == {path.name: path.stat().st_mtime_ns for path in vendor.iterdir()}


def test_a_missing_file_is_built_again(vendor: Path) -> None:
    assets.main()
    name = names_in(vendor)["app.css"]
    (vendor / name).unlink()
    assets.main()
    assert (vendor / name).exists()


def test_files_of_a_running_server_stay_for_a_day(vendor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets.main()
    served = names_in(vendor)["icons.svg"]
    monkeypatch.setattr(assets, "ICONS", ["search"])
    (vendor / "manifest.json").unlink()
    assets.main()
    assert names_in(vendor)["icons.svg"] != served
    assert (vendor / served).exists()
    monkeypatch.setattr(assets, "KEPT_SECONDS", -1)
    (vendor / "manifest.json").unlink()
    assets.main()
    assert not (vendor / served).exists()


def test_style_script_and_icons_weigh_little(vendor: Path) -> None:
    assets.main()
    names = names_in(vendor)
    weight = sum((vendor / f"{names[plain]}.gz").stat().st_size for plain in ("app.css", "app.js", "icons.svg"))
    assert weight < COLD_BYTES


def test_the_compressed_twin_holds_the_same(vendor: Path) -> None:
    assets.main()
    name = names_in(vendor)["app.js"]
    assert gzip.decompress((vendor / f"{name}.gz").read_bytes()) == (vendor / name).read_bytes()


def test_the_style_sheet_asks_for_fonts_by_their_hashed_names(vendor: Path) -> None:
    assets.main()
    names = names_in(vendor)
    css = (vendor / names["app.css"]).read_text(encoding="utf-8")
    assert f'url("{names["inter.woff2"]}")' in css
    assert "http" not in css


def test_an_icon_that_lucide_lacks_stops_the_build_in_one_sentence(
    vendor: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assets, "ICONS", ["no-such-icon"])
    assert assets.main() == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (vendor / "manifest.json").exists()


@pytest.mark.parametrize(
    ("written", "served"),
    [
        ("a { color: red; }", "a{color:red}"),
        ("/* why */ a{b:c}", "a{b:c}"),
        ("a:hover > b { margin: 0 auto; }", "a:hover > b{margin:0 auto}"),
        ("a :focus{b:calc(1px + 2px)}", "a :focus{b:calc(1px + 2px)}"),
        ("@media (34px <= width < 62px) { a { b: c } }", "@media (34px <= width < 62px){a{b:c}}"),
    ],
)
def test_minified_styles_mean_the_same(written: str, served: str) -> None:
    assert assets.minified(written) == served
