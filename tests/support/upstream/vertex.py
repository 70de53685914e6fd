"""Google Vertex AI (S): a signed assertion for a token, or a key in express mode; models of Google by page token."""

from __future__ import annotations

import base64
import json
from functools import cache
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from llmconf.adapters._base import ModelRecord
from upstream.gemini import rpc_error, token_page
from upstream.vendor import Answer, Seen, State, Vendor

TOKEN = "fake-vertex-token-0001"
EMAIL = "gateway@acme-fake.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_PATH = "/token"
PAGE = 2
NAMES = ["gemini-9-pro", "gemini-9-flash", "text-embedding-9"]
MODELS = [{"name": f"publishers/google/models/{name}", "versionId": "001", "launchStage": "GA"} for name in NAMES]


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def service_account(token_uri: str = f"http://127.0.0.1:9{TOKEN_PATH}") -> str:
    """Return a key file of a service account, made up for this run."""
    private = _key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return json.dumps({
        "type": "service_account", "project_id": "acme-fake", "private_key_id": "fake-key-id",
        "private_key": private.decode(), "client_email": EMAIL, "token_uri": token_uri,
    })  # fmt: skip


def _oauth_error(status: int, error: str, description: str) -> Answer:
    return Answer(status, {"error": error, "error_description": description})


ERRORS = {
    "invalid": rpc_error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "forbidden": rpc_error(403, "PERMISSION_DENIED", "Vertex AI API is not enabled.", "SERVICE_DISABLED"),
    "no_funds": rpc_error(403, "PERMISSION_DENIED", "This API method requires billing.", "BILLING_DISABLED"),
    "rate_limited": rpc_error(429, "RESOURCE_EXHAUSTED", "Quota exceeded."),
    "overloaded": rpc_error(503, "UNAVAILABLE", "The service is currently unavailable."),
}


def answer(seen: Seen, state: State) -> Answer:
    url = urlsplit(seen.path)
    if url.path == TOKEN_PATH:
        return _exchange(seen, state)
    if seen.headers.get("authorization") != f"Bearer {TOKEN}":
        return ERRORS["invalid"]
    return listing(seen, state)


def listing(seen: Seen, state: State) -> Answer:
    """Answer a caller who is known."""
    url = urlsplit(seen.path)
    if state in ERRORS:
        return ERRORS[state]
    if seen.method == "POST" and url.path.endswith((":generateContent", ":rawPredict")):
        return Answer(body={"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}}]})
    if (seen.method, url.path) != ("GET", "/v1beta1/publishers/google/models"):
        return rpc_error(404, "NOT_FOUND", "Not found.")
    return token_page("publisherModels", MODELS, parse_qs(url.query), PAGE)


def _exchange(seen: Seen, state: State) -> Answer:
    form = parse_qs(seen.body.decode())
    if state == "invalid" or not _is_signed(form.get("assertion", [""])[0]):
        return _oauth_error(400, "invalid_grant", "Invalid JWT Signature.")
    if form["grant_type"] != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
        return _oauth_error(400, "unsupported_grant_type", "Invalid grant_type")
    return Answer(body={"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})


def _is_signed(assertion: str) -> bool:
    """Check an assertion as Google does, without the library that made it."""
    try:
        head, claims, signature = (base64.urlsafe_b64decode(part + "==") for part in assertion.split("."))
        signed = assertion.rpartition(".")[0].encode()
        _key().public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    said = json.loads(claims)
    right = said["iss"] == EMAIL and said["scope"] == SCOPE and said["aud"].endswith(TOKEN_PATH)
    return right and 0 < said["exp"] - said["iat"] <= 3600 and json.loads(head)["alg"] == "RS256"


RECORDS = tuple(ModelRecord(name) for name in NAMES)
VENDOR = Vendor(
    type="vertex",
    credential={"service_account": service_account()},
    answer=answer,
    models=RECORDS,
    states={
        "valid": "healthy", "invalid": "unauthorized", "no_funds": "no_funds", "forbidden": "forbidden",
        "rate_limited": "rate_limited", "overloaded": "degraded",
    },
)  # fmt: skip
