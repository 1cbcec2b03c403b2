"""The synthesizers of SDV (Datacebo, Business Source License 1.1) as methods of a fit.

Patki, Wedge, Veeramachaneni, The Synthetic Data Vault, DSAA 2016; https://docs.sdv.dev. SDV writes
its models by pickle, which runs code when it is read: they stay in memory and are never stored.
"""
