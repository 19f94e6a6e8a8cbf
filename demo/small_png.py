"""Pictures of pages as PNG files with a palette: a third of the size, and no eye sees what went."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

# The most frequent colours of a picture, and for each of its points the nearest of them.
REDUCE = """async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const {width, height} = image;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const points = new Uint32Array(canvas.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const point of points) counts.set(point, (counts.get(point) ?? 0) + 1);
  const palette = [...counts].sort((one, other) => other[1] - one[1]).slice(0, 256).map(([point]) => point);
  const parts = (point) => [point & 255, (point >> 8) & 255, (point >> 16) & 255];
  const known = palette.map(parts);
  const nearest = new Map(palette.map((point, index) => [point, index]));
  for (const point of counts.keys()) {
    if (nearest.has(point)) continue;
    const [red, green, blue] = parts(point);
    let best = 0, least = Infinity;
    known.forEach(([r, g, b], index) => {
      const far = (r - red) ** 2 * 3 + (g - green) ** 2 * 4 + (b - blue) ** 2 * 2;
      if (far < least) [best, least] = [index, far];
    });
    nearest.set(point, best);
  }
  const indexes = Uint8Array.from(points, (point) => nearest.get(point));
  let text = "";
  for (let at = 0; at < indexes.length; at += 8192) text += String.fromCharCode(...indexes.subarray(at, at + 8192));
  return {width, height, palette: known.flat(), indexes: btoa(text)};
}"""


def write(page: Page, picture: bytes, path: Path) -> int:
    """Write a PNG again with at most 256 colours, counted by the browser of an empty `page`; returns its bytes."""
    found = page.evaluate(REDUCE, "data:image/png;base64," + base64.b64encode(picture).decode())
    width, height, indexes = found["width"], found["height"], base64.b64decode(found["indexes"])
    lines = b"".join(b"\0" + indexes[at : at + width] for at in range(0, width * height, width))
    made = b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(found["palette"])),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )
    return path.write_bytes(made)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
