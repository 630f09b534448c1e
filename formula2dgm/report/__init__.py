"""What the compiler tells people and tools about a program; everything here is rendered from one contract."""
