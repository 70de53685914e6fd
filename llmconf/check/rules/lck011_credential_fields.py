"""The fields of a credential are not the ones that its provider type needs.

Why: Each type accepts certain sets of fields, such as an API key, or an AWS access key with its id. With other
fields, or with only a part of a set, no call can be made.

Example:
    kind: Provider
    name: openai
    type: openai
    credentials:
      - name: main
        client_secret: env:OPENAI_SECRET

Fix: Set all fields of one set that the hint lists, and no others.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmconf import adapters
from llmconf.check.rules._base import Context, Problem
from llmconf.check.rules._shared import listed, name_place
from llmconf.project import relations
from llmconf.project.environment import Resource
from llmconf.schema.kinds import CREDENTIAL_FIELDS, Credential

CODE = "LCK011"
NAME = "credential-fields"
SEVERITY = "error"
_FIELDS = frozenset(CREDENTIAL_FIELDS)


def check(context: Context) -> Iterator[Problem]:
    """Compare the fields of each enabled credential with those that its provider's type accepts."""
    env = context.env
    forms: dict[str, tuple[adapters.CredentialForm, ...]] = {}
    for credential in env.credentials.values():
        provider = relations.owner(env, credential)
        if provider is None or not credential.spec.enabled:
            continue
        kind = provider.spec.type
        if kind not in forms:
            forms[kind] = adapters.adapter(kind).CREDENTIAL_FORMS
        present = {field for field in _FIELDS & credential.data.keys() if credential.data[field] is not None}
        if not any(form.required <= present <= form.fields for form in forms[kind]):
            yield from _explain(credential, kind, forms[kind], present)


def _explain(
    credential: Resource[Credential],
    provider_type: str,
    forms: tuple[adapters.CredentialForm, ...],
    present: set[str],
) -> Iterator[Problem]:
    hint = _hint(provider_type, forms)
    known = {field for form in forms for field in form.fields}
    foreign = sorted(present - known)
    for field in foreign:
        message = f"a credential of type `{provider_type}` has no `{field}`"
        yield Problem(credential.place(field, on_key=True), message, hint)
    if foreign or not forms:
        return
    if not present:
        yield Problem(name_place(credential), f"credential `{credential.name}` is empty", hint)
        return
    best = min(forms, key=lambda form: len(form.required - present) + len(present - form.fields))
    missing = sorted(best.required - present)
    if missing:
        message = f"credential `{credential.name}` lacks {listed(missing)}"
        yield Problem(name_place(credential), message, hint)
    for field in sorted(present - best.fields):
        message = f"`{field}` does not go with {listed(sorted(present & best.fields))}"
        yield Problem(credential.place(field, on_key=True), message, hint)


def _hint(provider_type: str, forms: tuple[adapters.CredentialForm, ...]) -> str:
    if not forms:
        return f"the type `{provider_type}` takes no credential"
    ways = []
    for form in forms:
        way = listed(sorted(form.required), limit=8) or "nothing"
        optional = listed(sorted(form.optional), limit=8)
        ways.append(f"{way} (and optionally {optional})" if optional else way)
    return f"the type `{provider_type}` takes {', or '.join(ways)}"
