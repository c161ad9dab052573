"""The servers of the distributed mode on this machine, for development and tests: PostgreSQL, Kafka and ClickHouse.

`make services` starts them on loopback, `make services-down` ends them. All that is theirs (data, logs, process ids)
lies in `.services/`, and so do the files for whoever uses them: `env` has their addresses as settings of the house,
`missing` says which of them do not run, and why. `make up` starts the house itself on them, by its command `atende`, and
`make down` ends it (`services.deployment`). Nothing of the product needs this package.
"""
