"""Notes on the settings of an environment that LiteLLM's file cannot express, once per resource."""

from __future__ import annotations

from typing import Any

from llmconf.build.targets._base import Note
from llmconf.build.targets._litellm_plan import Plan
from llmconf.project.environment import Resolved, Resource
from llmconf.schema.kinds import Endpoint, Provider


def environment_notes(env: Resolved, plan: Plan) -> list[Note]:
    """Return notes on the settings of used endpoints, credentials and teams that were left out."""
    calls = [turn.call for group in plan.groups for turn in group.turns]
    reached: dict[str, Resource[Any]] = {}
    for call in calls:
        reached[call.provider.identity] = call.provider
        reached[call.endpoint.identity] = call.endpoint
    notes = [note for resource in reached.values() for note in _network_notes(resource)]
    for call in calls:
        credential = call.credential
        if call.protocol == "vertex" and credential and credential.spec.api_key is not None:
            message = "LiteLLM can call Vertex AI only with a service account; this API key is left out"
            notes.append(Note(credential.place("api_key", on_key=True), message))
    teams = [team for team in env.teams.values() if team.spec.enabled]
    if teams:
        what = f"{len(teams)} teams are" if len(teams) > 1 else f"`{teams[0].name}` is"
        message = f"{what} left out: LiteLLM keeps teams, their keys and budgets in its database"
        notes.append(Note(teams[0].place(), message, "info"))
    return notes


def _network_notes(resource: Resource[Endpoint] | Resource[Provider]) -> list[Note]:
    spec = resource.spec
    lost = []
    if spec.proxy is not None:
        lost.append(("proxy", "`proxy` (set HTTPS_PROXY)"))
    tls = spec.tls if isinstance(spec, Endpoint) else None
    if tls and tls.ca:
        lost.append(("tls", "`tls.ca` (set SSL_CERT_FILE)"))
    if tls and (tls.client_cert or tls.client_key):
        lost.append(("tls", "`tls.client_cert` (set SSL_CERTIFICATE)"))
    if not lost:
        return []
    listed = " and ".join(text for _, text in lost)
    message = f"LiteLLM can set this only for its whole process, so it is left out of the file: {listed}"
    return [Note(resource.place(lost[0][0], on_key=True), message)]
