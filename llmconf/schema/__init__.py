"""The pydantic models of the kinds and of the project file, their errors as findings, and the JSON Schemas.

It also has the one table of the fields that hold secrets.
"""

__all__ = ["annotations", "errors", "jsonschema", "kinds", "lock", "parts", "project_file", "secret_fields", "types"]
