"""How long compiling takes, and how it grows with the model."""
