"""The demo, apart from the house: a small real model, its world and traffic, and the embedded serving API."""
