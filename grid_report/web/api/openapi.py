"""The OpenAPI document, made from the routes and the shapes they declare."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import IntegerConverter

from grid_report.web.api.operations import Operation
from grid_report.web.api.shapes import Answer, Problem
from grid_report.web.guard import is_public
from grid_report.web.paging import BIGGEST_ID

PROBLEM = "application/problem+json"
REFS = "#/components/schemas/{model}"


def document(app: Flask, version: str, models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Build the document from the app's URL map and the shapes it may name."""
    names, definitions = models_json_schema(
        [
            (model, "serialization" if issubclass(model, Answer) else "validation")
            for model in models
        ],
        ref_template=REFS,
    )
    shape = {model: reference for (model, _), reference in names.items()}
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        declared = getattr(view, "__operation__", None)
        if declared is None:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(path, {})[method.lower()] = _describe(
                declared, rule, shape, definitions["$defs"], public=is_public(view)
            )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Grid Report",
            "version": version,
            "description": "Riders report hazards, communities handle them, service thanks service.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _describe(
    declared: Operation, rule: Any, shape: dict[Any, Any], definitions: Any, *, public: bool
) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0, "maximum": BIGGEST_ID}
            if isinstance(rule._converters[name], IntegerConverter)
            else {"type": "string", "minLength": 1},
        }
        for name in sorted(rule.arguments)
    ]
    if declared.query is not None:
        parameters += _query(declared.query, definitions)
    parameters += [{"name": name, "in": "header", **it} for name, it in declared.headers.items()]
    if declared.idempotent_by_key:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                # Sent with nothing is not sent, as in a query.
                "schema": {
                    "anyOf": [
                        {"type": "string", "format": "uuid"},
                        {"type": "string", "maxLength": 0},
                    ]
                },
                "description": "sent again with the same body it answers what was done before",
            }
        )
    described: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": declared.summary,
        "parameters": parameters,
        "responses": _responses(declared, shape, public=public),
        "security": [] if public else [{"token": []}],
    }
    content = {}
    if declared.json is not None:
        content["application/json"] = {"schema": shape[declared.json]}
    if declared.form is not None:
        content["multipart/form-data"] = {"schema": _form(declared.form, shape)}
    if declared.takes is not None:
        content[declared.takes] = {"schema": {"type": "string", "format": "binary"}}
    if content:
        described["requestBody"] = {"required": True, "content": content}
    return described


def _query(model: type[BaseModel], definitions: Any) -> list[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=REFS)
    definitions.update(schema.get("$defs", {}))
    found = []
    for name, shape in schema["properties"].items():
        # In a query absent is how nothing is said; there is no null.
        options = [s for s in shape.get("anyOf", [shape]) if s.get("type") != "null"]
        entry = {**{k: v for k, v in shape.items() if k not in ("anyOf", "default", "title")}}
        entry.update(options[0])
        description = entry.pop("description", None)
        if name not in schema.get("required", []):
            # Said with nothing is not said: a form's empty field narrows nothing.
            entry = {"anyOf": [entry, {"type": "string", "maxLength": 0}]}
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            "schema": entry,
        }
        if description:
            parameter["description"] = description
        found.append(parameter)
    return found


def _form(model: type[BaseModel], shape: dict[Any, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=REFS)
    schema.pop("$defs", None)
    for entry in schema["properties"].values():
        options = [s for s in entry.pop("anyOf", []) if s.get("type") != "null"]
        entry.update(options[0] if options else {})
        entry.pop("default", None)
    if "photos" in schema["properties"]:
        schema["properties"]["photos"]["items"] = {"type": "string", "format": "binary"}
    return schema


def _responses(declared: Operation, shape: dict[Any, Any], *, public: bool) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in declared.answers.items():
        entry: dict[str, Any] = {"description": declared.summary}
        if isinstance(model, str):
            entry["content"] = {model: {"schema": {"type": "string", "format": "binary"}}}
        elif model is not None:
            entry["content"] = {"application/json": {"schema": shape[model]}}
        responses[str(status)] = entry
    refusals = {*declared.refuses, 400, 429, 503} | (set() if public else {401})
    for status in sorted(refusals):
        responses[str(status)] = {
            "description": "refused",
            "content": {PROBLEM: {"schema": shape[Problem]}},
        }
    return responses
