"""Chaos in one process: schedules of misfortune, drawn from seeds, and what must hold whatever comes."""
