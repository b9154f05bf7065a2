"""Pure statistics on counts and raw arrays, each from a published formula; functions.py hands them to SQL.

One answer runs through all of them: None means "cannot tell", and a number is always finite.
"""
