"""Carries out actions: claims them, plans them, runs their steps, and settles them."""
