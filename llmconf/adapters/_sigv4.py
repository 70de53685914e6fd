"""Signs requests with AWS keys. This is the only adapter part that reads the clock: a signature contains the time."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from llmconf.adapters._base import CalledEndpoint, Request
from llmconf.core.errors import UndeterminedError


def signed(site: CalledEndpoint, request: Request, service: str, region: str) -> Request:
    """Return a request with its signature. The signature is valid for five minutes, and for this host only.

    Raises UndeterminedError without the packages of the extra `bedrock`.
    """
    try:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
    except ImportError:
        message = "signing with AWS keys needs a package that is not installed"
        raise UndeterminedError(message, "install llmconf with the extra `bedrock`: llmconf[bedrock]") from None
    secrets = site.secrets
    keys = Credentials(
        secrets.get("access_key_id", ""), secrets.get("secret_access_key", ""), secrets.get("session_token")
    )
    # This header is signed too, so that the server knows what was hashed.
    digest = sha256(request.body or b"").hexdigest()
    headers = {**request.headers, "x-amz-content-sha256": digest}
    draft = AWSRequest(request.method, request.url, data=request.body or b"", headers=headers)
    SigV4Auth(keys, service, region).add_auth(draft)
    return replace(request, headers={name.lower(): str(value) for name, value in draft.headers.items()})
