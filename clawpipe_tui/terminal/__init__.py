"""The terminal as it is: what it can show, the bytes that go there, the signals that come from there, clean ends."""
