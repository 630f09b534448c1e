"""Names and definitions: what a text calls by another name, and what its calls unfold to."""
