"""Densities, divergences and entropies by short names."""
