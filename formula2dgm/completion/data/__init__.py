"""What a text leaves unsaid of the examples: sums over them, sets of them, batches of them."""
