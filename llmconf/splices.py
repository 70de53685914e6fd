"""Edits of YAML files as splices: gathered for several files, then made together."""

from __future__ import annotations

from pathlib import Path

from llmconf import edits
from llmconf.diagnostics import Place
from llmconf.document import Document, Edit, Node
from llmconf.errors import RefusedError
from llmconf.scalars import Refusal
from llmconf.text import BOM, decode


class Editing:
    """Edits of several files, gathered as splices and applied together."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._documents: dict[str, tuple[bytes, Document]] = {}
        self._edits: dict[str, list[Edit]] = {}

    def document(self, name: str) -> Document:
        """Return a file as nodes. Raises RefusedError where it cannot be read as YAML."""
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

    def scalar(self, place: Place, text: str) -> None:
        """Put a text in place of a scalar, inside its quotes where it has some."""
        node = self.document(place.file).node(place.document, place.path)
        if (
            node is None
            or node.kind != "scalar"
            or node.anchor is not None
            or not self._stands_here(place, node)
        ):
            raise RefusedError(
                f"{place.file}: the field `{place.path[-1]}` comes from an anchor, an alias or a merge key",
                "write the secret where it belongs",
            )
        quote = node.style if node.style in ("'", '"') else ""
        edit = self.document(place.file).replace(place.document, place.path, quote + text + quote)
        self._edits.setdefault(place.file, []).append(edit)

    def _stands_here(self, place: Place, node: Node) -> bool:
        """Tell whether a value stands in its own mapping, not in one that is merged or aliased."""
        document = self.document(place.file)
        for end in range(len(place.path)):
            owner = document.node(place.document, place.path[:end])
            if owner is None or owner.kind == "alias":
                return False
            if owner.kind == "mapping" and not any(key.value == place.path[end] for key, _ in owner.value):
                return False
        return True

    def insert_before(self, place: Place, line: str, *, flow: str) -> None:
        """Insert a line before the key of a value, or `flow` where its mapping is in brackets."""
        document = self.document(place.file)
        owner = document.node(place.document, place.path[:-1])
        key = next(key for key, _ in owner.value if key.value == place.path[-1]) if owner else None
        if owner is None or key is None:
            raise RefusedError(f"{place.file}: the field `{place.path[-1]}` is not there")
        if owner.style == "flow":
            text = flow
        else:
            start = document.text.rfind("\n", 0, key.start) + 1
            newline = (
                "\r\n" if document.text[start - 2 : start] == "\r\n" or "\r\n" in document.text else "\n"
            )
            text = line + newline + " " * (key.start - start)
        self._edits.setdefault(place.file, []).append(Edit(key.start, key.start, text))

    def insert_after(self, place: Place, key: str, text: str) -> None:
        """Insert a new key with a plain value behind the one that `place` names, in the same mapping."""
        document = self.document(place.file)
        owner = document.node(place.document, place.path[:-1])
        pair = (
            next((pair for pair in owner.value if pair[0].value == place.path[-1]), None) if owner else None
        )
        if owner is None or pair is None or pair[1].kind != "scalar":
            raise RefusedError(f"{place.file}: there is no plain `{place.path[-1]}` to write `{key}` behind")
        if owner.style == "flow":
            self._edits.setdefault(place.file, []).append(Edit(pair[1].end, pair[1].end, f", {key}: {text}"))
            return
        start = document.text.rfind("\n", 0, pair[0].start) + 1
        newline = "\r\n" if "\r\n" in document.text else "\n"
        end = document.lines.end_of_line(pair[1].end)
        line = newline + " " * (pair[0].start - start) + f"{key}: {text}"
        self._edits.setdefault(place.file, []).append(Edit(end, end, line))

    def changes(self) -> list[edits.Change]:
        """Return what the edits make of the files, byte for byte the same elsewhere."""
        found = []
        for name, file_edits in sorted(self._edits.items()):
            old, document = self._documents[name]
            head = BOM if old.startswith(BOM) else b""
            found.append(
                edits.Change(self.root / name, old, head + document.splice(file_edits).encode("utf-8"))
            )
        return found
