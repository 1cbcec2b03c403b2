"""YAML text of profiles: plain values only, every key once."""

from __future__ import annotations

from typing import Any

from genesis_sql.errors import ProfileError

MOST_VALUES = 1_000_000
"""Values of a document, what its aliases stand for counted each time."""


def from_yaml(text: str) -> Any:
    """The value of a YAML document; dates become text.

    Raises:
        ProfileError: it does not parse, has a key twice, or a tag that would build an object.

    Example:
        >>> from_yaml("a: [1, yes, 2024-01-31]")
        {'a': [1, True, '2024-01-31']}
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """The safe loader, without dates, and with an eye on keys."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001 - as its base has it
            seen = set()
            for key, _ in node.value:
                if key.tag == "tag:yaml.org,2002:merge":
                    continue
                name = self.construct_object(key, deep=True)
                if not isinstance(name, str | int | float | bool) or name in seen:
                    what = "stands twice" if isinstance(name, str | int | float) else "is no name"
                    line = key.start_mark.line + 1
                    message = f"line {line}: the key '{name}' {what} in one object; keep one name"
                    raise ProfileError(message)
                seen.add(name)
            made = super().construct_mapping(node, deep)
            return {k if isinstance(k, str) else _name(k): v for k, v in made.items()}

    Loader.yaml_implicit_resolvers = {
        first: [(tag, how) for tag, how in held if tag != "tag:yaml.org,2002:timestamp"]
        for first, held in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        found = yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        problem = str(getattr(error, "problem", None) or error).splitlines()[0]
        message = f"{where}the profile is neither JSON nor YAML: {problem}"
        raise ProfileError(message) from error
    if _counted(found, 0) > MOST_VALUES:
        message = f"the profile's aliases unfold to more than {MOST_VALUES:,} values; write fewer"
        raise ProfileError(message)
    return found


def _counted(value: Any, before: int) -> int:
    """Values in a document with its aliases unfolded, counted until they are too many."""
    count = before + 1
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        if count > MOST_VALUES:
            break
        count = _counted(one, count)
    return count


def _name(key: Any) -> str:
    """A key as JSON writes it."""
    return str(key).lower() if isinstance(key, bool) else str(key)
