"""A model's rows on Spark: row ranges that workers draw, a Parquet file for each."""
