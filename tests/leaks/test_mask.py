"""Texts as git shows them: no plain secret gets through, and what is no secret is shown."""

from __future__ import annotations

import pytest

from llmconf.leaks.mask import mask_text, token_summary

TOKEN = f"ENC(v1;k=aaaaaaaaaa;r=3;f=vcpjj5jv;h=wxyz;b={'b' * 26};d={'A' * 96})"


def test_a_token_is_told_in_short() -> None:
    assert token_summary(TOKEN) == "ENC(****wxyz f=vcpjj5jv r=3 k=aaaaaaaaaa)"
    assert token_summary(TOKEN.replace("h=wxyz;", "")) == "ENC(**** f=vcpjj5jv r=3 k=aaaaaaaaaa)"
    assert token_summary("ENC(fakeplainfake)") == "ENC(**** malformed)"
    assert token_summary(TOKEN[:-5]) == "ENC(**** malformed)"


HIDDEN = "fakeHIDDENfake0123456789"
TEXTS = {
    "a plain value": "api_key: {0}\n",
    "in quotes": "api_key: '{0}' # main\n",
    "doubled quotes": "api_key: 'it''s {0}'\n",
    "escapes": 'api_key: "\\"{0}\\""\n',
    "flow": "{{api_key: {0}, name: main}}\n",
    "flow over lines": "{{api_key:\n  {0}\n}}\n",
    "a literal block": "api_key: |\n  first\n  {0}\n\n  {0}\nname: main\n",
    "a folded block": "- api_key: >-\n    {0}\n  name: main\n",
    "on the next line": "client_secret:\n  {0}\n",
    "over two lines": "api_key: first\n  {0}\n",
    "quotes over two lines": 'api_key: "first\n  {0}"\n',
    "a list": "api_key: [{0}, {0}]\n",
    "a block list": "api_key:\n  - {0}\n",
    "an anchor": "x: &a {0}\napi_key: *a\n",
    "an anchor on the field": "api_key: &a {0}\n",
    "a tag": "api_key: !!str {0}\n",
    "a comment": "# api_key: {0}\nname: main\n",
    "a commented list item": "  # - {{api_key: {0}}}\n",
    "a header": "Authorization: Bearer {0}\n",
    "camel case": "openaiApiKey: {0}\n",
    "an explicit key": "? api_key\n: {0}\n",
    "JSON": '{{"api_key": "{0}", "n": 1}}\n',
    "JSON with an escaped name": '{{"api\\u005fkey": "{0}"}}\n',
    "JSON in a string": '{{"x": "{{\\"api_key\\": \\"{0}\\"}}"}}\n',
    "an env file": "export OPENAI_API_KEY={0}\n",
    "CRLF": "name: a\r\napi_key: {0}\r\n",
    "CR": "name: a\rapi_key: {0}\rb: c\r",
    "a variable with a default": "api_key: ${{KEY:-{0}}}\n",
    "inside a malformed token": "api_key: ENC({0})\n",
    "inside an open token": "api_key: ENC({0}\n",
    "a URL": "database_url: postgresql://app:{0}@db.example.org/x\n",
    "a reference that is a URL with a password": "api_key: vault://u:{0}@h/x\n",
    "a private key": "k: |\n  -----BEGIN PRIVATE KEY-----\n  {0}\n  -----END PRIVATE KEY-----\n",
    "a private key without an end": "-----BEGIN RSA PRIVATE KEY-----\n{0}\n",
    "ConfigMap": "data:\n  app.yaml: |\n    api_key: {0}\n",
}


# A name that is escaped is known only from the structure, which a broken text does not have.
@pytest.mark.parametrize(
    ("case", "broken"),
    [(case, broken) for case in TEXTS for broken in (False, True) if not (broken and "escaped name" in case)],
)
def test_no_plain_secret_gets_through(case: str, broken: bool) -> None:
    text = TEXTS[case].format(HIDDEN) + ('" [unclosed: {\n' if broken else "")
    assert HIDDEN not in mask_text(text, "a.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "api_key: env:OPENAI_API_KEY # a reference\n",
        "api_key: op://vault/item/field\n",
        "api_key: ${OPENAI_API_KEY}\n",
        "api_key: os.environ/OPENAI_API_KEY\n",
        "api_key: none\nsecret: null\npassword:\ntoken: true\n",
        "limits: {max_tokens: 4096}\nprice: {input_cost_per_token: 0.000001}\n",
        "url: https://api.example.org/v1?x=1\nname: main\n",
        "password: ENC[AES256_GCM,data:aaaa,iv:bbbb,tag:cccc,type:str]\n",
        "eos_token: <s>\n",
    ],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert mask_text(text, "a.yaml") == text
