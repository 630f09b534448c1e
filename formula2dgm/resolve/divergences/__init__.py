"""Divergences and entropies: in closed form where there is one, else sampled."""
