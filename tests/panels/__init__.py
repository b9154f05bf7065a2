"""Drawings, looked at as text."""
