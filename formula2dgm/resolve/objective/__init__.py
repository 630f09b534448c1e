"""The program's terms, players, direction, targets and model."""
