"""From settled syntax to nodes: what an expression computes."""
