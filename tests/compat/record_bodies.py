#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write down which fields the bodies of Docker's API have. usage: record_bodies.py API.yaml

API.yaml is Docker's own description (api/swagger.yaml of its sources at the version that is served). Writes golden/bodies.json: {body: {path: type}}, where
a path goes through lists by [] and through maps by {}, as in "HostConfig.PortBindings{}[].HostPort". Only groups that are served: no swarm, no plugins."""
import json
import os
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
GET, POST = "get", "post"
# name: (path, method, where); what is sent is a parameter, what is answered a status
BODIES = {
    "create": ("/containers/create", POST, "body"), "update": ("/containers/{id}/update", POST, "body"),
    "exec create": ("/containers/{id}/exec", POST, "body"), "exec start": ("/exec/{id}/start", POST, "body"),
    "volume create": ("/volumes/create", POST, "body"), "network create": ("/networks/create", POST, "body"),
    "network connect": ("/networks/{id}/connect", POST, "body"), "network disconnect": ("/networks/{id}/disconnect", POST, "body"),
    "created": ("/containers/create", POST, 201), "inspect": ("/containers/{id}/json", GET, 200), "list": ("/containers/json", GET, 200),
    "top": ("/containers/{id}/top", GET, 200), "changes": ("/containers/{id}/changes", GET, 200), "stats": ("/containers/{id}/stats", GET, 200),
    "updated": ("/containers/{id}/update", POST, 200), "wait": ("/containers/{id}/wait", POST, 200), "prune": ("/containers/prune", POST, 200),
    "exec created": ("/containers/{id}/exec", POST, 201), "exec inspect": ("/exec/{id}/json", GET, 200), "info": ("/info", GET, 200),
    "version": ("/version", GET, 200), "df": ("/system/df", GET, 200), "event": ("/events", GET, 200), "volumes": ("/volumes", GET, 200),
    "volume": ("/volumes/{name}", GET, 200), "volume prune": ("/volumes/prune", POST, 200), "auth": ("/auth", POST, 200),
}


def resolve(schema, top):
    """The schema without references, as one: {"type", "properties", "items", "additionalProperties"}."""
    while "$ref" in schema:
        schema = top["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    if "allOf" not in schema:
        return schema
    out = {"type": "object", "properties": {}}
    for part in [resolve(s, top) for s in schema["allOf"]] + [{"properties": schema.get("properties", {})}]:
        out["properties"].update(part.get("properties", {}))
        if part.get("type", "object") != "object":
            out["type"] = part["type"]
    return out


def walk(schema, top, path, out, above=()):
    name = schema.get("$ref")
    if name in above:
        return
    above = (*above, name) if name else above
    schema = resolve(schema, top)
    kind = schema.get("type", "object")
    if path:
        out[path] = kind
    if kind == "array":
        walk(schema.get("items", {}), top, path + "[]", out, above)
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        walk(more, top, path + "{}", out, above)
    for key, below in schema.get("properties", {}).items():
        walk(below, top, f"{path}.{key}".lstrip("."), out, above)


def schema_of(top, path, method, where):
    call = top["paths"][path][method]
    if where == "body":
        return next(p["schema"] for p in call["parameters"] if p["in"] == "body")
    answers = {str(k): v for k, v in call["responses"].items()}
    return answers[str(where)]["schema"]


if __name__ == "__main__":
    with open(sys.argv[1]) as f:
        api = yaml.safe_load(f)
    bodies = {}
    for body, where in BODIES.items():
        walk(schema_of(api, *where), api, "", bodies.setdefault(body, {}))
    with open(os.path.join(HERE, "golden", "bodies.json"), "w") as f:
        json.dump({"version": api["info"]["version"], "bodies": bodies}, f, indent=1, sort_keys=True)
        f.write("\n")
