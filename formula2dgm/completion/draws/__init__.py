"""What is drawn from what, where a text says it shortly or not at all."""
