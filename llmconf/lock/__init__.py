"""The locked models of a provider: the file format, its merge, and facts from catalogs."""

__all__ = ["catalog_import", "enrich", "format", "merge", "reader"]
