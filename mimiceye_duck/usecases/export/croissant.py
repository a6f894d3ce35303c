"""An export as the Croissant format describes a dataset: croissant.json."""

import re
from collections.abc import Mapping
from typing import Any

from mimiceye_duck.catalog.contracts.reading import datasets
from mimiceye_duck.database import engine
from mimiceye_duck.database.engine import DuckDBPyType

NAME = "croissant.json"
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_PARQUET = "application/x-parquet"
# By DuckDB's types, those of integers apart, which are many; what else there is, is text.
_TYPES = {
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "decimal": "sc:Float",
    "double": "sc:Float",
    "float": "sc:Float",
    "time": "sc:Time",
    "timestamp": "sc:DateTime",
}


def croissant(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of `dataset.json` as Croissant 1.0; one record set a table."""
    titles = [source["dataset"] for source in content["build"]["sources"]]
    used = [one for one in datasets().values() if one.title in titles]
    tables = content["tables"]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "mimiceye-duck-export",
        "description": f"Tables of {', '.join(one.title for one in used)}. {content['notice']}",
        "license": list(dict.fromkeys(one.licence for one in used)),
        "citeAs": "\n".join(one.citation for one in used),
        "url": "https://physionet.org/",
        "creator": {"@type": "Organization", "name": "PhysioNet"},
        "version": content["mimiceye_duck"],
        "datePublished": content["created"],
        "rai:personalSensitiveInformation": content["notice"],
        "distribution": [_resource(table) for table in tables],
        "recordSet": [_record_set(table) for table in tables],
    }


def _resource(table: Mapping[str, Any]) -> dict[str, Any]:
    path = table["path"]
    entry = {"@id": path, "name": path, "encodingFormat": _PARQUET}
    if table["partitioned_by"]:
        return {"@type": "cr:FileSet", **entry, "includes": f"{path}/*/*.parquet"}
    [file] = table["files"]
    return {
        "@type": "cr:FileObject",
        **entry,
        "contentUrl": path,
        "contentSize": f"{file['bytes']} B",
        "sha256": file["sha256"],
    }


def _record_set(table: Mapping[str, Any]) -> dict[str, Any]:
    name = table["name"]
    entry = {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": table["description"],
        "key": [{"@id": f"{name}/{column}"} for column in table["key"]],
        "field": [_field(table, column) for column in table["columns"]],
    }
    return {key: value for key, value in entry.items() if value}


def _field(table: Mapping[str, Any], column: Mapping[str, Any]) -> dict[str, Any]:
    name, unit = column["name"], column["unit"]
    words = (column["description"], f"[{unit}]" if unit else None)
    return {
        "@type": "cr:Field",
        "@id": f"{table['name']}/{name}",
        "name": name,
        "description": " ".join(word for word in words if word),
        **_values(table, name, engine.sqltype(column["type"])),
    }


def _values(table: Mapping[str, Any], column: str, type: DuckDBPyType) -> dict[str, Any]:
    """The type of a column's values and where they are; of a list of records, each part's."""
    source = _source(table, column)
    if type.id != "list":
        return {"dataType": _data_type(type), "source": source}
    [of] = _parts(type).values()
    if of.id != "struct":
        return {"repeated": True, "dataType": _data_type(of), "source": source}
    parts = [
        {
            "@type": "cr:Field",
            "@id": f"{table['name']}/{column}/{name}",
            "name": name,
            "dataType": _data_type(part),
            "source": {**source, "transform": {"jsonPath": name}},
        }
        for name, part in _parts(of).items()
    ]
    return {"repeated": True, "subField": parts}


def _parts(type: DuckDBPyType) -> dict[str, DuckDBPyType]:
    return {str(name): part for name, part in type.children if isinstance(part, DuckDBPyType)}


def _data_type(type: DuckDBPyType) -> str:
    is_whole = type.id == "integer" or type.id.endswith("int")
    return "sc:Integer" if is_whole else _TYPES.get(type.id, "sc:Text")


def _source(table: Mapping[str, Any], column: str) -> dict[str, Any]:
    path = table["path"]
    if not table["partitioned_by"]:
        return {"fileObject": {"@id": path}, "extract": {"column": column}}
    if column != table["partitioned_by"]:
        return {"fileSet": {"@id": path}, "extract": {"column": column}}
    # The value is in the folder's name, and nowhere else.
    return {
        "fileSet": {"@id": path},
        "extract": {"fileProperty": "fullpath"},
        "transform": {"regex": f".*/{re.escape(column)}=([^/]*)/[^/]*$"},
    }
