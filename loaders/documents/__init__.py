"""Curated documents: what one real document states, item by item, each with its passage (design page model.md, 2.7)."""
