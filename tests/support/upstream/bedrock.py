"""AWS Bedrock (S): signed requests, foundation models on one page, inference profiles on several, errors by header."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from llmconf.adapters._base import ModelRecord
from upstream.vendor import Answer, Seen, State, Vendor

REGION = "eu-central-1"
KEY_ID = "AKIAFAKEFAKEFAKEFAKE"
SECRET = "fake/aws+secret-0001"
PAGE = 1


def _model(identifier: str, taken: list[str], given: list[str], types: list[str], **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:bedrock:{REGION}::foundation-model/{identifier}"
    return {
        "modelArn": arn, "modelId": identifier, "modelName": identifier[:20], "providerName": "Fake",
        "inputModalities": taken, "outputModalities": given, "inferenceTypesSupported": types,
        "customizationsSupported": [], "modelLifecycle": {"status": "ACTIVE"}, **more,
    }  # fmt: skip


MODELS = [
    _model("fake.nova-9-v1:0", ["TEXT", "IMAGE", "VIDEO"], ["TEXT"], ["ON_DEMAND"], responseStreamingSupported=True),
    _model("fake.claude-9-v1:0", ["TEXT", "IMAGE"], ["TEXT"], ["INFERENCE_PROFILE"], responseStreamingSupported=True),
    _model("fake.embed-v9:0", ["TEXT"], ["EMBEDDING"], ["ON_DEMAND"], responseStreamingSupported=False),
    _model("fake.rerank-v9:0", ["TEXT"], ["TEXT"], ["ON_DEMAND"], responseStreamingSupported=False),
    _model(
        "fake.canvas-v1:0", ["TEXT"], ["IMAGE"], ["PROVISIONED"],
        modelLifecycle={
            "status": "LEGACY", "startOfLifeTime": "2024-12-03T00:00:00Z",
            "legacyTime": "2026-03-01T00:00:00Z", "endOfLifeTime": 1803859200,
        },
    ),
]  # fmt: skip
PROFILES = ["eu.fake.claude-9-v1:0", "global.fake.claude-9-v1:0"]
ARN = f"arn:aws:bedrock:{REGION}:000000000000"
LISTS = {
    "/inference-profiles": ("inferenceProfileSummaries", [
        {
            "inferenceProfileId": name, "inferenceProfileName": name[:64], "status": "ACTIVE", "type": "SYSTEM_DEFINED",
            "inferenceProfileArn": f"{ARN}:inference-profile/{name}",
            "models": [{"modelArn": f"arn:aws:bedrock:{REGION}::foundation-model/fake.claude-9-v1:0"}],
        }
        for name in PROFILES
    ]),
    "/imported-models": ("modelSummaries", [
        {"modelArn": f"{ARN}:imported-model/fake00000001", "modelName": "own", "creationTime": "2026-01-01T00:00:00Z"},
    ]),
    "/custom-models": ("modelSummaries", [
        {
            "modelArn": f"{ARN}:custom-model/fake.nova-9-v1:0/fake00000002", "modelName": "tuned", "modelStatus": "Active",
            "baseModelArn": f"arn:aws:bedrock:{REGION}::foundation-model/fake.nova-9-v1:0", "baseModelName": "Nova",
            "creationTime": "2026-01-01T00:00:00Z", "customizationType": "FINE_TUNING",
        },
    ]),
    "/model-customization/custom-model-deployments": ("modelDeploymentSummaries", [
        {
            "customModelDeploymentArn": f"{ARN}:custom-model-deployment/fake0000000{number}", "status": status,
            "customModelDeploymentName": "tuned", "modelArn": f"{ARN}:custom-model/fake.nova-9-v1:0/fake00000002",
            "createdAt": "2026-01-01T00:00:00Z",
        }
        for number, status in ((3, "Active"), (4, "Failed"))
    ]),
    "/provisioned-model-throughputs": ("provisionedModelSummaries", [
        {
            "provisionedModelArn": f"{ARN}:provisioned-model/fake0000000{number}", "provisionedModelName": "reserved",
            "status": status, "modelArn": f"{ARN}:custom-model/fake.nova-9-v1:0/fake00000002", "modelUnits": 1,
        }
        for number, status in ((5, "InService"), (6, "Updating"), (7, "Creating"))
    ]),
}  # fmt: skip
"""What comes in pages: path, name of the rows, and the rows."""


def error(status: int, name: str, message: str) -> Answer:
    """Return an error of AWS, with its name in a header as services write it."""
    return Answer(status, {"message": message}, {"x-amzn-errortype": f"{name}:http://internal.fake/coral/"})


ERRORS = {
    "invalid": error(403, "UnrecognizedClientException", "The security token included in the request is invalid."),
    "expired": error(403, "ExpiredTokenException", "The security token included in the request is expired"),
    "forbidden": error(
        403, "AccessDeniedException", "User: arn:aws:iam::000000000000:user/fake is not authorized to perform this"
    ),
    "rate_limited": error(429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "overloaded": error(503, "ServiceUnavailableException", "Too many connections, please wait."),
}


def answer(seen: Seen, state: State) -> Answer:
    if not is_signed(seen, "bedrock"):
        return ERRORS["invalid"]
    return listing(seen, state)


def listing(seen: Seen, state: State) -> Answer:
    """Answer a caller who is known."""
    if state in ERRORS:
        return ERRORS[state]
    url = urlsplit(seen.path)
    if (seen.method, url.path) == ("GET", "/foundation-models"):
        return Answer(body={"modelSummaries": MODELS})
    if seen.method == "GET" and url.path in LISTS:
        return _page(*LISTS[url.path], parse_qs(url.query))
    if seen.method == "POST" and url.path.endswith("/converse"):
        return Answer(body={"output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}}})
    return error(404, "ResourceNotFoundException", "Could not resolve the foundation model.")


def _page(name: str, rows: list[dict[str, Any]], query: dict[str, list[str]]) -> Answer:
    assert 1 <= int(query["maxResults"][0]) <= 1000
    start = int(query.get("nextToken", ["p+0/"])[0].strip("p+/"))
    more = {"nextToken": f"p+{start + PAGE}/"} if start + PAGE < len(rows) else {}
    return Answer(body={name: rows[start : start + PAGE]} | more)


def is_signed(seen: Seen, service: str, secret: str = SECRET, region: str = REGION) -> bool:
    """Check a signature as AWS does, without the library that made it."""
    form = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        seen.headers.get("authorization", ""),
    )
    if form is None or form[1] != KEY_ID:
        return False
    headers = {"host": "vendor.test", **seen.headers}
    time = headers["x-amz-date"]
    if form[2] != f"{time[:8]}/{region}/{service}/aws4_request":
        return False
    url = urlsplit(seen.path)
    pairs = sorted((quote(name, "-_.~"), quote(value, "-_.~")) for name, value in parse_qsl(url.query))
    canonical = [
        seen.method, quote(url.path, "/-_.~"), "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in form[3].split(";")),
        "", form[3], sha256(seen.body).hexdigest(),
    ]  # fmt: skip
    hashed = sha256("\n".join(canonical).encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for step in (time[:8], region, service, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    wanted = hmac.digest(key, f"AWS4-HMAC-SHA256\n{time}\n{form[2]}\n{hashed}".encode(), "sha256").hex()
    return "host" in form[3].split(";") and hmac.compare_digest(wanted, form[4])


VENDOR = Vendor(
    type="bedrock",
    credential={"access_key_id": KEY_ID, "secret_access_key": SECRET},
    answer=answer,
    region=REGION,
    models=(
        ModelRecord(
            "fake.nova-9-v1:0", mode="chat", capabilities=("chat", "streaming", "video_input", "vision"), status="active"
        ),
        ModelRecord(
            "fake.claude-9-v1:0", mode="chat", capabilities=("chat", "streaming", "vision"), status="active", callable=False
        ),
        ModelRecord("fake.embed-v9:0", mode="embedding", capabilities=("embedding",), status="active"),
        ModelRecord("fake.rerank-v9:0", capabilities=(), status="active"),
        ModelRecord(
            "fake.canvas-v1:0",
            mode="image",
            capabilities=("image_generation",),
            status="deprecated",
            deprecated="2026-03-01",
            retires="2027-03-01",
            callable=False,
        ),
        *(ModelRecord(name, status="active") for name in PROFILES),
    ),
    states={
        "valid": "healthy", "invalid": "unauthorized", "expired": "unauthorized", "forbidden": "forbidden",
        "rate_limited": "rate_limited", "overloaded": "degraded",
    },
)  # fmt: skip
