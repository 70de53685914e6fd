"""The `markdown` format, for the summary of a run or a comment on a change."""

from __future__ import annotations

import re
from itertools import groupby

from llmconf.core.diagnostics import Diagnostic, Span
from llmconf.report.formats._shared import hint, message, plural, summary
from llmconf.report.report import Report
from llmconf.report.text import shorten, visible

LIMIT = 60_000
"""Characters; code hosts refuse a comment of more than 65,536."""

_FOLD_FROM = 20
_TEXT_LIMIT = 1_000
_RESERVE = 200
_BREAK = "&#8203;"
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()|~$^])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Code hosts turn this into a mention, a reference or a link, even if the sign is escaped.
_ACTIVE = re.compile(r"@|#(?=\d)|!(?=\d)|(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bGH)(?=-\d)", re.IGNORECASE)


def render(report: Report) -> str:
    """Return the counts, then the findings by file, folded if there are many and cut if the text is too long."""
    head = f"**{summary(report)}**\n"
    if not report.diagnostics:
        return head
    body, left_out = _body(report, LIMIT - len(head) - _RESERVE)
    if len(report.diagnostics) > _FOLD_FROM:
        shown = plural(len(report.diagnostics) - left_out, "finding")
        body = f"\n<details><summary>{shown}</summary>\n{body}\n</details>\n"
    if left_out:
        body += f"\n{plural(left_out, 'finding')} left out here for length.\n"
    return head + body


def _body(report: Report, room: int) -> tuple[str, int]:
    """Return the list and how many findings did not fit into it."""
    text, shown = "", 0
    for file, group in groupby(report.diagnostics, key=lambda diagnostic: diagnostic.span.file):
        part = f"\n{_code(report.prefix + file)}\n\n"
        for diagnostic in group:
            part += _item(report, diagnostic)
            if len(text) + len(part) > room:
                return text, len(report.diagnostics) - shown
            text, part = text + part, ""
            shown += 1
    return text, 0


def _item(report: Report, diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    head = f"- **{diagnostic.severity}** `{diagnostic.code}` at {span.line}:{span.column}: "
    parts = [head + _prose(message(diagnostic))]
    if diagnostic.hint:
        parts.append(_prose(hint(diagnostic)))
    parts += [
        f"{_prose(visible(item.message))}: {_code(_at(report, item.span))}" for item in diagnostic.related
    ]
    return "<br>".join(parts) + "\n"


def _at(report: Report, span: Span) -> str:
    return f"{report.prefix}{span.file}:{span.line}:{span.column}"


def _prose(text: str) -> str:
    """Write a message: text between backticks as code, other text as plain text."""
    segments = shorten(text, _TEXT_LIMIT).split("`")
    if len(segments) % 2 == 0:
        segments[-2:] = ["`".join(segments[-2:])]
    pieces = [_code(segment) if number % 2 else _plain(segment) for number, segment in enumerate(segments)]
    # There must be text between two pieces of code, or their backticks would join.
    return pieces[0] + "".join(piece or _BREAK for piece in pieces[1:-1]) + "".join(pieces[1:][-1:])


def _code(text: str) -> str:
    text = shorten(visible(text), _TEXT_LIMIT)
    return f"`{text}`" if text.strip() and "`" not in text else _plain(f"`{text}`")


def _plain(text: str) -> str:
    """Escape text, so that it has no markup, mention, reference or link."""
    pieces: list[str] = []
    last = 0
    for match in _ACTIVE.finditer(text):
        pieces += [_escaped(text[last : match.end()]), _BREAK]
        last = match.end()
    return "".join(pieces) + _escaped(text[last:])


def _escaped(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", text.translate(_ENTITIES)) if text else ""
