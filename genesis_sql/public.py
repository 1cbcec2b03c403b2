"""The public names of the package, as `import genesis_sql` gives them."""

from genesis_sql.delivery_doors import export_database as export_database
from genesis_sql.delivery_doors import fill as fill
from genesis_sql.doors import activate as activate
from genesis_sql.doors import cancel as cancel
from genesis_sql.doors import check as check
from genesis_sql.doors import compile_data as compile_data
from genesis_sql.doors import compile_sql as compile_sql
from genesis_sql.doors import deploy as deploy
from genesis_sql.doors import describe as describe
from genesis_sql.doors import drop as drop
from genesis_sql.doors import export as export
from genesis_sql.doors import fit as fit
from genesis_sql.doors import fit_database as fit_database
from genesis_sql.doors import generate as generate
from genesis_sql.doors import generate_database as generate_database
from genesis_sql.doors import history as history
from genesis_sql.doors import import_ as import_
from genesis_sql.doors import integrity as integrity
from genesis_sql.doors import list_jobs as list_jobs
from genesis_sql.doors import list_methods as list_methods
from genesis_sql.doors import list_models as list_models
from genesis_sql.doors import training_log as training_log
from genesis_sql.doors import undeploy as undeploy
from genesis_sql.doors import uninstall as uninstall
from genesis_sql.engines.spark.doors import generate_on_spark as generate_on_spark
from genesis_sql.errors import GenesisError as GenesisError
from genesis_sql.measure_doors import assert_quality as assert_quality
from genesis_sql.measure_doors import audit_privacy as audit_privacy
from genesis_sql.measure_doors import compare as compare
from genesis_sql.measure_doors import list_ledger as list_ledger
from genesis_sql.measure_doors import make_certificate as make_certificate
from genesis_sql.measure_doors import make_report as make_report
from genesis_sql.measure_doors import measure_privacy as measure_privacy
from genesis_sql.measure_doors import measure_quality as measure_quality
from genesis_sql.measure_doors import profile as profile
from genesis_sql.measure_doors import set_budget as set_budget
from genesis_sql.profile_doors import clone_cohort as clone_cohort
from genesis_sql.profile_doors import delete_cohort as delete_cohort
from genesis_sql.profile_doors import export_cohort as export_cohort
from genesis_sql.profile_doors import list_cohorts as list_cohorts
from genesis_sql.profile_doors import list_profiles as list_profiles
from genesis_sql.profile_doors import load_profile as load_profile
from genesis_sql.profile_doors import merge_cohorts as merge_cohorts
from genesis_sql.profile_doors import register_function as register_function
from genesis_sql.profile_doors import rename_cohort as rename_cohort
from genesis_sql.profile_doors import replay as replay
from genesis_sql.profile_doors import run_profile as run_profile
from genesis_sql.profile_doors import save_cohort as save_cohort
from genesis_sql.profile_doors import save_profile as save_profile
from genesis_sql.profile_doors import summarise_cohort as summarise_cohort
from genesis_sql.profile_doors import tag_cohort as tag_cohort
from genesis_sql.profile_doors import validate_run as validate_run
from genesis_sql.reference_doors import find_facilities as find_facilities
from genesis_sql.reference_doors import find_providers as find_providers
from genesis_sql.reference_doors import list_reference_tables as list_reference_tables
from genesis_sql.reference_doors import load_codes as load_codes
from genesis_sql.reference_doors import load_directory as load_directory
from genesis_sql.reference_doors import load_reference as load_reference
from genesis_sql.reference_doors import make_directory as make_directory
from genesis_sql.schema_doors import copy_database as copy_database
from genesis_sql.schema_doors import from_ddl as from_ddl
from genesis_sql.schema_doors import from_dict as from_dict
from genesis_sql.schema_doors import from_manifest as from_manifest
from genesis_sql.schema_doors import from_sqlalchemy as from_sqlalchemy
from genesis_sql.schema_doors import from_url as from_url
from genesis_sql.session import connect as connect
from genesis_sql.session import register as register

__all__ = [
    "connect",
    "register",
    "register_function",
    "profile",
    "check",
    "fit",
    "fit_database",
    "generate",
    "generate_database",
    "compile_data",
    "compile_sql",
    "fill",
    "export_database",
    "generate_on_spark",
    "measure_quality",
    "compare",
    "measure_privacy",
    "audit_privacy",
    "make_report",
    "assert_quality",
    "make_certificate",
    "list_ledger",
    "set_budget",
    "list_methods",
    "list_models",
    "describe",
    "history",
    "integrity",
    "list_jobs",
    "training_log",
    "cancel",
    "activate",
    "drop",
    "export",
    "import_",
    "deploy",
    "undeploy",
    "uninstall",
    "load_reference",
    "list_reference_tables",
    "make_directory",
    "load_directory",
    "load_codes",
    "find_providers",
    "find_facilities",
    "from_sqlalchemy",
    "from_url",
    "copy_database",
    "from_ddl",
    "from_dict",
    "from_manifest",
    "save_profile",
    "list_profiles",
    "load_profile",
    "run_profile",
    "replay",
    "validate_run",
    "list_cohorts",
    "save_cohort",
    "rename_cohort",
    "tag_cohort",
    "clone_cohort",
    "merge_cohorts",
    "summarise_cohort",
    "export_cohort",
    "delete_cohort",
    "GenesisError",
]
