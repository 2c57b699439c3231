"""A figure on a page, with its caption and alternative text."""
