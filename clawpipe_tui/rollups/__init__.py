"""Log files → rollups: additive counts per time bucket, model and version, kept as Parquet parts with a ledger."""
