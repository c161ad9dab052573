"""What reacts: process managers, which turn events and timers into commands."""
