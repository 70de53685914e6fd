"""A credential in use has expired.

Why: The vendor refuses it, and every call with it fails.

Example:
    kind: Credential
    provider: openai
    name: main
    expires: 2026-01-31
    api_key: env:OPENAI_API_KEY

Fix: Renew the credential at the vendor, seal the new secret, and set the new date.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import described

CODE = "LCK007"
NAME = "expired"
SEVERITY = "warning"


def check(context: Context) -> Iterator[Problem]:
    """Compare the expiry day of each live credential with today."""
    today = context.today.isoformat()
    for credential in context.live_credentials:
        expires = credential.spec.expires
        if expires is not None and expires <= today:
            message = f"{described(credential.identity)} expired on {expires}"
            yield Problem(credential.place("expires"), message, "renew it at the vendor and seal it anew")
