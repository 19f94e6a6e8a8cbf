from __future__ import annotations

from webapp.identity.sealing import seal, unseal

KEY = bytes(range(32))


def test_sealed_content_opens_only_in_its_place_and_with_its_key() -> None:
    sealed = seal(KEY, b"content", "account|session|3600")
    assert unseal(KEY, sealed, "account|session|3600") == b"content"
    assert unseal(KEY, sealed, "account|session|7200") is None
    assert unseal(bytes(32), sealed, "account|session|3600") is None


def test_changed_or_short_content_is_nothing() -> None:
    sealed = seal(KEY, b"content", "here")
    assert unseal(KEY, sealed[:-1] + bytes([sealed[-1] ^ 1]), "here") is None
    assert all(unseal(KEY, sealed[:length], "here") is None for length in range(len(sealed)))


def test_the_same_content_never_looks_the_same_twice() -> None:
    assert seal(KEY, b"content", "here") != seal(KEY, b"content", "here")
