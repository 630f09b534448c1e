"""What is data, and what of the batch is read where."""
