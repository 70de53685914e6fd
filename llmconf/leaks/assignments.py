"""Finds assignments in any kind of file: `name: value`, `"name": "value"`, `NAME=value`.

Valid YAML and JSON are parsed, so that values in blocks, over several lines or behind an anchor are found whole. All
other files, and broken ones, are read line by line.
"""

from __future__ import annotations

import enum
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from llmconf.core.tokens import SHORT_TOKEN
from llmconf.yamltext.document import Node, compose
from llmconf.yamltext.scalars import WORDS, Refusal
from llmconf.yamltext.text import forbidden_character

_TREES = frozenset({".yaml", ".yml", ".json", ".jsonc", ".json5"})
_FLAT = frozenset({".env", ".toml", ".ini", ".cfg", ".conf", ".properties", ".tfvars", ".netrc"})
_SCRIPTS = frozenset({".sh", ".bash", ".zsh", ".ps1", ".bat", ".cmd", ".dockerfile", ".tf", ".hcl"})
_MARKDOWN = frozenset({".md", ".markdown", ".mdx", ".rst"})
_CONFIG_FENCES = frozenset({"yaml", "yml", "json", "jsonc", "json5", "toml", "ini", "env", "dotenv", "properties"})
_LONGEST_TREE = 1024 * 1024
_LONGEST_VALUE = 4096
_LOOK_BACK = 200
_NAME = re.compile(
    r"(?<![\w.$-])(?P<name>[A-Za-z_][\w.-]{0,80})(?:\\?[\"'])?[ \t]*(?::=|=>|:|==?)(?!=)[ \t]*(?:&[\w-]+[ \t]+)?"
)
_BEFORE = re.compile(r"[ \t#/*;>\"'`{,-]*(?:(?:export|ENV|ARG|set|[?])[ \t]+)?[\"']?\Z")
_QUOTED = re.compile(
    r"\\\"(?P<escaped>[^\r\n\"\\]*)|[bfr]?\"(?P<double>(?:[^\"\\\r\n]|\\[^\r\n])*)|"
    r"[bfr]?'(?P<single>(?:[^'\r\n]|'')*)|`(?P<tick>[^`\r\n]*)"
)
_SCHEME = re.compile(r"(?:bearer|basic|token)[ \t]+", re.IGNORECASE)
_BRACKETED = re.compile(r"\$\{[^{}\r\n]*\}|\$\([^()\r\n]*\)|\{\{[^{}\r\n]*\}\}|ENC\[[^\]\s]*\]|" + SHORT_TOKEN)
_LIST = re.compile(r"\[([^\]\r\n]+)")
_BLOCK_MARK = re.compile(r"(?:[|>][0-9+-]{0,2}[ \t]*)?(?:#.*)?\Z|[{\[](?!\{)")
_END_IN_FLOW = re.compile(r",(?=[\s\"'])|[}\]](?=[\s,}\]]|\Z)")
_END_OF_WORD = re.compile(r"[\s\"'`<>,;&)}\]]")
_COMMENT = re.compile(r"[ \t]#|\s*[,;]?\s*\Z")
_FENCE = re.compile(r"^[ \t]{0,12}(`{3,}|~{3,})[ \t]*([\w.+-]*)", re.MULTILINE)
_INDENT = re.compile(r"[ \t-]*")
_LINE_END = re.compile(r"\r\n|\r|\n|\Z")
_CHILD = re.compile(r"[^\s\"'#][^\s]*:(?:\s|\Z)|[\"'][^\"']*[\"']\s*:|[-?](?:\s|\Z)")
_CONTENT = re.compile(r"[^\s][^\r\n]{0,200}")
_CUSTOM_TAG = re.compile(r"(?<!!)(?:!|!<)(?!!)[\w:/.,-]+>?[ \t]*\Z")


class Trust(enum.Enum):
    """How certain it is that a name is a field, and that the text after it is its value."""

    FIELD = "a field of a configuration file"
    LINE = "a line of the form name and value, in a comment, a script or an example"
    WORDS = "words in a text"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A name and its value as written, with the offsets of the value. The whole value is never shown."""

    name: str
    value: str = field(repr=False)
    start: int
    end: int
    trust: Trust
    quoted: bool = False


def is_configuration(name: str) -> bool:
    """Tell from a file's name whether it is configuration. There, the name of a field is reliable."""
    return _suffix(name) in _TREES | _FLAT


def assignments(text: str, name: str, wanted: Callable[[str], bool]) -> list[Assignment]:
    """Return the assignments to `wanted` names in the order of the text. `name` is the file name: it tells the kind."""
    suffix = _suffix(name)
    tree = tree_assignments(text, wanted) if suffix in _TREES else None
    if tree is not None:
        regions = sorted((entry.start, entry.end) for entry in tree)
        others = [entry for entry in by_line(text, Trust.LINE, wanted) if not _covered(entry, regions)]
        return sorted([*tree, *others], key=lambda entry: entry.start)
    if suffix in _MARKDOWN:
        return list(_in_markdown(text, wanted))
    configuration = suffix in _TREES | _FLAT
    usual = Trust.FIELD if configuration else Trust.LINE if suffix in _SCRIPTS else Trust.WORDS
    return list(by_line(text, usual, wanted))


def _suffix(name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/").lower())
    if path.name.startswith(".env") or path.name.endswith(".env") or ".env." in path.name:
        return ".env"
    if path.name.startswith(("dockerfile", "makefile")):
        return ".dockerfile"
    return path.suffix


def tree_assignments(text: str, wanted: Callable[[str], bool]) -> list[Assignment] | None:
    """Return the assignments in the mappings of a YAML or JSON text, or None if it cannot be parsed."""
    if len(text) > _LONGEST_TREE:
        return None
    if forbidden_character(text) is not None:
        return None
    try:
        roots = compose(text)
    except Refusal:
        return None
    # A collection that is nested too deep was not closed.
    if any(root.kind in ("mapping", "sequence") and root.end - root.start <= 1 for root in roots):
        return None
    found: list[Assignment] = []
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.kind == "sequence":
            stack.extend(node.value)
        elif node.kind == "mapping":
            for key, value in node.value:
                stack += key, value
                if key.kind == "scalar" and wanted(str(key.value)):
                    found += _of_pair(key, value, text)
    return sorted(found, key=lambda entry: entry.start)


def _of_pair(key: Node, value: Node, text: str) -> Iterator[Assignment]:
    target = value.value if value.kind == "alias" else value
    nodes = target.value if target.kind == "sequence" else [target]
    for item in nodes:
        node = item.value if item.kind == "alias" else item
        if node.kind == "scalar" and node.start < node.end:
            inside = 1 if node.style in ("'", '"') else 0
            end = node.start + len(text[node.start : node.end].rstrip())
            tag = _CUSTOM_TAG.search(text, max(0, node.start - 80), node.start) if node.tagged else None
            content = f"{tag[0]}{node.value}" if tag else str(node.value)
            if node.style != "" or WORDS.get(content, content) is not None:
                start, stop = node.start + inside, end - inside
                yield Assignment(str(key.value), content, start, stop, Trust.FIELD, bool(inside))


def _covered(entry: Assignment, regions: list[tuple[int, int]]) -> bool:
    """Tell whether a value found by line is a value of the tree too, or a part of one that looks like a field."""
    index = bisect_right(regions, (entry.start, len(regions) + entry.end)) - 1
    near = regions[max(0, index) : index + 2]
    return any(start == entry.start or (start < entry.start and end <= entry.end) for start, end in near)


def _in_markdown(text: str, wanted: Callable[[str], bool]) -> Iterator[Assignment]:
    """Yield the assignments in fenced examples, by their language, and those in the text around them."""
    position, fence, language = 0, "", ""
    for match in _FENCE.finditer(text):
        if fence and not match[1].startswith(fence):
            continue
        yield from by_line(text, _trust_in(fence, language), wanted, position, match.start())
        position = match.end()
        fence, language = ("", "") if fence else (match[1], match[2].lower())
    yield from by_line(text, _trust_in(fence, language), wanted, position, len(text))


def _trust_in(fence: str, language: str) -> Trust:
    if not fence:
        return Trust.WORDS
    return Trust.FIELD if language in _CONFIG_FENCES else Trust.LINE


def by_line(
    text: str, trust: Trust, wanted: Callable[[str], bool], start: int = 0, stop: int | None = None
) -> Iterator[Assignment]:
    """Yield the assignments between two offsets of a text, each on its line or in the block below it."""
    stop = len(text) if stop is None else stop
    line_start, seen = start, start
    for match in _NAME.finditer(text, start, stop):
        # The look back ends at the last match, so that a long line takes linear time.
        here = match.start()
        line_start = max(line_start, text.rfind("\n", seen, here) + 1, text.rfind("\r", seen, here) + 1)
        seen = here
        if not wanted(match["name"]):
            continue
        before = text[max(line_start, here - _LOOK_BACK) : here]
        level = _level(trust, before, at_start=len(before) < _LOOK_BACK)
        at, end, quoted = _value(text, match.end(), stop, whole_line=level is Trust.FIELD)
        in_flow = "{" in before or "," in before
        if in_flow and not quoted and (closed := _END_IN_FLOW.search(text, at, end)):
            end = closed.start()
        if end > at:
            yield Assignment(match["name"], text[at:end], at, end, level, quoted)
        elif level is Trust.FIELD and not quoted:
            yield from _block_below(text, match["name"], line_start, at, stop)


def _level(trust: Trust, before: str, *, at_start: bool) -> Trust:
    """Return how certain it is that a name is a field, from the text before it on its line."""
    leads = at_start and _BEFORE.match(before) is not None
    if trust is Trust.FIELD and ("#" in before or "//" in before or not (leads or "{" in before or "," in before)):
        trust = Trust.LINE
    return Trust.WORDS if trust is Trust.LINE and not leads else trust


def _value(text: str, at: int, stop: int, *, whole_line: bool) -> tuple[int, int, bool]:
    """Return start and end of a value, inside its quotes, and whether it has quotes."""
    limit = min(stop, at + _LONGEST_VALUE)
    quoted = _QUOTED.match(text, at, limit)
    if quoted:
        group = quoted.lastgroup or "double"
        return quoted.start(group), quoted.end(group), True
    if whole_line:
        line = text[at : _line_end(text, at, limit)]
        listed = _LIST.match(line)
        if listed:
            return at + listed.start(1), at + listed.end(1), False
        if _BLOCK_MARK.match(line):
            return at, at, False
        comment = _COMMENT.search(line)
        return at, at + (comment.start() if comment else len(line)), False
    whole = _SCHEME.match(text, at, limit) or _BRACKETED.match(text, at, limit)
    word = _END_OF_WORD.search(text, whole.end() if whole else at, limit)
    return at, (word.start() if word else limit), False


def _line_end(text: str, at: int, limit: int) -> int:
    match = _LINE_END.search(text, at, limit)
    return match.start() if match else limit


def _block_below(text: str, name: str, line_start: int, at: int, stop: int) -> Iterator[Assignment]:
    """Yield the more indented lines below a name as its value, unless they are fields or items of their own."""
    first = _line_end(text, at, stop)
    below = _CONTENT.search(text, first, stop)
    if below is None or _CHILD.match(below[0].removeprefix("- ")):
        return
    body = text[first : block_end(text, line_start, at, stop)]
    begin = first + len(body) - len(body.lstrip())
    value = body.strip()
    if value.startswith("- "):
        value, begin = value[2:], begin + 2
    if value and not {value[0], text[at : at + 1]} & set("{[#"):
        yield Assignment(name, value.strip("\"'"), begin, begin + len(value), Trust.FIELD, value[0] in "\"'")


def block_end(text: str, line_start: int, at: int, stop: int) -> int:
    """Return the end of the lines that are indented more than the line at `line_start`."""
    indent = _indent(text, line_start, stop)
    end = _line_end(text, at, stop)
    while end < stop:
        following = end + (2 if text.startswith("\r\n", end) else 1)
        after = _line_end(text, following, stop)
        blank = not text[following:after].strip()
        if not blank and _indent(text, following, stop) <= indent:
            break
        end = after
        if following >= stop:
            break
    return end


def _indent(text: str, line_start: int, stop: int) -> int:
    match = _INDENT.match(text, line_start, stop)
    return len(match[0]) if match else 0
