"""Defaults for what nobody bound; every one is listed among the assumptions."""
