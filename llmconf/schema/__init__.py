"""The schemas: pydantic models of the kinds and the project file, and what is made of them."""
