"""The Python names of the framework guide, thin over the SQL: nothing is generated here.

What was imported from ``healthsim``, ``healthsim.generation`` and ``healthsim.state`` is here and
under ``genesis_sql.compat.generation`` and ``genesis_sql.compat.state``. Where no connection is
given, calls that keep nothing work in memory, and :func:`get_manager` opens ``healthsim.duckdb`` in
the current directory. What was imported from ``syda.structured`` is here and under
``genesis_sql.compat.structured``.
"""

from genesis_sql.compat.generation import ProfileExecutor as ProfileExecutor
from genesis_sql.compat.generation import create_hybrid_profile as create_hybrid_profile
from genesis_sql.compat.generation import (
    create_hybrid_profile_with_network as create_hybrid_profile_with_network,
)
from genesis_sql.compat.generation import generate as generate
from genesis_sql.compat.resolvers import TAXONOMY_MAP as TAXONOMY_MAP
from genesis_sql.compat.resolvers import NetworkSimResolver as NetworkSimResolver
from genesis_sql.compat.resolvers import ReferenceProfileResolver as ReferenceProfileResolver
from genesis_sql.compat.state import get_manager as get_manager
from genesis_sql.compat.structured import SyntheticDataGenerator as SyntheticDataGenerator
from genesis_sql.language.config import ModelConfig as ModelConfig
from genesis_sql.language.config import ProxyConfig as ProxyConfig

__all__ = [
    "generate",
    "ProfileExecutor",
    "create_hybrid_profile",
    "create_hybrid_profile_with_network",
    "ReferenceProfileResolver",
    "NetworkSimResolver",
    "TAXONOMY_MAP",
    "get_manager",
    "SyntheticDataGenerator",
    "ModelConfig",
    "ProxyConfig",
]
