"""Where the log lies: event store, recorder, mapper, hash chain, keyring, sessions; SQLite and PostgreSQL; locks, backup, restore, migration."""
