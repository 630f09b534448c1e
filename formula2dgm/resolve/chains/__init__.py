"""Chains of states whose paths are summed or integrated out."""
