"""clawpipe-tui: a terminal console for live model operations."""

__version__ = "0.1.0"
