"""Differential equations and couplings, as functions and draws."""
