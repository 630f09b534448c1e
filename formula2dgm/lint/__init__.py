"""What is allowed and probably not meant: one rule a file, each with a page that shows where it speaks."""
