"""Edits of YAML files as splices: collected for several files, then applied together."""

from __future__ import annotations

import re
from pathlib import Path

from llmconf.core.diagnostics import Place
from llmconf.core.errors import RefusedError
from llmconf.workspace import transaction
from llmconf.yamltext.document import Document, Edit, Node
from llmconf.yamltext.scalars import Refusal
from llmconf.yamltext.text import BOM, decode


class Editing:
    """Edits of several files, collected as splices and applied together."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._documents: dict[str, tuple[bytes, Document]] = {}
        self._edits: dict[str, list[Edit]] = {}

    def document(self, name: str) -> Document:
        """Return a file as nodes. Raises RefusedError if it cannot be read as YAML."""
        if name not in self._documents:
            data = (self.root / name).read_bytes()
            text = decode(data, name)
            if not isinstance(text, str):
                raise RefusedError(f"{name}: {text.message}", text.hint)
            try:
                self._documents[name] = (data, Document(text, name))
            except Refusal as refusal:
                raise RefusedError(f"{name}: {refusal.message}", refusal.hint) from None
        return self._documents[name][1]

    def take(self, name: str, data: bytes, text: str) -> None:
        """Edit a text in place of what a file holds, which is `data`. What the text says is written as it is."""
        self._documents[name] = (data, Document(text, name))
        self._edits[name] = []

    def scalar(self, place: Place, text: str, *, old: str | None = None, style: str | None = None) -> None:
        """Put a token in place of a scalar, in quotes of a style, by default its own.

        `old` is the text that was read there. Raises RefusedError if another text is there now, or if the value is
        behind an anchor, an alias or a merge key.
        """
        edit = scalar_edit(self.document(place.file), place, text, style)
        node = self.document(place.file).node(place.document, place.path)
        if old is not None and (node is None or node.value != old):
            raise RefusedError(f"{place.file} was changed by somebody else meanwhile", "run this again")
        self._edits.setdefault(place.file, []).append(edit)

    def insert_before(self, place: Place, line: str, *, flow: str) -> None:
        """Insert a line before the key of a value, or `flow` if its mapping is in brackets."""
        document = self.document(place.file)
        owner, pair = self._pair(place)
        if owner is None or pair is None:
            raise RefusedError(f"{place.file}: the field `{place.path[-1]}` does not exist")
        if owner.style == "flow":
            start, text = pair[0].start, flow
        else:
            start = _entry(document, owner, pair[0])
            text = line + _newline(document, start) + _indentation(document, owner)
        self._edits.setdefault(place.file, []).append(Edit(start, start, text))

    def insert_after(self, place: Place, key: str, text: str) -> None:
        """Insert a new key with a plain value after the key that `place` names, in the same mapping."""
        document = self.document(place.file)
        owner, pair = self._pair(place)
        if owner is None or pair is None or pair[1].kind != "scalar" or pair[1].style in ("|", ">"):
            raise RefusedError(f"{place.file}: there is no plain `{place.path[-1]}` before the new `{key}`")
        if owner.style == "flow":
            self._edits.setdefault(place.file, []).append(Edit(pair[1].end, pair[1].end, f", {key}: {text}"))
            return
        end = document.lines.end_of_line(pair[1].end)
        line = _newline(document, end) + _indentation(document, owner) + f"{key}: {text}"
        self._edits.setdefault(place.file, []).append(Edit(end, end, line))

    def _pair(self, place: Place) -> tuple[Node | None, tuple[Node, Node] | None]:
        """Return the mapping that contains a value, and the key and value in it."""
        owner = self.document(place.file).node(place.document, place.path[:-1])
        if owner is None or owner.kind != "mapping":
            return None, None
        return owner, next((pair for pair in owner.value if pair[0].value == place.path[-1]), None)

    def changes(self) -> list[transaction.Change]:
        """Return the changes of all edited files. All other bytes of the files stay the same."""
        found = []
        for name, file_edits in sorted(self._edits.items()):
            old, document = self._documents[name]
            new = (BOM if old.startswith(BOM) else b"") + document.splice(file_edits).encode("utf-8")
            if new != old:
                found.append(transaction.Change(self.root / name, old, new))
        return found


def scalar_edit(document: Document, place: Place, text: str, style: str | None = None) -> Edit:
    """Return the edit that replaces a scalar by a token. `style` is the quote, by default that of the scalar.

    Raises RefusedError if the value is elsewhere: behind an anchor, an alias or a merge key.
    """
    node = document.node(place.document, place.path)
    try:
        edit = document.replace(place.document, place.path, "")
    except LookupError:
        node = None
    if node is None or node.anchor is not None:
        raise RefusedError(
            f"{place.file}: the field `{place.path[-1]}` comes from an anchor, an alias or a merge key",
            "write the secret where it belongs",
        )
    style = node.style if style is None else style
    quote = style if style in ("'", '"') else ""
    # The mark of a block scalar may be followed by a comment. The comment is not part of the secret.
    header = document.text[node.start : document.lines.end_of_line(node.start)]
    comment = re.search(r"[ \t]+#.*", header) if node.style in ("|", ">") else None
    return Edit(edit.start, edit.end, edit.text + quote + text + quote + (comment[0].rstrip() if comment else ""))


def _entry(document: Document, owner: Node, key: Node) -> int:
    """Return the start of a key's entry in a block mapping: its `?`, tag or anchor if it has one."""
    column = document.lines.position(owner.start)[1] - 1
    line = document.lines.position(key.start)[0]
    first = document.lines.position(owner.start)[0]
    while line > first:
        start = document.lines.starts[line - 1] + column
        if start <= key.start and not document.text[start].isspace():
            return start
        line -= 1
    return owner.start


def _indentation(document: Document, owner: Node) -> str:
    return " " * (document.lines.position(owner.start)[1] - 1)


def _newline(document: Document, offset: int) -> str:
    """Return the line break at an offset, else that of the line before. The first line uses its own line break."""
    if document.text.startswith("\r\n", offset):
        return "\r\n"
    line = document.lines.position(offset)[0]
    end = document.lines.starts[max(line - 1, 1)] if len(document.lines.starts) > 1 else 0
    return "\r\n" if document.text.endswith("\r\n", 0, end) else "\n"
