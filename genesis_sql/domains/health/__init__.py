"""Health care: people of a county, their conditions, who treats and insures them."""

from genesis_sql.domains.health.expand import expand as expand
from genesis_sql.domains.health.expand import profile_for as profile_for
