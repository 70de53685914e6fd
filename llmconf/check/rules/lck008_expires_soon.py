"""A credential in use expires soon.

Why: A renewal takes time: a new key from the vendor, a review, a rollout. `policy.expires_within_days` in
`llmconf.yaml` sets how many days ahead this is reported. The default is 30 days.

Example:
    kind: Credential
    provider: openai
    name: main
    expires: 2026-06-15   # and today is 2026-06-01
    api_key: env:OPENAI_API_KEY

Fix: Renew the credential at the vendor, seal the new secret, and set the new date.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import days_ahead, described

CODE = "LCK008"
NAME = "expires-soon"
SEVERITY = "warning"


def check(context: Context) -> Iterator[Problem]:
    """Compare the expiry day of each live credential with the days ahead."""
    days = context.project.policy.expires_within_days
    today = context.today.isoformat()
    soon = days_ahead(context.today, days)
    for credential in context.live_credentials:
        expires = credential.spec.expires
        if expires is not None and today < expires <= soon:
            message = f"{described(credential.identity)} expires on {expires}, within {days} days"
            yield Problem(credential.place("expires"), message, "renew it at the vendor and seal it anew")
