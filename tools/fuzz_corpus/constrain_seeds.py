"""Seeds of constraints: schemas, regular expressions and grammars, each with the choices of a walk."""

import json

from .seeds import seed

CHOICES = bytes((7 * i * i + 16) % 256 for i in range(48))
SCHEMAS = {
    "object": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string", "maxLength": 3}}, "required": ["b"]},
    "more": {"properties": {"a": True}, "additionalProperties": {"type": "boolean"}, "required": ["x"]},
    "array": {"type": "array", "prefixItems": [{"const": 1}, {"type": "null"}], "items": {"enum": ["a", 2, []]}, "minItems": 1, "maxItems": 4},
    "numbers": {"anyOf": [{"type": "integer", "minimum": -5, "maximum": 17}, {"type": "number", "exclusiveMinimum": 0.25, "exclusiveMaximum": 1.5}]},
    "strings": {"anyOf": [{"type": "string", "pattern": "^[a-c]+$", "minLength": 2}, {"type": "string", "format": "date-time"}, {"format": "uuid"}]},
    "recursive": {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}}}}},
    "all": {"allOf": [{"type": "object", "properties": {"a": {"minimum": 1}}}, {"properties": {"a": {"type": "integer", "maximum": 9}}, "required": ["a"]}]},
    "one": {"oneOf": [{"properties": {"t": {"const": "x"}}, "required": ["t"]}, {"properties": {"t": {"const": "y"}}, "required": ["t"]}]},
    "types": {"type": ["string", "null"], "minLength": 1, "title": "t", "x-more": 1},
    "any": {},
    "refused": {"not": {}},
}  # fmt: skip
PATTERNS = {
    "date": r"\d{4}-(0[1-9]|1[0-2])",
    "lazy": r"^(?:a+?b*|[^c-e]{2,4}|\w\s\D)$",
    "unicode": r"\p{Lu}[é-ü\u{1F600}]\x41.",
    "nested": r"((a|b){0,3}c){1,2}",
    "refused": r"a(?=b)\1",
}
GRAMMARS = {
    "list": 'root ::= item ("," ws item)* # a list\nitem ::= [a-z]+ | "\\"" [^"\\x00-\\x1f]{0,3} "\\""\nws ::= " "?\n',
    "brackets": 'root ::= "(" root ")" root | ""\n',
    "ambiguous": 'root ::= a a?\na ::= "x" | "x" a | .\n',
    "left": 'root ::= root "x" | "y"\n',
}


def constrain_seeds():
    for name, schema in SCHEMAS.items():
        seed("json_schema", name, json.dumps(schema).encode() + b"\0" + CHOICES)
    for name, pattern in PATTERNS.items():
        seed("regex", name, pattern.encode() + b"\0" + CHOICES)
    for name, grammar in GRAMMARS.items():
        seed("gbnf", name, grammar.encode() + b"\0" + CHOICES)
