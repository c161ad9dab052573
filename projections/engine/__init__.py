"""How rows follow the log: batch processor, row cache, rebuild; the warehouse and its two adapters."""
