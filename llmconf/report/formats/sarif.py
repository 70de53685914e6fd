"""The `sarif` format: SARIF 2.1.0, as code scanning reads it."""

from __future__ import annotations

from urllib.parse import quote

from llmconf.core.diagnostics import SEVERITIES, Diagnostic, Span
from llmconf.report.formats._shared import TOOL, fingerprints, hint, message, on_one_line, plural
from llmconf.report.report import Report, RuleText
from llmconf.report.text import dump_json, shorten, visible

MAX_RESULTS = 25_000
"""Code hosts refuse a run with more results than this."""

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_ROOT = "%SRCROOT%"
_DESCRIPTION_LIMIT = 1024


def render(report: Report) -> str:
    """Return a log with one run. Results above the limit of code hosts are left out, the mildest first."""
    results = _kept(list(fingerprints(report)))
    rules = _rules(report, [diagnostic for diagnostic, _ in results])
    index = {rule.code: number for number, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {"name": TOOL, "version": report.version, "rules": [_rule(rule) for rule in rules]}
        },
        "invocations": [_invocation(len(report.diagnostics) - len(results))],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(report, diagnostic, index[diagnostic.code], mark) for diagnostic, mark in results
        ],
    }
    return dump_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _kept(found: list[tuple[Diagnostic, str]]) -> list[tuple[Diagnostic, str]]:
    if len(found) <= MAX_RESULTS:
        return found
    order = sorted(range(len(found)), key=lambda number: SEVERITIES.index(found[number][0].severity))
    return [found[number] for number in sorted(order[:MAX_RESULTS])]


def _rules(report: Report, diagnostics: list[Diagnostic]) -> list[RuleText]:
    named = {
        diagnostic.code: RuleText(
            diagnostic.code, diagnostic.name, diagnostic.severity, diagnostic.name.replace("-", " "), ""
        )
        for diagnostic in diagnostics
    }
    return [report.rules.get(code, named[code]) for code in sorted(named)]


def _rule(rule: RuleText) -> dict[str, object]:
    text = rule.text or rule.summary
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": shorten(rule.summary, _DESCRIPTION_LIMIT)},
        "fullDescription": {"text": shorten(text, _DESCRIPTION_LIMIT)},
        "help": {"text": text},
        "defaultConfiguration": {"level": _LEVELS.get(rule.severity, "none")},
    }


def _invocation(left_out: int) -> dict[str, object]:
    invocation: dict[str, object] = {"executionSuccessful": True}
    if left_out:
        text = f"{plural(left_out, 'finding')} left out: a run holds at most {MAX_RESULTS}."
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return invocation


def _result(report: Report, diagnostic: Diagnostic, rule_index: int, fingerprint: str) -> dict[str, object]:
    advice = hint(diagnostic)
    text = message(diagnostic) + (f"\n{advice}" if advice else "")
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": _unlinked(text)},
        "locations": [_location(report, diagnostic.span)],
        "partialFingerprints": {f"{TOOL}/v1": fingerprint},
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {
                "id": number,
                **_location(report, related.span),
                "message": {"text": _unlinked(visible(related.message))},
            }
            for number, related in enumerate(diagnostic.related, start=1)
        ]
    return result


def _unlinked(text: str) -> str:
    # `[text](target)` in a message is a link, and parts of a message come from files.
    return text.replace("](", "] (")


def _location(report: Report, span: Span) -> dict[str, object]:
    region = on_one_line(report, span)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(report.prefix + span.file), "uriBaseId": _ROOT},
            "region": {
                "startLine": region.line,
                "startColumn": region.column,
                "endLine": region.end_line,
                "endColumn": region.end_column,
            },
        }
    }


def _uri(path: str) -> str:
    # Python keeps the bytes of a file name that is not UTF-8 as lone surrogates.
    return quote(path, errors="surrogateescape")
