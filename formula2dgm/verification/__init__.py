"""Checking what was compiled: against the literal reference, Jacobians, closed forms, and the derivation itself."""
