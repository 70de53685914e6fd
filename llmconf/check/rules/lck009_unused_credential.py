"""A credential is enabled, but no endpoint of its provider is called with it and no team owns it.

Why: A secret that nobody uses is a risk without a benefit. It may be left over from a rotation, or be bound to the
wrong hosts.

Example:
    kind: Provider
    name: openai
    type: openai
    endpoints:
      - {name: main, url: https://api.openai.com/v1, credential: new}
    credentials:
      - {name: new, api_key: "env:OPENAI_API_KEY"}
      - {name: old, api_key: "env:OLD_OPENAI_API_KEY"}

Fix: Remove or disable the credential, name it in an endpoint, or give it to a team.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import described, name_place
from llmconf.project import relations

CODE = "LCK009"
NAME = "unused-credential"
SEVERITY = "warning"
TRAITS = ("guess",)


def check(context: Context) -> Iterator[Problem]:
    """Compare the credentials of each enabled provider with those its endpoints are called with."""
    env = context.env
    teams = relations.team_credentials(env)
    for account in context.accounts:
        called = [context.credentials[endpoint.identity] for endpoint in account.enabled_endpoints]
        if not called or not all(called):
            continue  # no endpoint, or one without a credential, is reported as such
        used = {credential.identity for group in called for credential in group}
        for credential in account.enabled_credentials:
            if credential.identity in used or credential.identity in teams:
                continue
            if relations.bound_hosts(env, credential):
                message = f"{described(credential.identity)} is used by no endpoint and no team"
                yield Problem(name_place(credential), message)
