"""How long a training step takes: the compiled formula, code written by hand, other libraries.

``python -m benchmarks`` runs all models; benchmarks/README.md says what is measured and how.
"""
