"""Draws: what is drawn where, what is shared, and how the gradient passes."""
