"""What the text says before anything has a value: its statements, sorted and settled."""
