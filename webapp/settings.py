"""Typed settings; the only module of the application that reads the environment."""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from collections.abc import Mapping

BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?")
ENVIRONMENTS = ("local", "test", "production")
GATEWAYS = ("simulated", "stripe")
MAIL = ("mailbox", "ses", "smtp")
TEXT = ("mailbox", "sns", "none")
SENDER = "clinic@anteroom.example"
SMTP_SECURITY = ("starttls", "tls", "none")
SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}
WAYS = ("projected", "computed")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SESSION_KEY_BYTES = 32
MINIMUM_SECRET_LENGTH = 32
# The warning comes two minutes before the end, so a shorter limit would be warning only.
IDLE_CHOICES = frozenset(str(minutes) for minutes in range(3, 61))


class SettingsError(ValueError):
    """A setting is missing or cannot be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Cards:
    """Who moves money on cards: the built-in terminal, with which nobody can pay, or Stripe with its two secrets.

    `address` is another one than Stripe's own, on this machine only: for tests.
    """

    gateway: str = "simulated"
    secret_key: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    address: str | None = None

    @property
    def pages(self) -> str:
        """The site on which people pay; empty when it is our own."""
        return "" if self.gateway == "simulated" else self.address or "https://checkout.stripe.com"


@dataclass(frozen=True, slots=True)
class Messages:
    """Who carries e-mail and texts; the mailbox keeps both on this machine, for a local clinic and for tests.

    `reports_queue` is the SQS queue with the events of SES and the answers to texts.
    """

    mail: str = "mailbox"
    text: str = "mailbox"
    sender: str = SENDER
    configuration_set: str = ""
    reports_queue: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the process needs to know from outside, read once at start.

    Secrets have no defaults: a process without them refuses to start.  `projected_times` lets pages read free times
    from DynamoDB, where PostgreSQL would compute them.
    """

    environment: str
    database_url: str
    worker_database_url: str
    migration_database_url: str
    secret_key: str
    session_key: bytes
    public_url: str
    allowed_hosts: tuple[str, ...]
    aws_region: str
    cognito_pool_id: str
    cognito_client_id: str
    cognito_client_secret: str
    aws_endpoint_url: str | None = None
    dynamo_prefix: str = "anteroom-"
    proxy_hops: int = 0
    show_demo_accounts: bool = False
    require_second_factor: bool = True
    idle_limits: Mapping[StaffRole, timedelta] = field(default_factory=dict)
    day_sheets: str = ""
    worker_metrics_port: int = 0
    projected_times: bool = True
    cards: Cards = field(default_factory=Cards)
    messages: Messages = field(default_factory=Messages)

    @property
    def secure(self) -> bool:
        """Whether the public address is https; decides cookie name and Secure flag."""
        return urlsplit(self.public_url).scheme == "https"

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read and check all settings; raises SettingsError with the name of the first one that is wrong."""
        source = os.environ if env is None else env
        public_url = _required(source, "PUBLIC_URL").rstrip("/")
        _check_public_url(public_url)
        hosts = source.get("ALLOWED_HOSTS") or (urlsplit(public_url).hostname or "")
        return cls(
            environment=_choice(source, "ANTEROOM_ENV", ENVIRONMENTS),
            database_url=_required(source, "DATABASE_URL"),
            worker_database_url=source.get("WORKER_DATABASE_URL", ""),
            migration_database_url=source.get("MIGRATION_DATABASE_URL", ""),
            secret_key=_secret(source, "SECRET_KEY"),
            session_key=_key(source, "SESSION_KEY"),
            public_url=public_url,
            allowed_hosts=tuple(host.strip() for host in hosts.split(",") if host.strip()),
            aws_region=_required(source, "AWS_REGION"),
            cognito_pool_id=_required(source, "COGNITO_POOL_ID"),
            cognito_client_id=_required(source, "COGNITO_CLIENT_ID"),
            cognito_client_secret=_required(source, "COGNITO_CLIENT_SECRET"),
            aws_endpoint_url=source.get("AWS_ENDPOINT_URL") or None,
            dynamo_prefix=source.get("DYNAMO_PREFIX", "anteroom-"),
            proxy_hops=_count(source, "PROXY_HOPS"),
            show_demo_accounts=source.get("SHOW_DEMO_ACCOUNTS") == "1",
            require_second_factor=source.get("REQUIRE_SECOND_FACTOR", "1") != "0",
            idle_limits=_idle_limits(source),
            day_sheets=_store(source, "DAY_SHEETS"),
            worker_metrics_port=_count(source, "WORKER_METRICS_PORT"),
            projected_times=_choice({"AVAILABILITY": source.get("AVAILABILITY") or WAYS[0]}, "AVAILABILITY", WAYS)
            == WAYS[0],
            cards=_cards(source),
            messages=_messages(source),
        )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        message = f"{name} is not set. Set it in the environment, or start the local clinic with `make run`."
        raise SettingsError(message)
    return value


def _choice(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = _required(env, name)
    if value not in choices:
        message = f"{name} is {value!r}; use one of {', '.join(choices)}."
        raise SettingsError(message)
    return value


def _secret(env: Mapping[str, str], name: str) -> str:
    value = _required(env, name)
    if len(value) < MINIMUM_SECRET_LENGTH:
        message = f"{name} is too short; use at least {MINIMUM_SECRET_LENGTH} random characters."
        raise SettingsError(message)
    return value


def _key(env: Mapping[str, str], name: str) -> bytes:
    message = f"{name} must be {SESSION_KEY_BYTES} random bytes in base64."
    try:
        key = base64.b64decode(_required(env, name), validate=True)
    except binascii.Error as error:
        raise SettingsError(message) from error
    if len(key) != SESSION_KEY_BYTES:
        raise SettingsError(message)
    return key


def _count(env: Mapping[str, str], name: str) -> int:
    value = env.get(name, "0").strip() or "0"
    if not value.isdigit():
        message = f"{name} is {value!r}; use a whole number, 0 for none."
        raise SettingsError(message)
    return int(value)


def _store(env: Mapping[str, str], name: str) -> str:
    """A folder or s3://bucket/prefix; empty where nothing is to be kept."""
    value = env.get(name, "").strip()
    if "://" in value and not BUCKET.fullmatch(value):
        message = f"{name} is {value!r}; use a folder, or s3://bucket/prefix."
        raise SettingsError(message)
    return value


def _idle_limits(env: Mapping[str, str]) -> dict[StaffRole, timedelta]:
    limits = {}
    for part in filter(None, env.get("IDLE_MINUTES", "").replace(" ", "").split(",")):
        role, _, minutes = part.partition("=")
        if role not in {str(each.value) for each in StaffRole} or minutes not in IDLE_CHOICES:
            message = (
                f"IDLE_MINUTES has {part!r}; write role=minutes with 3 to 60 minutes, like clinician=10,patient=30."
            )
            raise SettingsError(message)
        limits[StaffRole(role)] = timedelta(minutes=int(minutes))
    return limits


def _cards(env: Mapping[str, str]) -> Cards:
    """Production names its gateway: a clinic that took cards at a simulated terminal would never see the money."""
    if env.get("ANTEROOM_ENV") == "production" and env.get("CARD_GATEWAY") != "stripe":
        message = "CARD_GATEWAY must be stripe in production; the simulated terminal moves no money."
        raise SettingsError(message)
    gateway = _choice({"CARD_GATEWAY": env.get("CARD_GATEWAY") or "simulated"}, "CARD_GATEWAY", GATEWAYS)
    if gateway != "stripe":
        return Cards()
    address = env.get("STRIPE_ADDRESS", "").strip() or None
    if address is not None and urlsplit(address).hostname not in LOOPBACK:
        message = "STRIPE_ADDRESS is for tests: leave it out, or name a stand-in on 127.0.0.1."
        raise SettingsError(message)
    return Cards(gateway, _required(env, "STRIPE_SECRET_KEY"), _required(env, "STRIPE_WEBHOOK_SECRET"), address)


def _messages(env: Mapping[str, str]) -> Messages:
    """Production names its carriers: what lies in the mailbox of this machine, no patient ever hears of."""
    chosen = {name: env.get(name) or "mailbox" for name in ("MAIL_GATEWAY", "TEXT_GATEWAY")}
    mail, text = _choice(chosen, "MAIL_GATEWAY", MAIL), _choice(chosen, "TEXT_GATEWAY", TEXT)
    if env.get("ANTEROOM_ENV") == "production" and "mailbox" in {mail, text}:
        message = (
            "MAIL_GATEWAY must be ses or smtp, and TEXT_GATEWAY sns or none, in production; the mailbox sends nothing."
        )
        raise SettingsError(message)
    smtp = _smtp(env) if mail == "smtp" else {}
    return Messages(
        mail=mail,
        text=text,
        sender=SENDER if mail == "mailbox" else _required(env, "MAIL_FROM"),
        configuration_set=env.get("SES_CONFIGURATION_SET", "").strip(),
        reports_queue=env.get("REPORTS_QUEUE_URL", "").strip(),
        **smtp,
    )


def _smtp(env: Mapping[str, str]) -> dict[str, Any]:
    """A mail server; without TLS only on this machine, for tests."""
    host = _required(env, "SMTP_HOST")
    secured = {"SMTP_SECURITY": env.get("SMTP_SECURITY") or "starttls"}
    security = _choice(secured, "SMTP_SECURITY", SMTP_SECURITY)
    if security == "none" and host not in LOOPBACK:
        message = "SMTP_SECURITY=none is for tests on 127.0.0.1; use starttls or tls."
        raise SettingsError(message)
    user = env.get("SMTP_USER", "").strip()
    return {
        "smtp_host": host,
        "smtp_port": _count(env, "SMTP_PORT") or SMTP_PORTS[security],
        "smtp_security": security,
        "smtp_user": user,
        "smtp_password": _required(env, "SMTP_PASSWORD") if user else "",
    }


def _check_public_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    message = f"PUBLIC_URL is {url!r}; use https, or http on 127.0.0.1 for a local run."
    raise SettingsError(message)
