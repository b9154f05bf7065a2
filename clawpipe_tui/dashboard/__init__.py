"""The one screen that draws any screen file: what the user looks at, the keys that change it, and the drawing of it."""
