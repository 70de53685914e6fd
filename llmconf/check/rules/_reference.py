"""The reference of all codes, as Markdown for docs/rules.md."""

from __future__ import annotations

from llmconf.check import rules
from llmconf.check.rules import RuleInfo

_CATEGORIES = {
    "LCY": "YAML",
    "LCS": "Schema",
    "LCR": "References",
    "LCE": "Endpoints",
    "LCK": "Credentials",
    "LCM": "Models",
    "LCO": "Overlays",
    "LCP": "Project file",
    "LCB": "Bundle",
    "LCX": "Suppressions",
}

_HEAD = """\
<!-- Generated from llmconf/rules; a test compares the two. -->

# Rules

All codes that llmconf reports. `llmconf rule CODE` shows one of them.

`llmconf.yaml` can set the severity of most codes to `error`, `warning`, `info` or `off`:

```yaml
rules:
  LCR007: "off"
```

A severity marked *fixed* cannot be set. To silence a single finding, write a comment with the reason on the same
line or on the line above: `# llmconf: ignore[LCM003] price of an internal model`.
"""


def rules_markdown() -> str:
    """Return the whole page: a table of all codes, then a section for each."""
    infos = [rules.info(code) for code in rules.codes()]
    parts = [_HEAD]
    for prefix, title in _CATEGORIES.items():
        group = [info for info in infos if info.code.startswith(prefix)]
        rows = "".join(map(_row, group))
        parts.append(f"## {title}\n\n| code | name | severity | what |\n|---|---|---|---|\n{rows}")
        parts += [_section(info) for info in group]
    return "\n".join(parts)


def _row(info: RuleInfo) -> str:
    link = f"[{info.code}](#{info.code.lower()}-{info.name})"
    return f"| {link} | `{info.name}` | {_severity(info)} | {info.summary} |\n"


def _severity(info: RuleInfo) -> str:
    return f"{info.severity}, *fixed*" if info.fixed else info.severity


def _section(info: RuleInfo) -> str:
    return "\n".join(
        [
            f"### {info.code} {info.name}\n",
            f"{info.summary} Severity: {_severity(info)}.\n",
            f"**Why:** {info.why}\n",
            f"**Example:**\n\n```yaml\n{info.example}\n```\n",
            f"**Fix:** {info.fix}\n",
        ]
    )
