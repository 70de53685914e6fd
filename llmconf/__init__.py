"""A compiler for LLM configuration kept in git."""
