"""Derivatives, gradients and integrals."""
