"""Finding the density that a formula means, and its law."""
