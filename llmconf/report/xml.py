"""Writes XML: one element as a whole file, the same on any machine."""

from __future__ import annotations

from xml.etree.ElementTree import Element, indent, tostring


def to_xml(root: Element) -> str:
    """Return an element as an XML file, indented. Its texts have been made visible: XML cannot carry all characters."""
    indent(root)
    # ElementTree writes a declaration of its own in single quotes, which some readers of JUnit files do not expect.
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'
