"""The gateway against the real interface of Cognito, and against one that hangs or talks nonsense."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from uuid import uuid4

import pytest
from flask import Flask

from tests.stack.proxy import Latency, Proxy
from webapp.dynamo.breaker import OPENS_AFTER
from webapp.identity.gateways.cognito import Cognito, Proof, SignInUnavailable, WrongPassword
from webapp.settings import Settings

PASSWORD = "correct horse battery staple"


@pytest.fixture
def cognito(app: Flask, settings: Settings) -> Cognito:
    return Cognito(settings)


@pytest.fixture
def person(cognito: Cognito) -> str:
    username = str(uuid4())
    cognito.ensure(username, f"{username}@anteroom.example", PASSWORD)
    return username


def test_the_right_password_is_proved_by_a_token_that_no_repr_shows(cognito: Cognito, person: str) -> None:
    proof = cognito.check(person, PASSWORD)
    assert isinstance(proof, Proof)
    assert proof.id_token.count(".") == 2
    assert proof.id_token not in repr(proof)


@pytest.mark.parametrize("password", ["wrong", "", "x" * 256, "é\x00"])
def test_another_password_is_wrong(cognito: Cognito, person: str, password: str) -> None:
    with pytest.raises(WrongPassword):
        cognito.check(person, password)


def test_a_person_nobody_knows_is_wrong_too(cognito: Cognito) -> None:
    with pytest.raises(WrongPassword):
        cognito.check(str(uuid4()), PASSWORD)


def test_ensuring_twice_gives_the_same_person(cognito: Cognito, person: str) -> None:
    email = f"{person}@anteroom.example"
    assert cognito.ensure(person, email, PASSWORD) == cognito.ensure(person, email, PASSWORD)


def test_the_key_set_has_keys(cognito: Cognito) -> None:
    assert all(key["kty"] == "RSA" for key in cognito.key_set()["keys"])


def test_revoking_works_for_somebody_who_is_there(cognito: Cognito, person: str) -> None:
    cognito.revoke(person)


@pytest.fixture
def hanging() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def nonsense() -> Iterator[str]:
    """An address that answers everything with a page of something else."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<ok>")

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_a_cognito_that_hangs_holds_nobody_longer_than_its_time(settings: Settings, hanging: str) -> None:
    gateway = Cognito(replace(settings, aws_endpoint_url=hanging))
    with Flask(__name__).test_request_context():
        gateway._client()  # making it takes time, but none of it is waiting
        started = monotonic()
        with pytest.raises(SignInUnavailable):
            gateway.check("somebody", PASSWORD)
        assert monotonic() - started < 1.2


def test_a_slow_cognito_is_asked_no_more_when_a_request_has_waited_long_enough(
    settings: Settings, cognito: Cognito, person: str
) -> None:
    with Proxy.before(settings.aws_endpoint_url) as line, Flask(__name__).test_request_context():
        gateway = Cognito(replace(settings, aws_endpoint_url=line.address))
        line.mode = Latency(0.4)
        gateway.check(person, PASSWORD)
        with pytest.raises(SignInUnavailable, match="left alone"):
            [gateway.check(person, PASSWORD) for _ in range(20)]


def test_after_failures_in_a_row_only_a_probe_asks(settings: Settings, hanging: str) -> None:
    gateway = Cognito(replace(settings, aws_endpoint_url=hanging))
    for _ in range(OPENS_AFTER):
        with Flask(__name__).test_request_context(), pytest.raises(SignInUnavailable):
            gateway.check("somebody", PASSWORD)
    started = monotonic()
    with Flask(__name__).test_request_context(), pytest.raises(SignInUnavailable, match="left alone"):
        gateway.check("somebody", PASSWORD)
    assert monotonic() - started < 0.2


def test_nonsense_is_an_outage_and_quotes_nothing(settings: Settings, nonsense: str) -> None:
    gateway = Cognito(replace(settings, aws_endpoint_url=nonsense))
    with pytest.raises(SignInUnavailable) as failed:
        gateway.check("somebody", PASSWORD)
    assert PASSWORD not in repr(failed.value)
    assert failed.value.__cause__ is None
    with pytest.raises(SignInUnavailable):
        gateway.key_set()
