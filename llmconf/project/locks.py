"""The schema stage for lock files: their documents become the locks of providers."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from llmconf.core.diagnostics import Finding, Place
from llmconf.lock import format as lock_format
from llmconf.lock.format import Locked, LockFile, Source
from llmconf.project import parse
from llmconf.project.discover import lock_provider
from llmconf.project.environment import Lock
from llmconf.schema import errors
from llmconf.schema.lock import LOCKED_KEYS, LockDocument


def read_lock(documents: list[Any], file: str) -> tuple[Lock | None, list[Finding]]:
    """Check the content of a lock file. A lock with a mistake is not used, because other parts may be lost too."""
    place = Place(file, 0)
    if len(documents) != 1 or not isinstance(documents[0], dict):
        at = Place(file, 1) if len(documents) > 1 else place
        return None, [Finding("LCS001", at, "a lock file must hold one mapping", "restore it, or run `llmconf sync`")]
    data: dict[str, Any] = documents[0]
    version = data.get("version")
    if type(version) is int and version > lock_format.VERSION:
        at = Place(file, 0, ("version",))
        message = f"this lock has version {version}, but this llmconf reads only up to {lock_format.VERSION}"
        return None, [Finding("LCS006", at, message, "update llmconf")]
    try:
        document = LockDocument.model_validate(data)
    except ValidationError as error:
        found = errors.findings(error, LockDocument, data, place)
        return None, found + [errors.missing(path, place, data) for path in errors.missing_paths(error)]
    blocks: list[dict[str, Any]] = data["models"]
    too_many = lock_format.too_many(len(blocks))
    if too_many:
        return None, [Finding("LCY008", Place(file, 0, ("models",), on_key=True), too_many, "narrow `sync:` first")]
    found = _misplaced(blocks, file)
    if found:
        return None, found
    models = {model.id: model for model in document.models}
    return Lock(lock_provider(file) or "", file, document.source, models, blocks), []


def _misplaced(blocks: list[dict[str, Any]], file: str) -> list[Finding]:
    """Report fields that a lock cannot have, negative prices, and ids that occur twice."""
    found = []
    first: dict[str, int] = {}
    for index, block in enumerate(blocks):
        known = first.setdefault(block["id"], index)
        if known != index:
            related = (("first listed here", Place(file, 0, ("models", known, "id"))),)
            at = Place(file, 0, ("models", index, "id"))
            message = f"the model `{block['id']}` is listed twice"
            found.append(Finding("LCR001", at, message, "remove one of them, or run `llmconf sync`", related))
        if "price" in block and _is_negative(block["price"]):
            at = Place(file, 0, ("models", index, "price"), on_key=True)
            found.append(Finding("LCM002", at, "a price is negative", "run `llmconf sync`"))
        for key in block.keys() - LOCKED_KEYS:
            at = Place(file, 0, ("models", index, key), on_key=True)
            found.append(Finding("LCS003", at, f"a lock cannot have the key `{key}`", "declare it in a document"))
    return found


def _is_negative(price: Any) -> bool:
    parts = price.values() if isinstance(price, dict) else price if isinstance(price, list) else None
    return any(map(_is_negative, parts)) if parts is not None else isinstance(price, str) and price.startswith("-")


def read_text(text: str, file: str) -> tuple[LockFile | None, list[Finding]]:
    """Read a lock by itself, before it is written again. Return None and the findings if it has mistakes."""
    documents, findings, _ = parse.load(text, file)
    if findings:
        return None, findings
    lock, findings = read_lock(documents, file)
    return (as_file(lock) if lock is not None else None), findings


def as_file(lock: Lock) -> LockFile:
    """Return a lock in the form in which it is written."""
    include, exclude = lock.source.include or (), lock.source.exclude or ()
    source = Source(lock.source.endpoint, lock.source.adapter, tuple(include), tuple(exclude))
    return LockFile(source, tuple(_locked(block) for block in lock.blocks))


def _locked(block: dict[str, Any]) -> Locked:
    facts = {fact: block[fact] for fact in lock_format.FACTS if fact in block}
    return Locked(block["id"], facts, block.get("enabled", True), block.get("sources", {}))
