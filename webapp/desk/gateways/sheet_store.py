"""Where the hourly copy of the day lies: a folder, or a prefix of an S3 bucket. A file is there whole or not at all."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.settings import Settings

NAME = re.compile(r"(\d{4}-\d\d-\d\d)-[a-z0-9-]+\.pdf")
"""How the files of ours are called: the day first; nothing else in the place is ever touched."""
PART = ".part"
SCHEME = "s3://"
TIMES_OUT = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 2})


class SheetStore(Protocol):
    """A place for a few PDF files; each method raises what the place raises when it can't."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file, or put a newer one in its place, at once."""

    def remove_before(self, day: date) -> None:
        """Remove the files of days before this one."""


def store_at(place: str, settings: Settings) -> SheetStore:
    """The store of a setting: `s3://bucket/prefix`, or a folder, which is made if it is not there."""
    if not place.startswith(SCHEME):
        return Folder(Path(place))
    bucket, _, prefix = place.removeprefix(SCHEME).partition("/")
    client = boto3.session.Session().client(
        "s3", region_name=settings.aws_region, endpoint_url=settings.aws_endpoint_url, config=TIMES_OUT
    )
    # Nothing decrypts for the stand-in of a local clinic; on AWS the key is KMS's.
    return Bucket(client, bucket, prefix.strip("/"), "aws:kms" if settings.aws_endpoint_url is None else "AES256")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that only the clinic's own user can read."""

    path: Path

    def put(self, name: str, content: bytes) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = self.path / f".{name}{PART}"
        half.unlink(missing_ok=True)
        # Exclusive, and nobody else's from its first byte on.
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(self.path / name)

    def remove_before(self, day: date) -> None:
        for name in _older(day, (path.name for path in self.path.glob("*.pdf"))):
            (self.path / name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A prefix of an S3 bucket; every object is encrypted, whatever the bucket's default is."""

    client: Any  # boto3 makes its clients at run time
    bucket: str
    prefix: str
    encryption: str

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(
            Bucket=self.bucket,
            Key=self._key(name),
            Body=content,
            ContentType="application/pdf",
            CacheControl="no-store",
            ServerSideEncryption=self.encryption,
        )

    def remove_before(self, day: date) -> None:
        start = self._key("")
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=start)
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        for name in _older(day, (key.removeprefix(start) for key in keys)):
            self.client.delete_object(Bucket=self.bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


def _older(day: date, names: Iterable[str]) -> list[str]:
    """Those of our files that are of days before; days are written so that they sort."""
    matches = (NAME.fullmatch(name) for name in names)
    return [found.group() for found in matches if found is not None and found.group(1) < day.isoformat()]
