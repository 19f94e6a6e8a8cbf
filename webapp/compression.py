"""Pages travel compressed: a busy day board is 100 kB of HTML, of which 10 kB say something new."""

from __future__ import annotations

import gzip
import io
import secrets
from typing import TYPE_CHECKING

from flask import request

if TYPE_CHECKING:
    from flask import Flask, Response

LEVEL = 5
SMALLEST = 1400
"""What fits into one packet anyway, in bytes."""
NOISE = 100


def init_app(app: Flask) -> None:
    """Compress HTML for those who accept it; registered first, so that it runs after everything that writes a body."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
        return response
    body = response.get_data()
    if len(body) < SMALLEST:
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" not in response.headers and request.accept_encodings["gzip"] > 0:
        response.set_data(_packed(body))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _packed(body: bytes) -> bytes:
    """Gzip with a file name of random length: who may choose part of a page learns nothing from its size."""
    packed = io.BytesIO()
    noise = "a" * secrets.randbelow(NOISE)
    with gzip.GzipFile(filename=noise, mode="wb", compresslevel=LEVEL, fileobj=packed, mtime=0) as file:
        file.write(body)
    return packed.getvalue()
