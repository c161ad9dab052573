"""The servers of the distributed mode on this machine, for development and tests: PostgreSQL, Kafka and ClickHouse.

`make services` starts them on loopback, `make services-down` stops them. Their data, logs and process ids are in
`.services/`. Two more files there are for their users: `env` holds their addresses as settings of Atende, and `missing` names the
servers that do not run, with the reason. `make up` starts the processes of Atende on these servers with the command `atende`, and
`make down` stops them (`services.deployment`). No code of the product imports this package.
"""
