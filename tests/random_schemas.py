"""Random JSON schemas of the keywords that docs/constrained-output.md lists, each of which has an instance."""

PATTERNS = ["^[a-z]{2,6}$", "[0-9]+", r"^\d{3}-\d{2}$", "^(red|green|blue)$", "x", r"^\w+@\w+\.(com|org)$", "^[^,]*,[^,]*$", "é|ü", r"^\s*$"]
FORMATS = ["date", "time", "date-time", "uuid", "ipv4", "email"]
VALUES = [None, True, False, 0, -7, 12.5, 1000000, "", "word", "two words", 'a "quote"', "back\\slash", "é", "日本", "🙂", "\n", "</think>", [], {}, [1, "a"], {"k": None}]
NAMES = ["id", "name", "Name", "a b", "é", 'q"q', "x" * 30, "", "$ref", "type", "items", "0", "value", "next", "tags", "size"]
ANNOTATIONS = [("title", "T"), ("description", "what it is"), ("default", 1), ("examples", [1]), ("x-order", 3), ("$comment", "no")]


class Schemas:
    """One schema; `random` decides."""

    def __init__(self, random):
        self.random = random
        self.definitions = {}

    def root(self):
        self.definitions = {}
        depth = self.random.randint(1, 4)
        schema = self.any(depth)
        if self.random.random() < 0.25:
            schema = self.recursive(schema, depth)
        if self.definitions:
            if not isinstance(schema, dict):
                schema = {}
            schema = {**schema, "$defs": self.definitions}
        if isinstance(schema, dict) and self.random.random() < 0.2:
            schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        return schema

    def recursive(self, schema, depth):
        """Beside the schema, a list or a tree of it by a reference to a definition."""
        name = self.random.choice(["node", "a/b", "t~t", "é"])
        pointer = "#/$defs/" + name.replace("~", "~0").replace("/", "~1")
        link = {"$ref": pointer}
        rest = self.random.choice([{"anyOf": [link, {"type": "null"}]}, {"type": "array", "items": link, "maxItems": 2}])
        required = ["value"] + (["next"] if self.random.random() < 0.5 else [])
        self.definitions[name] = {"type": "object", "properties": {"value": schema, "next": rest}, "required": required, "additionalProperties": False}
        return {"type": "object", "properties": {"head": link}, "required": ["head"]} if self.random.random() < 0.5 else link

    def any(self, depth):
        kinds = [self.string, self.integer, self.number, self.word, self.constant]
        if depth > 0:
            kinds += [self.object, self.object, self.object, self.array, self.array, self.several, self.types, self.reference]
        schema = self.random.choice(kinds)(depth)
        if self.random.random() < 0.1:
            name, value = self.random.choice(ANNOTATIONS)
            schema = {**schema, name: value}
        return schema

    def reference(self, depth):
        name = f"d{len(self.definitions)}"
        self.definitions[name] = True  # its place
        self.definitions[name] = self.any(depth - 1)
        return {"$ref": f"#/$defs/{name}"}

    def word(self, _depth):
        return self.random.choice([{"type": "boolean"}, {"type": "null"}])

    def constant(self, _depth):
        if self.random.random() < 0.3:
            return {"const": self.random.choice(VALUES)}
        values = []
        for value in self.random.sample(VALUES, self.random.randint(1, 5)):
            values.append(value)
        return {"enum": values}

    def string(self, _depth):
        schema = {"type": "string"}
        kind = self.random.randrange(5)
        if kind == 0:
            schema["pattern"] = self.random.choice(PATTERNS)
        elif kind == 1:
            schema["format"] = self.random.choice(FORMATS)
        elif kind == 2:
            schema["minLength"] = self.random.randint(0, 5)
        if kind in (2, 3):
            schema["maxLength"] = self.random.randint(schema.get("minLength", 0), 25)
        if kind == 0 and self.random.random() < 0.3:
            schema["maxLength"] = self.random.randint(12, 30)
        return schema

    def integer(self, _depth):
        schema = {"type": "integer"}
        return self.bounded(schema, lambda: self.random.choice([self.random.randint(-20, 20), self.random.randint(-(10**9), 10**9)]), 2)

    def number(self, _depth):
        return self.bounded({"type": "number"}, lambda: round(self.random.uniform(-500, 500), self.random.randint(0, 3)), 1)

    def bounded(self, schema, draw, gap):
        kind = self.random.randrange(4)
        low = draw()
        if kind & 1:
            schema[self.random.choice(["minimum", "exclusiveMinimum"])] = low
        if kind & 2:
            schema[self.random.choice(["maximum", "exclusiveMaximum"])] = round(low + gap + abs(draw()), 3)
        return schema

    def types(self, _depth):
        types = ["string", "integer", "number", "boolean", "null"]
        return {"type": self.random.sample(types, self.random.randint(1, 4))}

    def several(self, depth):
        kind = self.random.randrange(4)
        if kind == 0:  # alternatives that differ in their types
            return {"oneOf": [self.string(0), self.random.choice([self.integer, self.word])(0)]}
        if kind == 1:  # or in a constant
            return {"oneOf": [{"type": "object", "properties": {"kind": {"const": name}, "of": self.any(depth - 1)}, "required": ["kind"]} for name in ("a", "b", "c")]}
        if kind == 2:
            low = self.random.randint(-50, 50)
            return {"allOf": [{"type": "integer"}, {"minimum": low}, {"maximum": low + self.random.randint(0, 99)}]}
        return {"anyOf": [self.any(depth - 1) for _ in range(self.random.randint(1, 3))]}

    def object(self, depth):
        names = self.random.sample(NAMES, self.random.randint(0, 4))
        schema = {"type": "object"} if self.random.random() < 0.9 or not names else {}
        if names:
            schema["properties"] = {name: self.any(depth - 1) for name in names}
            required = [name for name in names if self.random.random() < 0.6]
            if required or self.random.random() < 0.3:
                schema["required"] = required
        more = self.random.random()
        if more < 0.4:
            schema["additionalProperties"] = False
        elif more < 0.5:
            schema["additionalProperties"] = self.random.choice([self.integer, self.word])(0)
        return schema

    def array(self, depth):
        schema = {"type": "array"}
        kind = self.random.randrange(3)
        if kind != 0:
            schema["items"] = self.any(depth - 1)
        if kind == 2:
            schema["prefixItems"] = [self.any(depth - 1) for _ in range(self.random.randint(1, 3))]
            if self.random.random() < 0.5:
                schema["items"] = False
                schema["minItems"] = self.random.randint(0, len(schema["prefixItems"]))
                return schema
        low = self.random.randint(0, 2)
        if self.random.random() < 0.5:
            schema["minItems"] = low
        if self.random.random() < 0.7:
            schema["maxItems"] = low + self.random.randint(0, 3)
        return schema
