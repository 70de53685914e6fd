"""The tree of a SOPS file: YAML or JSON text as mappings and lists of leaves with their places.

Plain scalars have the values that SOPS gives them, because its MAC covers these values: numbers as in YAML 1.1 with
the octals of 1.2, words such as `on` and `yes` as strings, times as they are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from llmconf.core.diagnostics import Path
from llmconf.core.errors import RefusedError
from llmconf.secrets.vault._sops_values import Plain
from llmconf.yamltext import load as yaml_load
from llmconf.yamltext.document import Document, Node
from llmconf.yamltext.scalars import WORDS, short

_WORDS: dict[str, Plain] = {
    **WORDS,
    ".inf": float("inf"), ".Inf": float("inf"), ".INF": float("inf"), "+.inf": float("inf"),
    "-.inf": float("-inf"), "-.Inf": float("-inf"), "-.INF": float("-inf"),
    ".nan": float("nan"), ".NaN": float("nan"), ".NAN": float("nan"),
}  # fmt: skip
_OCTAL = re.compile(r"([-+]?)0([0-7]{1,30})")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,19}|0[xX][0-9a-fA-F]{1,16}|0[bB][01]{1,64}|0[oO][0-7]{1,22})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,400}|[0-9]{1,400}(\.[0-9]{0,400})?)([eE][-+]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STRING_TAG = re.compile(r"(?<!\S)!(?:!str)?[ \t]+(?:&\S+[ \t]+)?\Z")
_TAG_REACH = 200
_INT64 = range(-(2**63), 2**63)
_EXACT = 2**53


@dataclass(slots=True, eq=False)
class Leaf:
    """One scalar: its path in its document, its value in SOPS, and its line in a YAML text."""

    path: Path
    value: Plain = field(repr=False)
    line: int | None

    def name(self) -> str:
        """Return the path as it is shown."""
        return ".".join(map(str, self.path))


Tree = dict[str, Any] | list[Any] | Leaf


def read_json(text: str, file: str) -> list[dict[str, Any]]:
    """Return the one document of a JSON file. Raises RefusedError."""
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_int=_json_int, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise RefusedError(f"{file}:{error.lineno}: not JSON: {error.msg}") from None
    except _Twice as error:
        raise RefusedError(f"{file}: the key `{short(str(error))}` stands twice") from None
    except RecursionError:
        raise RefusedError(f"{file}: nested more than {yaml_load.MAX_DEPTH} levels deep") from None
    except ValueError:
        raise RefusedError(f"{file}: holds a number that JSON does not have") from None
    if not isinstance(data, dict):
        raise RefusedError(f"{file}: is no mapping, which every file of SOPS is")
    return [_leaves(data, (), file)]


class _Twice(Exception):
    """A mapping has the same key twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _json_int(text: str) -> int | float:
    """Return a whole number; one that no float represents exactly as the float that SOPS makes of it."""
    number = float(text)
    return int(text) if abs(number) < _EXACT else number


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _leaves(data: Any, path: Path, file: str) -> Any:
    if len(path) > yaml_load.MAX_DEPTH:
        raise RefusedError(f"{file}: nested more than {yaml_load.MAX_DEPTH} levels deep")
    if isinstance(data, dict):
        return {key: _leaves(value, (*path, key), file) for key, value in data.items()}
    if isinstance(data, list):
        return [_leaves(value, (*path, index), file) for index, value in enumerate(data)]
    return Leaf(path, data, None)


def read_yaml(text: str, file: str) -> tuple[list[dict[str, Any]], Document]:
    """Return all documents of a YAML file, and its nodes. Raises RefusedError with the first thing wrong."""
    for finding in yaml_load.load(text, file)[1]:
        # SOPS itself writes `!!merge <<` where a mapping is merged.
        if not (finding.code == "LCY004" and "2002:merge`" in finding.message):
            line = getattr(finding.place, "line", 1)
            raise RefusedError(f"{file}:{line}: {finding.message}", finding.hint)
    document = Document(text, file)
    trees = []
    for root in document.roots:
        tree = _build(root, (), document)
        if isinstance(tree, Leaf) and tree.value is None:
            tree = {}
        if not isinstance(tree, dict):
            raise RefusedError(f"{file}: is no mapping, which every document of SOPS is")
        trees.append(tree)
    return trees, document


def _build(node: Node, path: Path, document: Document) -> Any:
    node = node.value if node.kind == "alias" else node
    if node.kind == "mapping":
        keys = ((key.value if key.kind == "alias" else key).value for key, _ in node.value)
        pairs = zip(keys, (value for _, value in node.value), strict=True)
        return {key: _build(value, (*path, key), document) for key, value in pairs}
    if node.kind == "sequence":
        return [_build(item, (*path, index), document) for index, item in enumerate(node.value)]
    before = document.text[max(0, node.start - _TAG_REACH) : node.start]
    is_text = node.style != "" or (node.tagged and _STRING_TAG.search(before) is not None)
    value = node.value if is_text else resolve(node.value)
    return Leaf(path, value, document.lines.position(node.start)[0])


def resolve(text: str) -> Plain:
    """Return what a plain scalar means to SOPS."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _DATE.fullmatch(text):
        return text + "T00:00:00Z"
    number = text.replace("_", "")
    octal = _OCTAL.fullmatch(number)
    if octal:
        return int(octal[1] + octal[2], 8)
    if _INT.fullmatch(number):
        whole = int(number, 0)
        return whole if whole in _INT64 or "x" in number.lower() else float(whole)
    return float(number) if _FLOAT.fullmatch(number) else text


def walk(tree: Tree) -> Iterator[Leaf]:
    """Yield all leaves in the order of the text, which is that of the MAC."""
    if isinstance(tree, Leaf):
        yield tree
        return
    for child in tree.values() if isinstance(tree, dict) else tree:
        yield from walk(child)


def plain(tree: Tree, dropped: frozenset[int] = frozenset()) -> Any:
    """Return the values of a tree. List items whose leaf is among `dropped`, by id, are left out."""
    if isinstance(tree, Leaf):
        return tree.value
    if isinstance(tree, list):
        return [plain(item, dropped) for item in tree if id(item) not in dropped]
    found = {key: plain(value, dropped) for key, value in tree.items() if id(value) not in dropped}
    merged = found.get("<<")
    if isinstance(merged, dict) or (isinstance(merged, list) and all(isinstance(m, dict) for m in merged)):
        del found["<<"]
        for source in merged if isinstance(merged, list) else [merged]:
            for key, value in source.items():
                found.setdefault(key, value)
    return found
