"""Steps of time: what runs along them, and what one carries to the next."""
