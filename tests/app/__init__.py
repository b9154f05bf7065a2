"""The console as stories: keys in, requests out, text on the screen."""
