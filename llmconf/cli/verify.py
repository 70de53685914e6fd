"""`llmconf verify`: ask the vendors whether the credentials still work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from llmconf.cli import _complete
from llmconf.cli import _network as shared
from llmconf.cli._options import with_kinds
from llmconf.cli._rendering import table

if TYPE_CHECKING:
    from llmconf.live.verify import Verification

_COLUMNS = ("credential", "validity", "status", "expires", "quota", "detail")


@click.command(name="verify")
@click.argument(
    "identities", nargs=-1, metavar="[IDENTITY]...", shell_complete=_complete.identities("credential", "provider")
)
@click.option("-o", "output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@shared.network_options
def command(
    identities: tuple[str, ...], output: str, asked: shared.NetworkOptions,
) -> int:  # fmt: skip
    """Verify the credentials of an environment with their vendors, for free.

    IDENTITY selects credentials or providers; `openai` means `provider/openai`. A credential is sent only to a
    host that it is bound to. The request is one that the vendor refuses without a valid credential, since an
    answer that everybody gets proves nothing. Exit 1 if a credential is invalid, expired, forbidden or out of
    funds. Exit 4 if the validity of a credential could not be determined.

    \b
    Examples:
      llmconf verify --env prod
      llmconf verify credential/openai/main --env prod -o json
    """
    from llmconf.live.verify import credentials_to_verify, verify
    from llmconf.report.text import dump_json

    checked, name = asked.check()
    resolved = checked.environments[name]
    try:
        credentials = credentials_to_verify(resolved, with_kinds(identities))
    except KeyError as error:
        known = [*resolved.credentials, *resolved.providers]
        raise shared.unknown(error.args[0], known, "verify") from None
    if not credentials:
        click.echo("llmconf: no enabled credential to verify", err=True)
    found = []
    if credentials:
        ways = asked.accesses(checked, name)
        with shared.progress("Verifying", len(credentials)) as done:
            found = verify(ways, credentials, network=asked.network, defect=shared.defect, done=done)
    rows = [{"environment": name, **_row(each)} for each in found]
    click.echo(dump_json(rows) if output == "json" else table(_cells(rows), _COLUMNS), nl=False)
    return _status(found)


def _row(found: Verification) -> dict[str, Any]:
    return {
        "credential": found.identity,
        "endpoint": found.endpoint,
        "validity": found.validity,
        "status": found.status,
        "code": found.code,
        "detail": found.detail,
        "expires": found.expires,
        "quota": dict(found.quota),
    }


def _cells(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from llmconf.report.text import visible

    return [
        row
        | {
            "credential": row["credential"].removeprefix("credential/"),
            "quota": [visible(f"{name}: {value}") for name, value in row["quota"].items()],
            "detail": visible(": ".join(filter(None, (row["code"], row["detail"])))),
        }
        for row in rows
    ]


def _status(found: list[Verification]) -> int:
    validities = {each.validity for each in found}
    if validities & {"invalid", "expired", "forbidden", "no_funds"}:
        return 1
    return 4 if validities & {"rate_limited", "undetermined"} else 0
