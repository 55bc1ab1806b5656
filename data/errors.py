"""What can go wrong, as sentences a planner can act on.

    PlannerError               exit code 1   the run failed
    ├── ConfigurationError     exit code 2   an option or a configuration file is wrong
    └── DataError              exit code 3   a table cannot be planned from
        └── TableError         exit code 3   with all issues found (data/issues.py)

The message says where, what was found, what was expected and what to do. The command line prints
it as one line and leaves with the exit code; no traceback reaches a user.
"""


class PlannerError(Exception):
    """The run failed for a reason that the message states."""

    exit_code = 1


class ConfigurationError(PlannerError):
    """An option or a configuration file cannot be used."""

    exit_code = 2


class DataError(PlannerError):
    """A table cannot be read or holds values that no plan can be made from."""

    exit_code = 3
