"""Noise processes, from the data to noise and back."""
