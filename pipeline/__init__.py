"""Watches the news for an office and puts out its numbered bulletin."""
