"""Expectations and sums: what they bind, and the axes that they open and close."""
