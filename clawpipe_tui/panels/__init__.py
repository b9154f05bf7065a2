"""Drawing, and nothing else: a panel is a pure function from rows and a size to lines of styled text."""
