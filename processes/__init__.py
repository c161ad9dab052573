"""Process managers, one file each, which turn events and timers into commands; and the runner that runs them."""
