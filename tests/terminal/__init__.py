"""The console in a pseudo-terminal: bytes counted, screens emulated, ends timed."""
