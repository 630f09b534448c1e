"""For ``f2d.distribution``: what a joint can be asked."""
