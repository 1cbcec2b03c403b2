"""Save and load schemas, models and executions."""
