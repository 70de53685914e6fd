"""AWS Bedrock, asked for what an account made itself and not for the foundation models (S): ARNs in several lists."""

from __future__ import annotations

from dataclasses import replace

from llmconf.adapters._base import ModelRecord
from upstream import bedrock
from upstream.bedrock import ARN, PROFILES

VENDOR = replace(
    bedrock.VENDOR,
    options={
        "lists": [
            "custom_models", "custom_model_deployments", "inference_profiles", "imported_models",
            "provisioned_throughputs",
        ],
    },
    models=(
        ModelRecord(f"{ARN}:custom-model/fake.nova-9-v1:0/fake00000002", callable=False),
        ModelRecord(f"{ARN}:custom-model-deployment/fake00000003"),
        ModelRecord(f"{ARN}:custom-model-deployment/fake00000004", callable=False),
        *(ModelRecord(name, status="active") for name in PROFILES),
        ModelRecord(f"{ARN}:imported-model/fake00000001"),
        ModelRecord(f"{ARN}:provisioned-model/fake00000005"),
        ModelRecord(f"{ARN}:provisioned-model/fake00000006"),
        ModelRecord(f"{ARN}:provisioned-model/fake00000007", callable=False),
    ),
)  # fmt: skip
