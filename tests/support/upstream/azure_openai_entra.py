"""Azure OpenAI with an Entra application (D; error numbers K): its secret for a token, the token as bearer."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from upstream import azure_openai
from upstream.azure_openai import ERRORS
from upstream.vendor import Answer, Seen, State

TENANT = "00000000-0000-4000-8000-00000fa4e001"
CLIENT = "00000000-0000-4000-8000-00000fa4e002"
SECRET = "fake~entra.secret-0001"
TOKEN = "fake-entra-token-0001"
TOKEN_PATH = f"/{TENANT}/oauth2/v2.0/token"
SCOPE = "https://cognitiveservices.azure.com/.default"


def entra_error(status: int, number: int, error: str, message: str) -> Answer:
    """Return an error of Entra."""
    description = (
        f"AADSTS{number}: {message} Trace ID: 00000000-0000-4000-8000-00000fa4e003 Correlation ID: "
        "00000000-0000-4000-8000-00000fa4e004 Timestamp: 2026-11-23 10:00:00Z"
    )
    return Answer(status, {"error": error, "error_description": description, "error_codes": [number]})


ENTRA_ERRORS = {
    "invalid": entra_error(401, 7000215, "invalid_client", "Invalid client secret provided."),
    "expired": entra_error(
        401, 7000222, "invalid_client", f"The provided client secret keys for app '{CLIENT}' are expired."
    ),
}
UNKNOWN_TENANT = entra_error(400, 90002, "invalid_request", "Tenant not found.")
UNKNOWN_CLIENT = entra_error(400, 700016, "unauthorized_client", "Application was not found in the directory 'Acme'.")


def answer(seen: Seen, state: State) -> Answer:
    path = urlsplit(seen.path).path
    if path.endswith("/oauth2/v2.0/token"):
        return _exchange(seen, state)
    if seen.headers.get("authorization") != f"Bearer {TOKEN}":
        return ERRORS["invalid"]
    return azure_openai.listing(seen, state)


def _exchange(seen: Seen, state: State) -> Answer:
    form = {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}
    if state in ENTRA_ERRORS:
        return ENTRA_ERRORS[state]
    if seen.path != TOKEN_PATH:
        return UNKNOWN_TENANT
    if form.get("client_id") != CLIENT:
        return UNKNOWN_CLIENT
    if (form.get("client_secret"), form.get("scope"), form.get("grant_type")) != (SECRET, SCOPE, "client_credentials"):
        return ENTRA_ERRORS["invalid"]
    return Answer(body={"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN})


VENDOR = replace(
    azure_openai.VENDOR,
    credential={"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET},
    answer=answer,
    options={"authority": "http://127.0.0.1:9"},
    states={**azure_openai.VENDOR.states, "expired": "unauthorized"},
)
