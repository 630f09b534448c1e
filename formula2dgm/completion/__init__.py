"""What a text leaves unsaid, written out: rules from statements to statements, before anything has a meaning."""
