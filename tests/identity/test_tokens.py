"""Forged, borrowed and stale tokens against a pool of our own making: real keys, real signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from webapp.identity.tokens import KeySet, TokenRefused, Verifier

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool"
CLIENT = "client-id"
ACCOUNT = UUID("0189abcd-0000-7000-8000-000000000001")

OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
THEIRS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwk_of(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}


JWKS = {"keys": [jwk_of(OURS, "ours"), {"kty": "oct", "kid": "shared", "k": base64.b64encode(PUBLIC_PEM).decode()}]}


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "sub": "subject",
        "iss": ISSUER,
        "aud": CLIENT,
        "token_use": "id",
        "cognito:username": str(ACCOUNT),
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
    }
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def signed(payload: dict[str, Any], key: Any = OURS, algorithm: str = "RS256", **header: Any) -> str:
    return jwt.encode(payload, key, algorithm, headers={"kid": "ours", **header})


def by_hand(header: dict[str, Any], payload: dict[str, Any], secret: bytes | None) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, payload)]
    signature = b"" if secret is None else hmac.digest(secret, b".".join(parts), hashlib.sha256)
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def tampered(token: str) -> str:
    header, _, signature = token.split(".")
    other = base64.urlsafe_b64encode(json.dumps(claims(sub="somebody else")).encode()).rstrip(b"=").decode()
    return f"{header}.{other}.{signature}"


FORGED = {
    "no algorithm": by_hand({"alg": "none", "kid": "ours"}, claims(), None),
    "None with capitals": by_hand({"alg": "nOnE", "kid": "ours"}, claims(), None),
    "no algorithm named": by_hand({"kid": "ours"}, claims(), None),
    "HS256 with the public key": by_hand({"alg": "HS256", "kid": "ours"}, claims(), PUBLIC_PEM),
    "HS256 with the key id of a shared secret": by_hand({"alg": "HS256", "kid": "shared"}, claims(), PUBLIC_PEM),
    "RS512": signed(claims(), algorithm="RS512"),
    "PS256": signed(claims(), algorithm="PS256"),
    "ES256": signed(claims(), ec.generate_private_key(ec.SECP256R1()), "ES256"),
    "another pool's key under our key id": signed(claims(), THEIRS),
    "a key it brings itself": signed(claims(), THEIRS, jwk=jwk_of(THEIRS, "ours")),
    "an address of keys it brings itself": signed(claims(), THEIRS, jku="https://evil.example/jwks.json"),
    "an unknown key id": signed(claims(), kid="theirs"),
    "no key id": jwt.encode(claims(), OURS, "RS256"),
    "another issuer": signed(claims(iss=ISSUER + "2")),
    "no issuer": signed(claims(iss=...)),
    "another client": signed(claims(aud="other-client")),
    "our client among others": signed(claims(aud=[CLIENT, "other-client"])),
    "no client": signed(claims(aud=...)),
    "an access token": signed(claims(token_use="access", client_id=CLIENT)),
    "no use": signed(claims(token_use=...)),
    "expired this second": signed(claims(exp=int(NOW.timestamp()))),
    "no end": signed(claims(exp=...)),
    "an end that is no number": signed(claims(exp=True)),
    "from the future": signed(claims(iat=int((NOW + timedelta(minutes=5)).timestamp()))),
    "another account": signed(claims(**{"cognito:username": str(UUID(int=7))})),
    "no account": signed(claims(**{"cognito:username": ...})),
    "no subject": signed(claims(sub=...)),
    "claims changed after signing": tampered(signed(claims())),
    "the signature cut off": signed(claims()).rpartition(".")[0] + ".",
    "two parts": signed(claims()).rpartition(".")[0],
    "nothing": "",
    "no token at all": "\x00é{}" * 50,
    "a critical extension we do not know": signed(claims(), crit=["b64"], b64=False),
}


@pytest.fixture
def verifier() -> Verifier:
    return Verifier(KeySet(lambda: JWKS), issuer=ISSUER, audience=CLIENT)


def test_a_token_of_our_pool_for_this_account_passes(verifier: Verifier) -> None:
    token = verifier.verify(signed(claims()), ACCOUNT, NOW)
    assert (token.subject, token.expires_at) == ("subject", NOW + timedelta(hours=1))
    assert token.text not in repr(token)


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(verifier: Verifier, name: str) -> None:
    with pytest.raises(TokenRefused):
        verifier.verify(FORGED[name], ACCOUNT, NOW)


def test_the_last_second_of_a_token_still_counts(verifier: Verifier) -> None:
    text = signed(claims())
    assert verifier.verify(text, ACCOUNT, NOW + timedelta(seconds=3599)).text == text
    with pytest.raises(TokenRefused):
        verifier.verify(text, ACCOUNT, NOW + timedelta(seconds=3600))


def test_unknown_key_ids_ask_the_pool_once_a_minute_however_many_come() -> None:
    fetched: list[int] = []

    def fetch() -> dict[str, Any]:
        fetched.append(1)
        return JWKS

    keys = KeySet(fetch)
    for number in range(100):
        assert keys.find(f"made-up-{number}", NOW + timedelta(seconds=number * 0.59)) is None
    assert len(fetched) == 1
    assert keys.find("made-up", NOW + timedelta(seconds=60)) is None
    assert len(fetched) == 2
    assert keys.find("ours", NOW) is not None
    assert len(fetched) == 2


def test_a_key_the_pool_changed_to_is_found() -> None:
    documents = [{"keys": [jwk_of(THEIRS, "old")]}, JWKS]
    keys = KeySet(lambda: documents.pop(0))
    assert keys.find("old", NOW) is not None
    assert keys.find("ours", NOW + timedelta(minutes=1)) is not None


def test_a_pool_that_does_not_answer_is_asked_again_at_the_next_sign_in() -> None:
    answers: list[dict[str, Any] | None] = [None, JWKS]

    def fetch() -> dict[str, Any]:
        answer = answers.pop(0)
        if answer is None:
            raise ConnectionError
        return answer

    keys = KeySet(fetch)
    with pytest.raises(ConnectionError):
        keys.find("ours", NOW)
    assert keys.find("ours", NOW) is not None


def test_a_crowd_that_waits_for_keys_waits_once() -> None:
    answers, asked = threading.Barrier(4, timeout=5), []

    def fetch() -> dict[str, Any]:
        asked.append(1)
        answers.wait()
        threading.Event().wait(0.3)
        raise ConnectionError

    keys, failed = KeySet(fetch), []

    def find() -> None:
        try:
            keys.find("ours", NOW)
        except ConnectionError:
            failed.append(1)

    crowd = [threading.Thread(target=find) for _ in range(4)]
    for each in crowd:
        each.start()
    for _ in range(3):
        threading.Thread(target=answers.wait, daemon=True).start()
    for each in crowd:
        each.join(5)
    assert (len(asked), len(failed)) == (1, 4)
