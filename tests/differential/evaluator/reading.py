"""Text of files as mappings and lists whose scalars are text."""

import json

import yaml

from .errors import Defect

BASE = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class StrictLoader(BASE):
    """Refuses what strict YAML leaves out: duplicate keys."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        if len(set(keys)) < len(keys):
            raise Defect("YAML_DUPLICATE_KEY", str(keys))
        return super().construct_mapping(node, deep)


StrictLoader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node, True))


def distinct(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Defect("YAML_DUPLICATE_KEY", str([key for key, _ in pairs]))
    return found


def read(text):
    """One document, JSON if it begins like it."""
    try:
        if text.startswith("{"):
            return json.loads(text, object_pairs_hook=distinct)
        return yaml.load(text, StrictLoader)
    except (yaml.YAMLError, ValueError) as error:
        raise Defect("YAML_SYNTAX", str(error)) from error
