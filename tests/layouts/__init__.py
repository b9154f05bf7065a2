"""Logs in the exact formats of other systems, and what comes out of them."""
