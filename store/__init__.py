"""The storage of the log: event store, recorder, mapper, hash chain, keyring, sessions; SQLite and PostgreSQL; locks, key backup, log restore, store migration."""
