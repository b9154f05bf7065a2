"""What opens over the dashboard and waits for an answer, and the one widget that shows drawn lines."""
