"""Functions that are inverted, composed and followed, with what they do to volumes."""
