"""AWS keys against moto, a server that nobody here wrote: signatures, wrong keys told apart, a denied action."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from live import ALLOW, Live
from upstream.server import unused_port

from llmconf import adapters
from llmconf.adapters import bedrock
from llmconf.adapters._base import CalledEndpoint, Failure, Request, Response
from llmconf.adapters._sigv4 import signed

pytestmark = pytest.mark.consumer

REGION = "eu-central-1"
NO_KEYS = {"access_key_id": "AKIAFAKEFAKEFAKEFAKE", "secret_access_key": "fake-secret-of-nobody"}
FREE_ACTIONS = 3
"""What moto lets anybody do before it looks at signatures: make a user, a policy and keys."""


@dataclass(frozen=True)
class Aws:
    """A running moto, and the keys of a user who may make and read Bedrock's custom models, and nothing else."""

    url: str
    keys: dict[str, str]

    def site(self, **changed: str) -> CalledEndpoint:
        """Return the endpoint as the adapter sees it, with some fields of its credential changed."""
        options = bedrock.Options(sts_url=self.url)
        return CalledEndpoint(self.url, adapters.preset("bedrock"), options, REGION, self.keys | changed)

    def send(self, request: Request) -> Response:
        """Send a request to moto."""
        assert request.url.startswith(f"{self.url}/")
        answer = httpx2.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.body,
            timeout=20,
            trust_env=False,
        )
        return Response(
            answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content
        )


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    port = unused_port()
    log = (tmp_path_factory.mktemp("moto") / "log").open("wb")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = {"INITIAL_NO_AUTH_ACTION_COUNT": str(FREE_ACTIONS), "PYTHONUNBUFFERED": "1"}
    with log, subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=Path(log.name).parent) as server:
        try:
            started = Aws(f"http://127.0.0.1:{port}", NO_KEYS)
            _wait(started, server)
            yield Aws(started.url, _user(started))
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(aws: Aws, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            httpx2.get(f"{aws.url}/moto-api/data.json", timeout=5, trust_env=False)
            return
        except httpx2.TransportError:
            time.sleep(0.1)
    pytest.fail("moto did not start")


def _user(aws: Aws) -> dict[str, str]:
    actions = ["bedrock:ListCustomModels", "bedrock:CreateModelCustomizationJob"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    _iam(aws, "CreateUser")
    _iam(aws, "PutUserPolicy", PolicyName="reads", PolicyDocument=policy)
    made = _iam(aws, "CreateAccessKey")
    found = {name: re.search(f"<{name}>([^<]+)</{name}>", made) for name in ("AccessKeyId", "SecretAccessKey")}
    assert all(found.values())
    keys = {name: str(match[1]) for name, match in found.items() if match}
    return {"access_key_id": keys["AccessKeyId"], "secret_access_key": keys["SecretAccessKey"]}


def _iam(aws: Aws, action: str, **more: str) -> str:
    form = urlencode({"Action": action, "UserName": "gateway", "Version": "2010-05-08", **more})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = Request(f"{aws.url}/", "POST", headers, form.encode())
    answer = aws.send(signed(aws.site(), request, "iam", REGION))
    assert answer.ok, answer.status
    return answer.body.decode()


def _checked(aws: Aws, site: CalledEndpoint) -> Any:
    request = bedrock.check(site)
    assert request is not None
    answer = aws.send(request)
    return bedrock.read_check(site, answer) if answer.ok else bedrock.read_error(site, answer)


def test_keys_that_aws_knows_are_valid(aws: Aws) -> None:
    assert _checked(aws, aws.site()).failure is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret_access_key": "fake-secret-that-is-wrong"}, "SignatureDoesNotMatch"),
        ({"access_key_id": NO_KEYS["access_key_id"]}, "InvalidClientTokenId"),
        ({"session_token": "fake-session-token"}, "InvalidClientTokenId"),
    ],
)
def test_keys_that_aws_does_not_know_are_told_apart(aws: Aws, changed: dict[str, str], code: str) -> None:
    failure = _checked(aws, aws.site(**changed))
    assert isinstance(failure, Failure)
    assert (failure.verdict, failure.code, failure.expired) == ("unauthorized", code, False)
    assert failure.detail


@pytest.mark.parametrize("query", ["", "?maxResults=5&nameContains=a%20b%2Fc"])
def test_a_signed_get_is_accepted_by_the_bedrock_api(aws: Aws, query: str) -> None:
    request = Request(f"{aws.url}/custom-models{query}")
    answer = aws.send(signed(aws.site(), request, "bedrock", REGION))
    assert answer.ok
    assert isinstance(answer.json()["modelSummaries"], list)
    forged = signed(aws.site(secret_access_key="fake-secret-that-is-wrong"), request, "bedrock", REGION)
    assert bedrock.read_error(aws.site(), aws.send(forged)).code == "SignatureDoesNotMatch"


def test_keys_without_the_permission_are_forbidden_and_not_wrong(aws: Aws) -> None:
    request = bedrock.probe(aws.site())
    failure = bedrock.read_error(aws.site(), aws.send(request))
    assert (failure.verdict, failure.code) == ("forbidden", "AccessDenied")
    assert "ListFoundationModels" in failure.detail


def _customize(aws: Aws, name: str) -> str:
    """Have moto make a custom model and return its ARN."""
    bucket = {"s3Uri": "s3://fake-bucket/data"}
    body = {
        "jobName": f"job-{name}", "customModelName": name, "roleArn": "arn:aws:iam::123456789012:role/fake",
        "baseModelIdentifier": "fake.nova-9-v1:0", "trainingDataConfig": bucket, "outputDataConfig": bucket,
        "hyperParameters": {},
    }  # fmt: skip
    request = Request(
        f"{aws.url}/model-customization-jobs", "POST", {"content-type": "application/json"}, json.dumps(body).encode()
    )
    answer = aws.send(signed(aws.site(), request, "bedrock", REGION))
    assert answer.ok, answer.body
    return f"arn:aws:bedrock:{REGION}:123456789012:custom-model/{name}"


@pytest.fixture
def live(aws: Aws, tmp_path: Path) -> Live:
    project = Live(tmp_path, environment={
        "FAKE_ID": aws.keys["access_key_id"], "FAKE_SECRET": aws.keys["secret_access_key"],
    })  # fmt: skip
    _write(project, aws, "custom_models")
    return project


def _write(live: Live, aws: Aws, lists: str) -> None:
    live.write(
        f"kind: Provider\nname: aws\ntype: bedrock\nregion: {REGION}\n"
        f"options: {{sts_url: '{aws.url}', lists: [{lists}]}}\n"
        f"endpoints: [{{name: main, url: '{aws.url}'}}]\n"
        f"credentials:\n  - {{name: main, hosts: ['{aws.url}'], access_key_id: env:FAKE_ID, secret_access_key: env:FAKE_SECRET}}\n"
    )


WRONG = {"FAKE_SECRET": "fake-secret-that-is-wrong"}


def test_verify_tells_a_wrong_key(live: Live) -> None:
    assert [each["validity"] for each in live.ask("verify")] == ["valid"]
    wrong = live.ask("verify", env=WRONG)
    assert [(each["validity"], each["code"]) for each in wrong] == [("invalid", "SignatureDoesNotMatch")]


def test_probe_is_healthy_or_tells_a_wrong_key(live: Live) -> None:
    assert [each["verdict"] for each in live.ask("probe")] == ["healthy"]
    wrong = live.ask("probe", env=WRONG)
    assert [(each["verdict"], each["code"]) for each in wrong] == [("unauthorized", "SignatureDoesNotMatch")]


def test_sync_locks_what_the_account_has_made(live: Live, aws: Aws) -> None:
    """moto makes custom models; they are called through a deployment, so the lock has them switched off."""
    names = [_customize(aws, name) for name in ("tuned-a", "tuned-b", "tuned-c")]
    done = live.run("sync", *ALLOW)
    assert (done.returncode, done.stderr) == (0, "")
    lock = live.lock("aws")
    assert [line[6:] for line in lock.splitlines() if line.startswith("- id: ")] == names
    assert lock.count("enabled: false") == len(names)
    assert "up to date" in live.run("sync", *ALLOW).stdout
    assert live.lock("aws") == lock
    wrong = live.run("sync", *ALLOW, env=WRONG)
    assert wrong.returncode == 4
    assert live.lock("aws") == lock
    assert live.run("validate", "--frozen").returncode == 0


def test_a_missing_permission_is_told_from_a_wrong_key(live: Live, aws: Aws) -> None:
    """The user may not list foundation models, which moto does not have anyway."""
    _write(live, aws, "foundation_models, custom_models")
    assert [(each["verdict"], each["code"]) for each in live.ask("probe")] == [("forbidden", "AccessDenied")]
    assert [each["verdict"] for each in live.ask("probe", env=WRONG)] == ["unauthorized"]
    done = live.run("sync", *ALLOW)
    assert done.returncode == 4
    assert "forbidden" in done.stdout
