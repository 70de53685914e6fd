"""Fake vendors, built from what is known of the real ones, and a server that can misbehave."""
