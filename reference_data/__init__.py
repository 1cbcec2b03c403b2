"""Public reference figures; read them through genesis_sql.refdata."""
