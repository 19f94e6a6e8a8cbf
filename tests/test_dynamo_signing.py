"""Our signatures are those of botocore, whatever the request, the credentials and the day."""

from __future__ import annotations

from string import ascii_letters, digits
from time import gmtime, strftime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from webapp.dynamo.signing import API, CONTENT, Signer

SECRETS = st.text(ascii_letters + digits + "/+=", min_size=1)


@given(
    operation=st.sampled_from(["GetItem", "BatchGetItem", "TransactWriteItems"]),
    body=st.binary(max_size=300),
    host=st.sampled_from(["dynamodb.us-east-1.amazonaws.com", "127.0.0.1:4566"]),
    secrets=st.lists(st.tuples(SECRETS, st.none() | SECRETS), min_size=1, max_size=3),
    at=st.integers(0, 4_000_000_000),
)
def test_every_request_is_signed_as_botocore_signs_it(
    operation: str, body: bytes, host: str, secrets: list[tuple[str, str | None]], at: int
) -> None:
    credentials = Credentials("key", "secret")
    signer = Signer(region="us-east-1", host=host, credentials=credentials)
    for secret, token in secrets:
        credentials.secret_key, credentials.token = secret, token
        theirs = SigV4Auth(credentials, "dynamodb", "us-east-1")
        moment = strftime("%Y%m%dT%H%M%SZ", gmtime(at))
        sent = {"content-type": CONTENT, "x-amz-date": moment, "x-amz-target": f"{API}.{operation}"}
        if token:
            sent["x-amz-security-token"] = token
        request = AWSRequest(method="POST", url=f"https://{host}/", data=body, headers=sent)
        request.context["timestamp"] = moment
        words = theirs.string_to_sign(request, theirs.canonical_request(request))
        signed, signature = theirs.signed_headers(theirs.headers_to_sign(request)), theirs.signature(words, request)
        allowed = f"Credential={theirs.scope(request)}, SignedHeaders={signed}, Signature={signature}"

        first, *lines = signer.head(operation, body, at).decode().split("\r\n")
        assert first == "POST / HTTP/1.1"
        assert {name: value.strip() for name, _, value in (line.partition(":") for line in lines if line)} == {
            **sent,
            "host": host,
            "authorization": f"AWS4-HMAC-SHA256 {allowed}",
            "content-length": str(len(body)),
        }
