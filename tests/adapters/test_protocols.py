"""What is special to single protocols; what all have in common is in test_conformance.py."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from upstream import (
    anthropic,
    azure_openai,
    azure_openai_entra,
    azure_openai_v1,
    bedrock,
    bedrock_key,
    cohere,
    gemini,
    ollama,
    ollama_cloud,
    vertex,
)
from upstream.vendor import Answer, Seen, State, Vendor

from llmconf import adapters
from llmconf.adapters._base import Adapter, CalledEndpoint, Failure, Request, Response, Unreadable
from llmconf.core.errors import LlmconfError, RefusedError, UndeterminedError

NOW = 1_795_000_000


def site_of(fake: ModuleType, url: str | None = None, **options: Any) -> CalledEndpoint:
    """Return the endpoint of a fake vendor as its adapter sees it, with other options where some are given."""
    vendor: Vendor = fake.VENDOR
    taken = adapter_of(fake).Options.model_validate(options or vendor.options)
    base = url or f"https://vendor.test{vendor.base}"
    return CalledEndpoint(base, adapters.preset(vendor.type), taken, vendor.region, vendor.credential)


def adapter_of(fake: ModuleType) -> Adapter:
    return adapters.adapter(fake.VENDOR.type)


def seen(request: Request) -> Seen:
    """Return a request as it arrives."""
    url = urlsplit(request.url)
    headers = {"host": url.netloc, **{name.lower(): value for name, value in request.headers.items()}}
    return Seen(request.method, f"{url.path}?{url.query}" if url.query else url.path, headers, request.body or b"")


def response_of(answer: Answer) -> Response:
    return Response(answer.status, {"content-type": "application/json", **answer.headers}, answer.content)


def ask(fake: ModuleType, request: Request | None, state: State = "valid") -> Response:
    assert request is not None
    return response_of(fake.VENDOR.answer(seen(request), state))


def read(status: int, body: Any, fake: ModuleType, headers: dict[str, str] | None = None) -> Failure:
    """Return what an error means to the adapter."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return adapter_of(fake).read_error(site_of(fake), Response(status, headers or {}, content))


def answered(body: Any) -> Response:
    return Response(200, {}, json.dumps(body).encode())


# Anthropic


def test_anthropic_is_asked_for_retired_models_too() -> None:
    request = adapter_of(anthropic).models(site_of(anthropic), "claude-3")
    assert request
    query = parse_qs(urlsplit(request.url).query)
    assert query["lifecycle[]"] == ["active", "deprecated", "retired"]
    assert (query["limit"], query["after_id"]) == (["1000"], ["claude-3"])


def test_anthropic_is_called_at_its_root_even_where_the_url_has_a_version() -> None:
    urls = {adapter_of(anthropic).probe(site_of(anthropic, f"https://vendor.test{path}")).url for path in ("", "/v1")}
    assert urls == {"https://vendor.test/v1/models?limit=1"}


@pytest.mark.parametrize("last", [None, "", 7])
def test_a_list_of_anthropic_that_breaks_off_is_not_a_whole_one(last: Any) -> None:
    body = {"data": [{"id": "claude-9"}], "has_more": True, "last_id": last}
    with pytest.raises(Unreadable):
        adapter_of(anthropic).read_models(site_of(anthropic), answered(body), None)


def test_anthropic_without_money_was_once_a_bad_request() -> None:
    message = "Your credit balance is too low to access the Anthropic API."
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    assert read(400, body, anthropic).verdict == "no_funds"
    other = {"type": "error", "error": {"type": "invalid_request_error", "message": "limit: too large"}}
    assert read(400, other, anthropic).verdict == "invalid_response"


# Azure OpenAI


@pytest.mark.parametrize("path", ["", "/openai", "/openai/v1"])
def test_azure_is_called_below_openai_whatever_part_of_it_the_url_has(path: str) -> None:
    style = "v1" if path == "/openai/v1" else "classic"
    for options in ({"api_style": style}, {"api_style": "v1"}):
        site = site_of(azure_openai, f"https://acme.test{path}", **options)
        request = adapter_of(azure_openai).probe(site)
        v1 = options["api_style"] == "v1"
        wanted = "/openai/v1/models" if v1 else "/openai/models?api-version=2024-10-21"
        assert request.url == f"https://acme.test{wanted}"


def test_azure_is_v1_where_the_url_says_so() -> None:
    site = site_of(azure_openai, "https://acme.test/openai/v1", api_version="preview")
    assert adapter_of(azure_openai).probe(site).url == "https://acme.test/openai/v1/models?api-version=preview"


def test_azure_takes_the_version_of_the_options() -> None:
    site = site_of(azure_openai, api_version="2025-04-01-preview")
    assert adapter_of(azure_openai).probe(site).url.endswith("/openai/models?api-version=2025-04-01-preview")


def test_a_deployment_of_azure_stays_one_part_of_the_path() -> None:
    request = adapter_of(azure_openai).completion(site_of(azure_openai), "../../x?y#z")
    assert urlsplit(request.url).path == "/openai/deployments/..%2F..%2Fx%3Fy%23z/chat/completions"
    assert urlsplit(request.url).query == "api-version=2024-10-21"
    v1 = adapter_of(azure_openai).completion(site_of(azure_openai_v1), "chat-prod")
    assert json.loads(v1.body or b"")["model"] == "chat-prod"


def test_no_model_of_azure_is_called_by_its_id() -> None:
    answer = ask(azure_openai, adapter_of(azure_openai).models(site_of(azure_openai), None))
    models = adapter_of(azure_openai).read_models(site_of(azure_openai), answer, None).models
    assert models
    assert not any(model.callable for model in models)


@pytest.mark.parametrize("fake", [azure_openai, azure_openai_v1])
def test_the_answer_of_a_deployment_of_azure_is_one(fake: ModuleType) -> None:
    adapter, site = adapter_of(fake), site_of(fake)
    adapter.read_completion(site, ask(fake, adapter.completion(site, "chat-prod")), "chat-prod")
    for body in ({"content": []}, {"choices": []}, {"message": {}}):
        with pytest.raises(Unreadable):
            adapter.read_completion(site, answered(body), "chat-prod")


def exchanged(site: CalledEndpoint) -> Request:
    request = adapters.adapter(site.preset.type).exchange(site, NOW)
    assert request is not None
    return request


def test_an_application_of_entra_gets_a_token_and_sends_it_instead_of_a_key() -> None:
    site = site_of(azure_openai_entra)
    request = exchanged(site)
    assert azure_openai_entra.SECRET not in request.url
    token = adapter_of(azure_openai).read_exchange(site, ask(azure_openai_entra, request))
    assert token == azure_openai_entra.TOKEN
    probe = adapter_of(azure_openai).probe(replace(site, token=str(token)))
    assert probe.headers == {"authorization": f"Bearer {token}"}
    assert ask(azure_openai_entra, probe).ok


def test_an_api_key_of_azure_is_exchanged_for_nothing() -> None:
    assert adapter_of(azure_openai).exchange(site_of(azure_openai), NOW) is None


@pytest.mark.parametrize(
    ("authority", "scope"),
    [
        (None, "https://cognitiveservices.azure.com/.default"),
        ("https://login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
        ("https://login.acme.test", "https://cognitiveservices.azure.com/.default"),
    ],
)
def test_entra_is_asked_at_its_authority_for_the_scope_of_that_cloud(authority: str | None, scope: str) -> None:
    request = exchanged(site_of(azure_openai_entra, authority=authority))
    host = authority or "https://login.microsoftonline.com"
    assert request.url == f"{host}/{azure_openai_entra.TENANT}/oauth2/v2.0/token"
    assert parse_qs((request.body or b"").decode())["scope"] == [scope]


def test_a_tenant_cannot_lead_elsewhere() -> None:
    site = site_of(azure_openai_entra)
    request = exchanged(replace(site, secrets={**site.secrets, "tenant_id": "../../other?x=#"}))
    assert urlsplit(request.url).path == "/..%2F..%2Fother%3Fx%3D%23/oauth2/v2.0/token"


@pytest.mark.parametrize(
    ("answer", "verdict", "code", "expired"),
    [
        (azure_openai_entra.ENTRA_ERRORS["invalid"], "unauthorized", "AADSTS7000215", False),
        (azure_openai_entra.ENTRA_ERRORS["expired"], "unauthorized", "AADSTS7000222", True),
        (azure_openai_entra.UNKNOWN_TENANT, "unauthorized", "AADSTS90002", False),
        (azure_openai_entra.UNKNOWN_CLIENT, "unauthorized", "AADSTS700016", False),
        (azure_openai_entra.entra_error(400, 53003, "access_denied", "Blocked."), "forbidden", "AADSTS53003", False),
        (azure_openai_entra.entra_error(503, 7000222, "x", "Busy."), "degraded", "x", False),
        (Answer(400, {"error": "invalid_scope", "error_description": "no number"}), "invalid_response", "invalid_scope", False),
        (Answer(503, b"busy"), "degraded", None, False),
    ],
)  # fmt: skip
def test_what_entra_says(answer: Answer, verdict: str, code: str | None, expired: bool) -> None:
    site = site_of(azure_openai_entra)
    for reader in (adapter_of(azure_openai).read_error, adapter_of(azure_openai).read_exchange):
        failure = reader(site, response_of(answer))
        assert isinstance(failure, Failure)
        assert (failure.verdict, failure.code, failure.expired) == (verdict, code, expired)
        assert "Trace ID" not in failure.detail


@pytest.mark.parametrize("token", [None, "", 5, ["t"], "a b", "a\r\nx-more: b", "\u00e4", "x" * 20_000])
@pytest.mark.parametrize("fake", [azure_openai_entra, vertex])
def test_a_token_that_could_be_no_header_is_none(fake: ModuleType, token: Any) -> None:
    with pytest.raises(Unreadable) as raised:
        adapter_of(fake).read_exchange(site_of(fake), answered({"access_token": token}))
    assert "x-more" not in str(raised.value)


# Gemini


def test_a_key_of_gemini_is_in_no_url() -> None:
    adapter, site = adapter_of(gemini), site_of(gemini)
    requests = [adapter.probe(site), adapter.models(site, "t/3=="), adapter.completion(site, "gemini-9-pro")]
    for request in requests:
        assert request
        assert gemini.KEY not in request.url
        assert request.headers["x-goog-api-key"] == gemini.KEY


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-9-pro", "/v1beta/models/gemini-9-pro:generateContent"),
        ("tunedModels/acme-1", "/v1beta/tunedModels/acme-1:generateContent"),
        ("a?b", "/v1beta/models/a%3Fb:generateContent"),
    ],
)
def test_where_a_model_of_gemini_is_called(model: str, path: str) -> None:
    assert urlsplit(adapter_of(gemini).completion(site_of(gemini), model).url).path == path


@pytest.mark.parametrize(("cursor", "readable"), [(None, False), ("t/3==", True)])
def test_only_a_last_page_of_gemini_may_be_empty(cursor: str | None, readable: bool) -> None:
    adapter, site = adapter_of(gemini), site_of(gemini)
    if not readable:
        with pytest.raises(Unreadable):
            adapter.read_models(site, answered({}), cursor)
        return
    page = adapter.read_models(site, answered({}), cursor)
    assert (page.models, page.next) == ((), None)


@pytest.mark.parametrize("token", [5, ["t"], "a\nb", "\ud800", "x" * 5000])
@pytest.mark.parametrize(("fake", "place", "name"), [
    (gemini, "models", "nextPageToken"), (vertex, "publisherModels", "nextPageToken"),
    (cohere, "models", "next_page_token"), (bedrock, "inferenceProfileSummaries", "nextToken"),
])  # fmt: skip
def test_a_page_that_cannot_be_asked_for_ends_no_list(fake: ModuleType, place: str, name: str, token: Any) -> None:
    items = [{"name": "models/a", "inferenceProfileId": "a"}]
    with pytest.raises(Unreadable):
        adapter_of(fake).read_models(site_of(fake), answered({place: items, name: token}), "inference_profiles x")


def test_a_key_of_gemini_that_is_not_known_has_the_reason_as_code() -> None:
    failure = read(400, gemini.ERRORS["expired"].body, gemini)
    assert (failure.verdict, failure.code, failure.expired) == ("unauthorized", "API_KEY_INVALID", True)
    other = gemini.rpc_error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
    assert read(400, other.body, gemini).verdict == "invalid_response"


def test_a_call_of_gemini_without_a_key_is_a_matter_of_the_key() -> None:
    site = replace(site_of(gemini), secrets={})
    answer = ask(gemini, adapter_of(gemini).probe(site))
    assert adapter_of(gemini).read_error(site, answer).verdict == "unauthorized"


# Vertex AI


def test_a_service_account_signs_for_a_token() -> None:
    site = site_of(vertex)
    request = exchanged(site)
    assert request.url == "http://127.0.0.1:9/token"
    token = adapter_of(vertex).read_exchange(site, ask(vertex, request))
    assert token == vertex.TOKEN
    assert ask(vertex, adapter_of(vertex).probe(replace(site, token=token))).ok
    assert adapter_of(vertex).probe(site).headers == {}


def test_what_a_service_account_signs_is_good_for_an_hour_and_for_one_place() -> None:
    from google.auth import jwt

    request = exchanged(site_of(vertex))
    assertion = parse_qs((request.body or b"").decode())["assertion"][0]
    claims = jwt.decode(assertion, verify=False)
    assert (claims["aud"], claims["iat"], claims["exp"]) == (request.url, NOW, NOW + 3600)


def with_account(**changed: Any) -> CalledEndpoint:
    account = {**json.loads(vertex.service_account()), **changed}
    return replace(site_of(vertex), secrets={"service_account": json.dumps(account)})


@pytest.mark.parametrize("uri", ["https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"])
def test_google_gives_the_tokens(uri: str) -> None:
    assert exchanged(with_account(token_uri=uri)).url == uri


def test_a_key_file_without_a_token_endpoint_uses_the_usual_one() -> None:
    assert exchanged(with_account(token_uri=None)).url == "https://oauth2.googleapis.com/token"


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.test/token", "https://googleapis.com.evil.test/token", "https://notgoogleapis.com/token",
        "http://oauth2.googleapis.com/token", "https://oauth2.googleapis.com@evil.test/token", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_a_key_file_cannot_send_its_assertion_elsewhere(uri: str) -> None:
    with pytest.raises(RefusedError) as raised:
        adapter_of(vertex).exchange(with_account(token_uri=uri), NOW)
    assert "Google" in raised.value.message


@pytest.mark.parametrize(
    "text",
    ["", "no-json-fake-secret", "[]", '{"client_email": "fake-secret"}', '{"client_email": 1, "private_key": "fake-secret"}'],
)  # fmt: skip
def test_what_is_no_key_file_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(RefusedError) as raised:
        adapter_of(vertex).exchange(replace(site_of(vertex), secrets={"service_account": text}), NOW)
    assert_silent(raised.value, "fake-secret")


def test_a_broken_private_key_is_refused_without_being_quoted() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nZmFrZS1zZWNyZXQ=\n-----END PRIVATE KEY-----\n"
    for key in (pem, "fake-secret"):
        with pytest.raises(RefusedError) as raised:
            adapter_of(vertex).exchange(with_account(private_key=key), NOW)
        assert_silent(raised.value, "fake-secret", "ZmFrZS1zZWNyZXQ")


def assert_silent(error: LlmconfError, *secrets: str) -> None:
    """Check that neither an error nor what would be printed of its cause holds a secret."""
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    for secret in secrets:
        assert secret not in f"{error!r} {error} {error.hint}"


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"project": "p", "location": "l"}, "/v1/projects/p/locations/l/publishers/google/models/gemini-9:generateContent"),
        ({"location": "l"}, "/v1/projects/acme-fake/locations/l/publishers/google/models/gemini-9:generateContent"),
        ({}, "/v1/publishers/google/models/gemini-9:generateContent"),
    ],
)  # fmt: skip
def test_where_a_model_of_vertex_is_called(options: dict[str, str], path: str) -> None:
    site = site_of(vertex, "https://vendor.test/v1", **options)
    assert urlsplit(adapter_of(vertex).completion(site, "gemini-9").url).path == path


def test_a_model_of_a_partner_keeps_its_own_protocol_on_vertex() -> None:
    request = adapter_of(vertex).completion(site_of(vertex, project="p", location="l"), "claude-9@default")
    assert request.url.endswith("/publishers/anthropic/models/claude-9@default:rawPredict")
    assert json.loads(request.body or b"")["max_tokens"] == 1


def test_the_answer_of_a_partner_on_vertex_is_in_its_own_protocol() -> None:
    adapter, site = adapter_of(vertex), site_of(vertex)
    adapter.read_completion(site, answered({"content": []}), "claude-9@default")
    adapter.read_completion(site, answered({"candidates": [{"finishReason": "MAX_TOKENS"}]}), "gemini-9-pro")
    for body, model in (({"content": []}, "gemini-9-pro"), ({"candidates": [{}]}, "claude-9@default")):
        with pytest.raises(Unreadable):
            adapter.read_completion(site, answered(body), model)


# AWS Bedrock


@pytest.mark.parametrize(
    ("url", "control", "runtime"),
    [
        ("https://bedrock-runtime.eu-west-1.amazonaws.com", "bedrock.eu-west-1", "bedrock-runtime.eu-west-1"),
        ("https://bedrock.eu-west-1.amazonaws.com", "bedrock.eu-west-1", "bedrock-runtime.eu-west-1"),
        (
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
            "bedrock-fips.us-gov-west-1", "bedrock-runtime-fips.us-gov-west-1",
        ),
    ],
)  # fmt: skip
def test_bedrock_lists_at_one_host_and_runs_at_another(url: str, control: str, runtime: str) -> None:
    site = site_of(bedrock, url)
    assert adapter_of(bedrock).probe(site).url == f"https://{control}.amazonaws.com/foundation-models"
    called = adapter_of(bedrock).completion(site, "fake.nova-9-v1:0").url
    assert called == f"https://{runtime}.amazonaws.com/model/fake.nova-9-v1:0/converse"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5000", "https://vpce-0fake.bedrock-runtime.eu-west-1.vpce.amazonaws.com",
        "https://bedrock-runtime.eu-west-1.amazonaws.com.evil.test", "https://gateway.test/aws",
    ],
)  # fmt: skip
def test_any_other_host_serves_all_of_bedrock(url: str) -> None:
    site = site_of(bedrock, url)
    assert adapter_of(bedrock).probe(site).url == f"{url}/foundation-models"
    assert adapter_of(bedrock).completion(site, "m").url == f"{url}/model/m/converse"


@pytest.mark.parametrize(("url", "configured", "region"), [
    ("https://bedrock-runtime.eu-west-1.amazonaws.com", "us-east-1", "eu-west-1"),
    ("https://vpce-0fake.bedrock-runtime.eu-west-1.vpce.amazonaws.com", None, "eu-west-1"),
    ("https://vpce-0fake.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "us-east-1", "us-east-1"),
    ("https://gateway.test", "us-east-1", "us-east-1"), ("https://gateway.test", None, None),
    ("https://a.bedrock.eu-west-1.vpce.amazonaws.com.evil.test", None, None),
])  # fmt: skip
def test_a_signature_is_for_the_region_of_the_host(url: str, configured: str | None, region: str | None) -> None:
    site = replace(site_of(bedrock, url), region=configured)
    if region is None:
        with pytest.raises(UndeterminedError, match="AWS keys need a region"):
            adapter_of(bedrock).probe(site)
        return
    assert f"/{region}/bedrock/aws4_request" in seen(adapter_of(bedrock).probe(site)).headers["authorization"]


@pytest.mark.parametrize("model", ["fake.nova-9-v1:0", "arn:aws:bedrock:eu-central-1::foundation-model/x", "a b/../c"])
def test_signatures_hold_for_every_path_query_and_body(model: str) -> None:
    adapter, site = adapter_of(bedrock), site_of(bedrock, "https://gateway.test:8443/aws")
    for request in (adapter.completion(site, model), adapter.models(site, "inference_profiles p+1/="), adapter.probe(site)):
        assert request
        arrived = seen(request)
        assert bedrock.is_signed(arrived, "bedrock")
        assert not bedrock.is_signed(replace(arrived, path=f"{arrived.path}x"), "bedrock")
        assert not bedrock.is_signed(replace(arrived, body=b"{}"), "bedrock")
        assert not bedrock.is_signed(replace(arrived, headers={**arrived.headers, "host": "evil.test"}), "bedrock")
        assert not bedrock.is_signed(arrived, "bedrock", secret="fake-other-secret")
        assert bedrock.SECRET not in f"{request} {request.headers} {request.body!r}"


def test_the_region_of_the_host_is_signed_for_whatever_is_configured() -> None:
    request = adapter_of(bedrock).probe(site_of(bedrock, "https://bedrock.us-west-2.amazonaws.com"))
    assert bedrock.is_signed(seen(request), "bedrock", region="us-west-2")


def test_without_a_region_nothing_can_be_signed() -> None:
    site = replace(site_of(bedrock), region=None)
    with pytest.raises(UndeterminedError, match="region"):
        adapter_of(bedrock).probe(site)


def test_a_session_token_travels_and_is_signed() -> None:
    site = site_of(bedrock)
    session = replace(site, secrets={**site.secrets, "session_token": "fake-session"})
    request = adapter_of(bedrock).probe(session)
    assert request.headers["x-amz-security-token"] == "fake-session"
    arrived = seen(request)
    assert bedrock.is_signed(arrived, "bedrock")
    assert not bedrock.is_signed(
        replace(arrived, headers={**arrived.headers, "x-amz-security-token": "fake-other"}), "bedrock"
    )


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sts.eu-west-3.amazonaws.com", "eu-west-3"),
        ("https://sts.amazonaws.com", "us-east-1"),
        ("http://127.0.0.1:5000", bedrock.REGION),
    ],
)
def test_sts_is_asked_whose_keys_these_are(url: str, region: str) -> None:
    adapter, site = adapter_of(bedrock), site_of(bedrock, sts_url=url)
    request = adapter.check(site)
    assert request
    assert (request.method, request.url) == ("POST", f"{url}/")
    assert bedrock.is_signed(seen(request), "sts", region=region)
    identity = b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>0</Account></GetCallerIdentityResult>"
    assert adapter.read_check(site, Response(200, {}, identity)).failure is None
    with pytest.raises(Unreadable):
        adapter.read_check(site, Response(200, {}, b"<html>"))


def test_an_api_key_of_bedrock_never_goes_to_sts() -> None:
    site = site_of(bedrock_key, sts_url="https://sts.amazonaws.com")
    assert adapter_of(bedrock).check(site) == adapter_of(bedrock).probe(site)


@pytest.mark.parametrize(
    ("status", "body", "headers", "verdict", "expired"),
    [
        (403, {"__type": "com.amazon.coral.service#ExpiredTokenException", "message": "x"}, {}, "unauthorized", True),
        (400, {"__type": "ValidationException", "message": "x"}, {}, "invalid_response", False),
        (403, b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>m</Message></Error></ErrorResponse>", {},
         "unauthorized", True),
        (403, b"<a><Code>SignatureDoesNotMatch</Code><Message>m</Message></a>", {}, "unauthorized", False),
        (403, b"<a><Code>AccessDenied</Code><Message>m</Message></a>", {}, "forbidden", False),
        (400, {"message": "x"}, {"x-amzn-errortype": "ThrottlingException"}, "rate_limited", False),
        (403, {"Message": "Authentication failed: Please make sure your API Key is valid."}, {}, "unauthorized", False),
        (403, b"<Code>", {}, "forbidden", False),
    ],
)  # fmt: skip
def test_what_aws_says(status: int, body: Any, headers: dict[str, str], verdict: str, expired: bool) -> None:
    failure = read(status, body, bedrock, headers)
    assert (failure.verdict, failure.expired) == (verdict, expired)


def test_a_foundation_model_that_says_nothing_of_how_it_is_called_may_be_called() -> None:
    types = [None, [], ["PROVISIONED"], ["ON_DEMAND", "PROVISIONED"]]
    items = [{"modelId": f"m{index}", "inferenceTypesSupported": value} for index, value in enumerate(types)]
    page = adapter_of(bedrock).read_models(site_of(bedrock), answered({"modelSummaries": items}), None)
    assert [model.callable for model in page.models] == [True, False, False, True]


# Ollama and Cohere

TRAINED = {"general.architecture": "a", "a.context_length": 9}


@pytest.mark.parametrize("path", ["", "/v1", "/api"])
def test_ollama_is_called_below_api_whatever_the_url_ends_with(path: str) -> None:
    site = site_of(ollama, f"http://127.0.0.1:11434{path}")
    assert adapter_of(ollama).probe(site).url == "http://127.0.0.1:11434/api/tags"


def test_ollama_says_details_of_one_model_after_the_other() -> None:
    adapter, site = adapter_of(ollama), site_of(ollama)
    page, asked = adapter.read_models(site, ask(ollama, adapter.models(site, None)), None), []
    while page.next is not None:
        cursor, request = page.next, adapter.models(site, page.next)
        assert request
        asked.append(json.loads(request.body or b"")["model"])
        page = adapter.read_models(site, ask(ollama, request), cursor)
    assert asked == [*ollama.SHOWN]


@pytest.mark.parametrize(
    ("details", "here", "cloud"),
    [
        ({"parameters": "temperature 1\nnum_ctx    4096\nstop x", "model_info": TRAINED}, 4096, 4096),
        ({"parameters": "stop num_ctx 5", "model_info": TRAINED}, None, 9),
        ({"model_info": TRAINED, "remote_host": "https://ollama.com:443"}, 9, 9),
        ({"model_info": TRAINED, "remote_host": ""}, None, 9),
        ({"model_info": {**TRAINED, "general.architecture": ["a"]}}, None, None),
        ({"model_info": {"a.context_length": 9}}, None, None),
        ({"parameters": ["num_ctx 5"], "model_info": []}, None, None),
    ],
)
def test_ollama_tells_a_trained_context_only_of_models_in_the_cloud(
    details: Any, here: int | None, cloud: int | None
) -> None:
    for fake, context in ((ollama, here), (ollama_cloud, cloud)):
        page = adapter_of(fake).read_models(site_of(fake), answered(details), '["a"]')
        assert [model.context for model in page.models] == [context]


@pytest.mark.parametrize("path", ["", "/v1", "/v2"])
def test_cohere_is_called_at_its_root_even_where_the_url_has_a_version(path: str) -> None:
    site = site_of(cohere, f"https://vendor.test{path}")
    assert adapter_of(cohere).probe(site).url == "https://vendor.test/v1/models?page_size=1"
    assert adapter_of(cohere).completion(site, "m").url == "https://vendor.test/v2/chat"


@pytest.mark.parametrize("message", ["invalid token", "token expired"])
def test_cohere_has_a_status_of_its_own_for_keys(message: str) -> None:
    failure = read(498, {"message": message}, cohere)
    assert (failure.verdict, failure.expired) == ("unauthorized", "expired" in message)


# Optional packages


@pytest.mark.parametrize(("fake", "package", "extra"), [
    (bedrock, "botocore", "bedrock"), (vertex, "google.auth", "vertex"),
])  # fmt: skip
def test_a_missing_package_is_named_with_its_extra(
    fake: ModuleType, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    adapter, site = adapter_of(fake), site_of(fake)
    with pytest.raises(UndeterminedError) as raised:
        _ = adapter.exchange(site, NOW) or adapter.probe(site)
    assert f"llmconf[{extra}]" in str(raised.value.hint)


def test_keys_that_are_sent_as_they_are_need_no_optional_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    assert ask(bedrock_key, adapter_of(bedrock).probe(site_of(bedrock_key))).ok


def test_optional_packages_are_loaded_by_nobody_who_needs_them_not() -> None:
    script = (
        "import sys; from llmconf import adapters; [adapters.adapter(name) for name in adapters.types()];"
        "print([name for name in ('botocore', 'google.auth') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
