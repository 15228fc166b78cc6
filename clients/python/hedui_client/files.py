"""Reads a request from a YAML file, in the form that the program `hedui` reads too.

Keys are the fields of the message in proto/hedui/v1; values of enumerations are written lower_snake without the
type's prefix ("resident_id" for IDENTITY_KIND_RESIDENT_ID). Unknown and repeated keys and wrong types are defects:
what is misspelt in an application must not pass for absent.
"""

from __future__ import annotations

import pathlib
import re

import yaml
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

_INTEGERS = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)


class FileDefects(ValueError):
    """All that is wrong with a file, a line each with file and line number."""


def read_message(path: str, message: Message) -> Message:
    """Fills `message` from the file and returns it. FileDefects, or OSError when the file cannot be read."""
    reader = _Reader(path)
    try:
        # The tree of nodes rather than values: it knows lines, and leaves "640104" and 2025-03-03 text.
        root = yaml.compose(pathlib.Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileDefects(f"{path}: {error}") from None
    if root is not None:
        reader.read(root, "", message)
    if reader.defects:
        raise FileDefects("\n".join(reader.defects))
    return message


class _Reader:
    """Goes through tree and message together, past every defect, so that all are found at once."""

    def __init__(self, path: str):
        self._path = path
        self.defects: list[str] = []

    def read(self, node: yaml.Node, path: str, message: Message) -> None:
        if not isinstance(node, yaml.MappingNode):
            return self._report(node, path, "keys with values are expected here")
        seen = set()
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            field = message.DESCRIPTOR.fields_by_name.get(key.value)
            if field is None:
                known = ", ".join(message.DESCRIPTOR.fields_by_name)
                self._report(key, inner, f"no such key; known here: {known}")
            elif key.value in seen:
                self._report(key, inner, "is given twice; keep one")
            else:
                self._read_field(value, inner, field, message)
            seen.add(key.value)

    def _read_field(self, node: yaml.Node, path: str, field: FieldDescriptor, message: Message) -> None:
        if field.containing_oneof is not None and message.WhichOneof(field.containing_oneof.name):
            return self._report(node, path, f"excludes {message.WhichOneof(field.containing_oneof.name)}, given above")
        if field.label != FieldDescriptor.LABEL_REPEATED:
            if field.message_type is not None:
                child = getattr(message, field.name)
                child.SetInParent()  # given, though it may be empty
                self.read(node, path, child)
            elif (value := self._scalar(node, path, field)) is not None:
                setattr(message, field.name, value)
            return
        if not isinstance(node, yaml.SequenceNode):
            return self._report(node, path, "a list is expected")
        values = getattr(message, field.name)
        for index, item in enumerate(node.value):
            if field.message_type is not None:
                self.read(item, f"{path}[{index}]", values.add())
            elif (value := self._scalar(item, f"{path}[{index}]", field)) is not None:
                values.append(value)

    def _scalar(self, node: yaml.Node, path: str, field: FieldDescriptor):
        """The value; None after a defect."""
        if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:null":
            return self._report(node, path, "a single value is expected")
        text, plain = node.value, node.style is None
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING and field.type != FieldDescriptor.TYPE_BYTES:
            return text
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            if plain and text in ("true", "false"):
                return text == "true"
            return self._report(node, path, "write true or false")
        if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
            values = _written_values(field.enum_type)
            if text in values:
                return values[text]
            return self._report(node, path, f"write one of {', '.join(values)}")
        if field.cpp_type in _INTEGERS:
            # No leading zeros: "010" is eight to some readers and ten to others.
            bits = 31 if field.cpp_type == FieldDescriptor.CPPTYPE_INT32 else 63
            if plain and re.fullmatch(r"-?(0|[1-9][0-9]*)", text) and -(1 << bits) <= int(text) < 1 << bits:
                return int(text)
            return self._report(node, path, f"a whole number of at most {bits} bits is expected")
        return self._report(node, path, "values of this type cannot be written in a file")

    def _report(self, node: yaml.Node, path: str, text: str) -> None:
        self.defects.append(f"{self._path}:{node.start_mark.line + 1}: {path or 'file'}: {text}")


def _written_values(enum: EnumDescriptor) -> dict[str, int]:
    """Names as files have them; not that of 0, which is written by leaving the key out."""
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enum.name).upper() + "_"
    return {
        value.name.removeprefix(prefix).lower(): value.number for value in enum.values if value.number != 0
    }
