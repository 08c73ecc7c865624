"""Offers against items: an audit with a worklist, offers made from approved items, and a watch over quantities."""
