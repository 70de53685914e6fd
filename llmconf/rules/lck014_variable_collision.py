"""Two secrets would be given to programs in the same environment variable.

Why: Bundles and gateways refer to a secret by a variable named after provider, credential and field, where
`-` and `.` become `_`. Of two with the same name only one arrives.

Example:
    kind: Credential
    provider: azure-eu
    name: main
    api_key: env:KEY_1
    ---
    kind: Credential
    provider: azure_eu
    name: main
    api_key: env:KEY_2

Fix: Rename one of the credentials or providers.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf.fields import environment_variable
from llmconf.resolved import Resource
from llmconf.rules._base import Context, Problem
from llmconf.rules._shared import described, live
from llmconf.schema.kinds import SECRET_FIELDS, Credential

CODE = "LCK014"
NAME = "variable-collision"
SEVERITY = "error"


def check(context: Context) -> Iterator[Problem]:
    """Give each variable to the first secret that has it, and report the next one."""
    first: dict[str, tuple[Resource[Credential], str]] = {}
    for credential in live(context.env, context.env.credentials.values()):
        for field in SECRET_FIELDS:
            if credential.data.get(field) is None:
                continue
            variable = environment_variable(credential.provider or "", credential.name, field)
            known, there = first.setdefault(variable, (credential, field))
            if known is not credential:
                message = f"the variable `{variable}` is that of {described(known.identity)} too"
                related = ((f"`{there}` of {described(known.identity)}", known.place(there, on_key=True)),)
                yield Problem(credential.place(field, on_key=True), message, "rename one of them", related)
