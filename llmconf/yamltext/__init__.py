"""YAML as text: reads values, finds their positions, and replaces single scalars without touching another byte."""

__all__ = ["document", "glance", "load", "scalars", "splices", "text"]
