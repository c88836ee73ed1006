// Made by docs/api/embed.py from docs/api/openapi.json: change those, and run it.

/// What this API is, for tools: the body of `GET /openapi.json` (OpenAPI 3.1).
enum OpenAPIDocument {
    static let json: StaticString = #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "Canopy",
            "summary": "A key-value cache in the shape of a tree",
            "version": "0.1.0",
            "description": "Every node of the tree serves this API. Talk to the node nearest to \#
        you.\n\n**A read** is answered from the node's own memory. If the node lacks the key it \#
        asks its parent, the parent asks its own, and so on up to the root. The value is kept in \#
        every node on the way down, so that the next read is near.\n\n**A write** is stored in \#
        the node and sent to its parent, and you get the answer when the parent has answered: you \#
        wait for one hop. The remaining hops to the root happen in the background, in order. With \#
        the wait flag off you wait for none; with `ack=root` you wait until the root has \#
        committed it.\n\n**One keyspace, two APIs.** `/kv` takes and gives bytes as they are; \#
        `/store` takes and gives JSON. What is written through one is read through the \#
        other.\n\n**Keys** are 1 to 511 bytes. A slash is part of the key: `/kv/users/42` and \#
        `/kv/users%2F42` name the same key, `users/42`. Escape it as `%2F` if your client builds \#
        paths from this document.\n\n**Every answer explains itself.** `ETag` is the version of \#
        what you got, `Age` and `Staleness-Bound` say how old it may be, and `Cache-Status` (RFC \#
        9211) names the nodes it came through. With `Cache-Control: no-cache` you ask the root, \#
        whatever the nodes on the way hold.\n\n**Conditions** (RFC 9110) make reads short and \#
        writes safe. `If-None-Match` with an `ETag` you have is answered `304` while it is \#
        current. `If-Match` and `If-None-Match` on a `PUT` or `DELETE` are decided at the root, \#
        and `412` means that nothing was changed.\n\n**Errors** are plain text under `/kv`, \#
        `{\"detail\": …}` under `/store` and in the older tree calls, and \#
        `application/problem+json` (RFC 9457) everywhere else. An unknown path is `404`. A \#
        request that isn't valid HTTP is a problem under every path.\n\n`HEAD` works wherever \#
        `GET` does, and `OPTIONS` everywhere: its `Allow` lists the methods of a path."
          },
          "servers": [
            { "url": "/", "description": "The node that served this document" },
            {
              "url": "http://localhost:{port}",
              "description": "A node of a tree on this machine: node i listens on port 5000 + i",
              "variables": { "port": { "default": "5001", "description": "5001 is the root" } }
            }
          ],
          "security": [],
          "tags": [
            {
              "name": "Values: raw",
              "description": "Bytes in, the same bytes out, with their media type."
            },
            {
              "name": "Values: JSON",
              "description": "JSON in, the same JSON out. The same keys as under `/kv`."
            },
            { "name": "Tree", "description": "Who is in the tree, and how a node joins it." },
            {
              "name": "Operations",
              "description": "Is the node well, what is it doing, and which version is it?"
            }
          ],
          "paths": {
            "/kv/{key}": {
              "parameters": [{ "$ref": "#/components/parameters/Key" }],
              "put": {
                "operationId": "putRaw",
                "security": [{ "token": ["write"] }, {}],
                "tags": ["Values: raw"],
                "summary": "Store bytes under a key",
                "description": "The body is kept byte for byte, with its `Content-Type` \#
        (`application/octet-stream` if you send none). The node stores it, sends it to its \#
        parent, and answers when the parent has answered. The remaining hops to the root happen \#
        in the background.\n\nWith `wait_propagate=0` it answers as soon as it has stored the \#
        value itself. With `ack=root` it answers when the root has committed the value, and tells \#
        its version.",
                "parameters": [
                  { "$ref": "#/components/parameters/WaitPropagate" },
                  { "$ref": "#/components/parameters/Ack" },
                  { "$ref": "#/components/parameters/IfMatchWrite" },
                  { "$ref": "#/components/parameters/IfNoneMatchWrite" }
                ],
                "requestBody": {
                  "description": "The value, of any type, up to 1 MiB (a node's default). An \#
        empty body stores an empty value.",
                  "content": {
                    "text/plain": { "schema": { "type": "string" }, "example": "hello, tree" },
                    "application/json": {
                      "schema": { "$ref": "#/components/schemas/JSONValue" },
                      "example": { "name": "Ada", "born": 1815 }
                    },
                    "application/octet-stream": {},
                    "*/*": {}
                  }
                },
                "responses": {
                  "200": {
                    "description": "Stored. With waiting on, the parent has it too. The body is \#
        empty.",
                    "headers": { "ETag": { "$ref": "#/components/headers/WrittenETag" } }
                  },
                  "400": { "$ref": "#/components/responses/RawBadRequest" },
                  "401": { "$ref": "#/components/responses/RawUnauthorized" },
                  "403": { "$ref": "#/components/responses/RawForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "412": { "$ref": "#/components/responses/RawUnmet" },
                  "413": { "$ref": "#/components/responses/BodyTooLarge" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/RawUndecided" },
                  "503": { "$ref": "#/components/responses/RawNotConfirmed" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" },
                  "507": { "$ref": "#/components/responses/RawFull" }
                }
              },
              "get": {
                "operationId": "getRaw",
                "security": [{ "token": ["read"] }, {}],
                "tags": ["Values: raw"],
                "summary": "Read the bytes of a key",
                "description": "Answered from this node's memory if it holds the key. If it \#
        doesn't, it asks its parent, and so on up to the root; the value is then kept in every \#
        node on the way down. Absence is kept in the same way. Many readers of one missing key \#
        cause one request to the parent.\n\nA value that was stored through `/store` comes back \#
        as exactly its JSON text, with the type `application/json`.\n\nWhen a key changes, the \#
        nodes that hold it hear of it as the tree's mode has it: at once (`push`), in rounds \#
        (`sync`), when their copy expires (`ttl`), or never (`none`). A node that can't reach \#
        anybody above goes on answering from what it holds for a while; then `ttl` in \#
        `Cache-Status` is negative.",
                "parameters": [
                  { "$ref": "#/components/parameters/CacheControl" },
                  { "$ref": "#/components/parameters/IfNoneMatchRead" },
                  { "$ref": "#/components/parameters/IfMatchRead" }
                ],
                "responses": {
                  "200": {
                    "description": "The stored bytes. `Content-Type` is the one the value was \#
        stored with.",
                    "headers": {
                      "ETag": { "$ref": "#/components/headers/ETag" },
                      "Age": { "$ref": "#/components/headers/Age" },
                      "Staleness-Bound": { "$ref": "#/components/headers/StalenessBound" },
                      "Cache-Status": { "$ref": "#/components/headers/CacheStatus" }
                    },
                    "content": {
                      "text/plain": { "schema": { "type": "string" }, "example": "hello, tree" },
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/JSONValue" },
                        "example": { "name": "Ada", "born": 1815 }
                      },
                      "application/octet-stream": {},
                      "*/*": {}
                    }
                  },
                  "304": { "$ref": "#/components/responses/NotModified" },
                  "400": { "$ref": "#/components/responses/RawBadRequest" },
                  "401": { "$ref": "#/components/responses/RawUnauthorized" },
                  "403": { "$ref": "#/components/responses/RawForbidden" },
                  "404": { "$ref": "#/components/responses/RawNotFound" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "412": { "$ref": "#/components/responses/RawUnmet" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "503": { "$ref": "#/components/responses/RawUnavailable" },
                  "504": { "$ref": "#/components/responses/RawNotHeld" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              },
              "head": {
                "operationId": "headRaw",
                "security": [{ "token": ["read"] }, {}],
                "tags": ["Values: raw"],
                "summary": "Ask whether a key is there, and how long its value is",
                "description": "As a `GET`, miss and climb included, but the answer has the head \#
        alone: `Content-Type` and `Content-Length` tell about the value.",
                "parameters": [
                  { "$ref": "#/components/parameters/CacheControl" },
                  { "$ref": "#/components/parameters/IfNoneMatchRead" },
                  { "$ref": "#/components/parameters/IfMatchRead" }
                ],
                "responses": {
                  "200": {
                    "description": "The key is there. No body.",
                    "headers": {
                      "ETag": { "$ref": "#/components/headers/ETag" },
                      "Age": { "$ref": "#/components/headers/Age" },
                      "Staleness-Bound": { "$ref": "#/components/headers/StalenessBound" },
                      "Cache-Status": { "$ref": "#/components/headers/CacheStatus" }
                    }
                  },
                  "304": { "$ref": "#/components/responses/NotModified" },
                  "400": { "description": "The key is empty, too long or badly escaped. No body." },
                  "401": { "description": "A valid token is needed. No body." },
                  "403": { "description": "The token doesn't allow this. No body." },
                  "404": {
                    "description": "No node on the way to the root has the key. No body.",
                    "headers": {
                      "ETag": { "$ref": "#/components/headers/ETag" },
                      "Age": { "$ref": "#/components/headers/Age" },
                      "Staleness-Bound": { "$ref": "#/components/headers/StalenessBound" },
                      "Cache-Status": { "$ref": "#/components/headers/CacheStatus" }
                    }
                  },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "412": { "description": "The key has another version than `If-Match` names. No \#
        body." },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "503": { "description": "The parent can't be asked. No body." },
                  "504": { "description": "`only-if-cached`, and what this node holds won't do. \#
        No body." },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              },
              "delete": {
                "operationId": "deleteRaw",
                "security": [{ "token": ["write"] }, {}],
                "tags": ["Values: raw"],
                "summary": "Delete a key",
                "description": "Removes the key here, passes the deletion to the parent, and \#
        answers when the parent has answered; the rest of the way is taken in the background. A \#
        key that isn't there is deleted just as well: the answer is `200`.",
                "parameters": [
                  { "$ref": "#/components/parameters/WaitPropagate" },
                  { "$ref": "#/components/parameters/Ack" },
                  { "$ref": "#/components/parameters/IfMatchWrite" },
                  { "$ref": "#/components/parameters/IfNoneMatchWrite" }
                ],
                "responses": {
                  "200": {
                    "description": "Deleted, or never there. The body is empty.",
                    "headers": { "ETag": { "$ref": "#/components/headers/WrittenETag" } }
                  },
                  "400": { "$ref": "#/components/responses/RawBadRequest" },
                  "401": { "$ref": "#/components/responses/RawUnauthorized" },
                  "403": { "$ref": "#/components/responses/RawForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "412": { "$ref": "#/components/responses/RawUnmet" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/RawUndecided" },
                  "503": { "$ref": "#/components/responses/RawNotConfirmed" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" },
                  "507": { "$ref": "#/components/responses/RawFull" }
                }
              }
            },
            "/store/{key}": {
              "parameters": [{ "$ref": "#/components/parameters/Key" }],
              "put": {
                "operationId": "putJSON",
                "security": [{ "token": ["write"] }, {}],
                "tags": ["Values: JSON"],
                "summary": "Store a JSON value under a key",
                "description": "Any JSON value: text, a number, `true`, `null`, an array, an \#
        object. Its text is kept byte for byte, so that `2.0` stays `2.0` and a 30-digit integer \#
        keeps its digits.\n\nThe node stores it, sends it to its parent, and answers when the \#
        parent has answered. With `\"wait_for_parent\": false` it answers as soon as it has \#
        stored the value itself. With `?ack=root` it answers when the root has committed the \#
        value, and tells its version.",
                "parameters": [
                  { "$ref": "#/components/parameters/Ack" },
                  { "$ref": "#/components/parameters/IfMatchWrite" },
                  { "$ref": "#/components/parameters/IfNoneMatchWrite" }
                ],
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/json": {
                      "schema": { "$ref": "#/components/schemas/StoreRequest" },
                      "examples": {
                        "text": {
                          "summary": "Text",
                          "value": { "value": "hello, tree", "wait_for_parent": true }
                        },
                        "number": { "summary": "A number that keeps its form", "value": { \#
        "value": 2.0 } },
                        "object": {
                          "summary": "An object, without waiting for the parent",
                          "value": {
                            "value": { "name": "Ada", "born": 1815, "languages": ["en", "fr"] },
                            "wait_for_parent": false
                          }
                        }
                      }
                    }
                  }
                },
                "responses": {
                  "200": {
                    "description": "Stored. With waiting on, the parent has it too.",
                    "headers": { "ETag": { "$ref": "#/components/headers/WrittenETag" } },
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/StoredPair" },
                        "examples": { "text": { "value": { "key": "greeting", "value": "hello, \#
        tree" } } }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/JSONBadKey" },
                  "401": { "$ref": "#/components/responses/JSONUnauthorized" },
                  "403": { "$ref": "#/components/responses/JSONForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "412": { "$ref": "#/components/responses/JSONUnmet" },
                  "413": { "$ref": "#/components/responses/BodyTooLarge" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "422": { "$ref": "#/components/responses/JSONInvalid" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/JSONUndecided" },
                  "503": { "$ref": "#/components/responses/JSONNotConfirmed" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" },
                  "507": { "$ref": "#/components/responses/JSONFull" }
                }
              },
              "get": {
                "operationId": "getJSON",
                "security": [{ "token": ["read"] }, {}],
                "tags": ["Values: JSON"],
                "summary": "Read the JSON value of a key",
                "description": "Answered from this node's memory, or by the nearest ancestor that \#
        holds the key; the value is kept on the way down.\n\nA value that was stored through \#
        `/kv` comes back as JSON too: as itself if its type is `application/json` and it parses, \#
        as text if it is UTF-8, and otherwise in Base64 with `\"encoding\": \"base64\"`.",
                "parameters": [
                  { "$ref": "#/components/parameters/CacheControl" },
                  { "$ref": "#/components/parameters/IfNoneMatchRead" },
                  { "$ref": "#/components/parameters/IfMatchRead" }
                ],
                "responses": {
                  "200": {
                    "description": "The value.",
                    "headers": {
                      "ETag": { "$ref": "#/components/headers/ETag" },
                      "Age": { "$ref": "#/components/headers/Age" },
                      "Staleness-Bound": { "$ref": "#/components/headers/StalenessBound" },
                      "Cache-Status": { "$ref": "#/components/headers/CacheStatus" }
                    },
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/StoredValue" },
                        "examples": {
                          "json": { "summary": "A JSON value", "value": { "value": "hello, tree" \#
        } },
                          "bytes": {
                            "summary": "Bytes that are neither JSON nor text",
                            "value": { "value": "/9j/4AAQ", "encoding": "base64" }
                          }
                        }
                      }
                    }
                  },
                  "304": { "$ref": "#/components/responses/NotModified" },
                  "400": { "$ref": "#/components/responses/JSONBadKey" },
                  "401": { "$ref": "#/components/responses/JSONUnauthorized" },
                  "403": { "$ref": "#/components/responses/JSONForbidden" },
                  "404": { "$ref": "#/components/responses/JSONNotFound" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "412": { "$ref": "#/components/responses/JSONUnmet" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "503": { "$ref": "#/components/responses/JSONUnavailable" },
                  "504": { "$ref": "#/components/responses/JSONNotHeld" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              },
              "head": {
                "operationId": "headJSON",
                "security": [{ "token": ["read"] }, {}],
                "tags": ["Values: JSON"],
                "summary": "Ask whether a key is there",
                "description": "As a `GET`, miss and climb included, but the answer has the head \#
        alone.",
                "parameters": [
                  { "$ref": "#/components/parameters/CacheControl" },
                  { "$ref": "#/components/parameters/IfNoneMatchRead" },
                  { "$ref": "#/components/parameters/IfMatchRead" }
                ],
                "responses": {
                  "200": {
                    "description": "The key is there. No body.",
                    "headers": {
                      "ETag": { "$ref": "#/components/headers/ETag" },
                      "Age": { "$ref": "#/components/headers/Age" },
                      "Staleness-Bound": { "$ref": "#/components/headers/StalenessBound" },
                      "Cache-Status": { "$ref": "#/components/headers/CacheStatus" }
                    }
                  },
                  "304": { "$ref": "#/components/responses/NotModified" },
                  "400": { "description": "The key is empty, too long or badly escaped. No body." },
                  "401": { "description": "A valid token is needed. No body." },
                  "403": { "description": "The token doesn't allow this. No body." },
                  "404": {
                    "description": "No node on the way to the root has the key. No body.",
                    "headers": {
                      "ETag": { "$ref": "#/components/headers/ETag" },
                      "Age": { "$ref": "#/components/headers/Age" },
                      "Staleness-Bound": { "$ref": "#/components/headers/StalenessBound" },
                      "Cache-Status": { "$ref": "#/components/headers/CacheStatus" }
                    }
                  },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "412": { "description": "The key has another version than `If-Match` names. No \#
        body." },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "503": { "description": "The parent can't be asked. No body." },
                  "504": { "description": "`only-if-cached`, and what this node holds won't do. \#
        No body." },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              },
              "delete": {
                "operationId": "deleteJSON",
                "security": [{ "token": ["write"] }, {}],
                "tags": ["Values: JSON"],
                "summary": "Delete a key",
                "description": "Removes the key here, passes the deletion to the parent, and \#
        answers when the parent has answered. A key that isn't there is deleted just as well: the \#
        answer is `200`.",
                "parameters": [
                  { "$ref": "#/components/parameters/WaitForParent" },
                  { "$ref": "#/components/parameters/Ack" },
                  { "$ref": "#/components/parameters/IfMatchWrite" },
                  { "$ref": "#/components/parameters/IfNoneMatchWrite" }
                ],
                "responses": {
                  "200": {
                    "description": "Deleted, or never there.",
                    "headers": { "ETag": { "$ref": "#/components/headers/WrittenETag" } },
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/DeletedKey" },
                        "example": { "key": "greeting" }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/JSONBadKey" },
                  "401": { "$ref": "#/components/responses/JSONUnauthorized" },
                  "403": { "$ref": "#/components/responses/JSONForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "412": { "$ref": "#/components/responses/JSONUnmet" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "422": { "$ref": "#/components/responses/JSONInvalid" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/JSONUndecided" },
                  "503": { "$ref": "#/components/responses/JSONNotConfirmed" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" },
                  "507": { "$ref": "#/components/responses/JSONFull" }
                }
              }
            },
            "/store": {
              "get": {
                "operationId": "listValues",
                "security": [{ "token": ["read"] }, {}],
                "tags": ["Values: JSON"],
                "summary": "Read every key and value of this node",
                "description": "One object with every key and value that **this node** holds, \#
        which is what has been read or written through it and not what the whole tree knows. Ask \#
        the root for everything.\n\nThe answer is streamed, so a node with a million keys answers \#
        too; its length isn't known beforehand, and keys that are written meanwhile may or may \#
        not be in it. Bytes that are neither JSON nor text appear in Base64.",
                "responses": {
                  "200": {
                    "description": "Keys and their values.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "additionalProperties": { "$ref": "#/components/schemas/JSONValue" }
                        },
                        "example": {
                          "greeting": "hello, tree",
                          "users/42": { "name": "Ada", "born": 1815 }
                        }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "401": { "$ref": "#/components/responses/JSONUnauthorized" },
                  "403": { "$ref": "#/components/responses/JSONForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/keys": {
              "get": {
                "operationId": "listKeys",
                "security": [{ "token": ["read"] }, {}],
                "tags": ["Values: JSON"],
                "summary": "Read every key of this node",
                "description": "The names alone, in no particular order, of what **this node** \#
        holds. Streamed. Bytes that aren't UTF-8 appear as U+FFFD.",
                "responses": {
                  "200": {
                    "description": "The keys.",
                    "content": {
                      "application/json": {
                        "schema": { "type": "array", "items": { "type": "string" } },
                        "example": ["greeting", "users/42"]
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "401": { "$ref": "#/components/responses/ProblemUnauthorized" },
                  "403": { "$ref": "#/components/responses/ProblemForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/nodes": {
              "get": {
                "operationId": "listNodes",
                "security": [{ "token": [] }, {}],
                "tags": ["Tree"],
                "summary": "See the whole tree",
                "description": "Any node answers: one that isn't the root relays the question to \#
        the root.",
                "responses": {
                  "200": {
                    "description": "The tree's settings and its nodes, in the order of their \#
        slots.",
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/Tree" },
                        "example": {
                          "root": "NODE-1",
                          "depth": 3,
                          "coherence": "push",
                          "nodes": [
                            {
                              "name": "NODE-1",
                              "slot": 1,
                              "address": "127.0.0.1",
                              "port": 5001,
                              "api": "canopy",
                              "state": "live",
                              "last_seen_seconds": 0,
                              "depth": 1
                            },
                            {
                              "name": "NODE-2",
                              "slot": 2,
                              "address": "127.0.0.1",
                              "port": 5002,
                              "api": "canopy",
                              "state": "live",
                              "last_seen_seconds": 1,
                              "depth": 2,
                              "parent": "NODE-1",
                              "by": "link",
                              "coherence": "push"
                            },
                            {
                              "name": "NODE-3",
                              "slot": 3,
                              "address": "127.0.0.1",
                              "port": 5003,
                              "api": "canopy",
                              "state": "gone",
                              "gone_seconds": 71,
                              "last_seen_seconds": 74,
                              "depth": 2,
                              "parent": "NODE-1",
                              "by": "link",
                              "coherence": "push"
                            }
                          ]
                        }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "401": { "$ref": "#/components/responses/ProblemUnauthorized" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "503": { "$ref": "#/components/responses/RootAway" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              },
              "post": {
                "operationId": "registerNode",
                "security": [{ "token": ["cluster"] }, {}],
                "tags": ["Tree"],
                "summary": "Take a place in the tree",
                "description": "What a node sends to the root when it starts, and again with \#
        every heartbeat. The root hands out the lowest vacant slot; a name that registers again \#
        gets its slot back. Slots are numbered as in a heap: the root is 1, and the children of \#
        slot `i` are `2i` and `2i+1`.",
                "x-caution": "A name the root doesn't know takes a slot of the tree, and a known \#
        one gets the address you send.",
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/json": {
                      "schema": { "$ref": "#/components/schemas/Registration" },
                      "example": { "name": "NODE-4", "address": "127.0.0.1", "port": 5004 }
                    }
                  }
                },
                "responses": {
                  "200": {
                    "description": "The name is known: this is its place.",
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/Place" },
                        "example": {
                          "name": "NODE-4",
                          "slot": 4,
                          "parent": {
                            "name": "NODE-2",
                            "slot": 2,
                            "address": "127.0.0.1",
                            "port": 5002,
                            "api": "canopy"
                          },
                          "path": [
                            {
                              "name": "NODE-1",
                              "slot": 1,
                              "address": "127.0.0.1",
                              "port": 5001,
                              "api": "canopy",
                              "state": "live"
                            },
                            {
                              "name": "NODE-2",
                              "slot": 2,
                              "address": "127.0.0.1",
                              "port": 5002,
                              "api": "canopy",
                              "state": "live"
                            }
                          ],
                          "settings": { "coherence": "push", "depth": 3, "heartbeat_seconds": 1 }
                        }
                      }
                    }
                  },
                  "201": {
                    "description": "The name is new: this is the place it was given.",
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/Place" },
                        "example": {
                          "name": "NODE-2",
                          "slot": 2,
                          "parent": {
                            "name": "NODE-1",
                            "slot": 1,
                            "address": "127.0.0.1",
                            "port": 5001,
                            "api": "canopy"
                          },
                          "path": [
                            {
                              "name": "NODE-1",
                              "slot": 1,
                              "address": "127.0.0.1",
                              "port": 5001,
                              "api": "canopy",
                              "state": "live"
                            }
                          ],
                          "settings": { "coherence": "push", "depth": 3, "heartbeat_seconds": 1 }
                        }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/ProblemBadRequest" },
                  "401": { "$ref": "#/components/responses/ProblemUnauthorized" },
                  "403": { "$ref": "#/components/responses/ProblemForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "409": { "$ref": "#/components/responses/TreeFull" },
                  "413": { "$ref": "#/components/responses/BodyTooLarge" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "421": { "$ref": "#/components/responses/NotTheRoot" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "503": { "$ref": "#/components/responses/TreeFrozen" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/nodes/structure": {
              "get": {
                "operationId": "treeStructure",
                "security": [{ "token": [] }, {}],
                "tags": ["Tree"],
                "summary": "See the tree as an array",
                "description": "The names in heap order, `null` where a slot is vacant; the \#
        array's length is 2^depth − 1. Any node answers: one that isn't the root relays the \#
        question to the root.",
                "responses": {
                  "200": {
                    "description": "The tree.",
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/TreeArray" },
                        "example": {
                          "binary_tree_array": ["NODE-1", "NODE-2", "NODE-3", "NODE-4", null, \#
        null, null]
                        }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "401": { "$ref": "#/components/responses/ProblemUnauthorized" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "503": { "$ref": "#/components/responses/RootAway" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/nodes/parent/{name}": {
              "parameters": [{ "$ref": "#/components/parameters/NodeName" }],
              "get": {
                "operationId": "parentPath",
                "security": [{ "token": ["cluster"] }, {}],
                "tags": ["Tree"],
                "summary": "Find (or take) a node's place",
                "description": "Answers with the path of the node's **parent** in ZooKeeper's \#
        notation. A name that the root doesn't know is registered by this. The name is taken in \#
        capitals; `4` is short for `NODE-4`. The root alone answers.",
                "x-caution": "A name the root doesn't know takes a slot of the tree.",
                "responses": {
                  "200": {
                    "description": "The path of the parent; `/` for the root itself.",
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/ParentPath" },
                        "example": { "path": "/NODE-1/NODE-2" }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/JSONBadRequest" },
                  "401": { "$ref": "#/components/responses/JSONUnauthorized" },
                  "403": { "$ref": "#/components/responses/JSONForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "409": { "$ref": "#/components/responses/JSONTreeFull" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "421": { "$ref": "#/components/responses/JSONNotTheRoot" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/clients/register": {
              "post": {
                "operationId": "registerNumbered",
                "security": [{ "token": ["cluster"] }, {}],
                "tags": ["Tree"],
                "summary": "Take a place in the tree, by number",
                "description": "The registration of nodes that are known by a number. A number \#
        that registers again gets its slot back. The root alone answers.",
                "x-caution": "A name the root doesn't know takes a slot of the tree, and a known \#
        one gets the address you send.",
                "parameters": [
                  {
                    "name": "id",
                    "in": "query",
                    "required": true,
                    "description": "The node's number.",
                    "schema": { "type": "integer", "minimum": 0, "maximum": 999999999999999999 },
                    "example": 4
                  },
                  {
                    "name": "ip",
                    "in": "query",
                    "required": true,
                    "description": "The address at which it is reached, on port 5000.",
                    "schema": { "$ref": "#/components/schemas/Host" },
                    "example": "10.0.1.70"
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The node's parent, and its own path in ZooKeeper's notation.",
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/NumberedPlace" },
                        "example": { "parent_id": 2, "parent_ip": "10.0.1.68", "zk_path": "/1/2/4" }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/JSONBadRequest" },
                  "401": { "$ref": "#/components/responses/JSONUnauthorized" },
                  "403": { "$ref": "#/components/responses/JSONForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "409": { "$ref": "#/components/responses/JSONTreeFull" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "421": { "$ref": "#/components/responses/JSONNotTheRoot" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/": {
              "get": {
                "operationId": "nodeStatus",
                "security": [{ "token": [] }, {}],
                "tags": ["Operations"],
                "summary": "Who is there",
                "description": "The node's name and address.",
                "responses": {
                  "200": {
                    "description": "The node is there.",
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/NodeStatus" },
                        "example": { "status": "alive", "node": "NODE-1", "address": "10.0.1.67" }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "401": { "$ref": "#/components/responses/ProblemUnauthorized" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/livez": {
              "get": {
                "operationId": "livez",
                "tags": ["Operations"],
                "summary": "Is the process well?",
                "description": "For a supervisor: `200` as long as the node's loop turns. It says \#
        nothing about the parent.",
                "responses": {
                  "200": {
                    "description": "It is.",
                    "content": { "text/plain": { "schema": { "type": "string" }, "example": \#
        "ok\n" } }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/readyz": {
              "get": {
                "operationId": "readyz",
                "security": [{ "token": [] }, {}],
                "tags": ["Operations"],
                "summary": "Should it get requests?",
                "description": "For a load balancer: `200` while the node is attached to an \#
        ancestor; the root always is ready. `503` otherwise. With `?verbose` the answer is a text \#
        that says what that hangs on, a line for each: where the node is registered, to whom it \#
        is attached and how, who its ancestors are.",
                "parameters": [
                  {
                    "name": "verbose",
                    "in": "query",
                    "description": "Given, the answer is a text with a line for each thing that \#
        counts, also with `503`.",
                    "allowEmptyValue": true,
                    "schema": { "type": "string" }
                  }
                ],
                "responses": {
                  "200": {
                    "description": "It should.",
                    "content": { "text/plain": { "schema": { "type": "string" }, "example": \#
        "ready\n" } }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "401": { "$ref": "#/components/responses/ProblemUnauthorized" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "503": { "$ref": "#/components/responses/NotReady" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/version": {
              "get": {
                "operationId": "version",
                "security": [{ "token": [] }, {}],
                "tags": ["Operations"],
                "summary": "Which version is running",
                "description": "The product, its version, and the node that answers.",
                "responses": {
                  "200": {
                    "description": "The version.",
                    "content": {
                      "application/json": {
                        "schema": { "$ref": "#/components/schemas/Version" },
                        "example": { "name": "canopy", "version": "0.1.0", "node": "NODE-1", \#
        "root": true }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "401": { "$ref": "#/components/responses/ProblemUnauthorized" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/metrics": {
              "get": {
                "operationId": "metrics",
                "security": [{ "token": [] }, {}],
                "tags": ["Operations"],
                "summary": "Counters and gauges for Prometheus",
                "description": "In Prometheus' text format, version 0.0.4.",
                "responses": {
                  "200": {
                    "description": "The metrics.",
                    "content": {
                      "text/plain; version=0.0.4": {
                        "schema": { "type": "string" },
                        "example": "# HELP canopy_hits_total Reads answered from this node's own \#
        entries.\n# TYPE canopy_hits_total counter\ncanopy_hits_total 1024\n"
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "401": { "$ref": "#/components/responses/ProblemUnauthorized" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/synchronize": {
              "post": {
                "operationId": "synchronize",
                "security": [{ "token": ["admin"] }, {}],
                "tags": ["Operations"],
                "summary": "Send out the changes of mode sync now",
                "description": "In mode `sync` changes wait for the next round, one for each key. \#
        This makes a round begin at once. Any node may be asked: one that isn't the root relays \#
        the call to the root.",
                "responses": {
                  "204": { "description": "The changes that waited are on their way." },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "401": { "$ref": "#/components/responses/ProblemUnauthorized" },
                  "403": { "$ref": "#/components/responses/ProblemForbidden" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "409": { "$ref": "#/components/responses/NotSynchronized" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "503": { "$ref": "#/components/responses/RootAway" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/docs": {
              "get": {
                "operationId": "docs",
                "tags": ["Operations"],
                "summary": "This page, or one like it",
                "description": "A page that reads and tries every endpoint, made from \#
        `/openapi.json`. It loads nothing from elsewhere.",
                "responses": {
                  "200": {
                    "description": "The page.",
                    "content": { "text/html": { "schema": { "type": "string" } } }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            },
            "/openapi.json": {
              "get": {
                "operationId": "openapi",
                "tags": ["Operations"],
                "summary": "The description of this API",
                "description": "This document: OpenAPI 3.1.",
                "responses": {
                  "200": {
                    "description": "The document.",
                    "content": {
                      "application/json": {
                        "schema": { "type": "object", "required": ["openapi", "info", "paths"] }
                      }
                    }
                  },
                  "400": { "$ref": "#/components/responses/Malformed" },
                  "405": { "$ref": "#/components/responses/MethodNotAllowed" },
                  "408": { "$ref": "#/components/responses/RequestTimeout" },
                  "414": { "$ref": "#/components/responses/TargetTooLong" },
                  "417": { "$ref": "#/components/responses/ExpectationFailed" },
                  "431": { "$ref": "#/components/responses/HeadTooLarge" },
                  "501": { "$ref": "#/components/responses/NotImplemented" },
                  "505": { "$ref": "#/components/responses/VersionNotSupported" }
                }
              }
            }
          },
          "components": {
            "securitySchemes": {
              "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of the node's `--token-file` (RFC 6750), where it has \#
        one; without it nothing is asked for. What it allows is any of `read`, `write` and \#
        `admin`; `cluster` is for nodes of the tree, whose tokens allow everything. Where no \#
        scope is named here any valid token does."
              }
            },
            "parameters": {
              "Key": {
                "name": "key",
                "in": "path",
                "required": true,
                "description": "1 to 511 bytes after percent-decoding, which is done once. A `/` \#
        may be part of it: send it as `%2F` (a plain `/` works too, and names the same key).",
                "schema": { "type": "string", "minLength": 1, "maxLength": 511 },
                "examples": {
                  "word": { "value": "greeting" },
                  "slash": { "summary": "A slash in the key: users%2F42", "value": "users/42" },
                  "unicode": { "summary": "UTF-8, percent-encoded", "value": "café ☕" }
                }
              },
              "WaitPropagate": {
                "name": "wait_propagate",
                "in": "query",
                "description": "`1`: answer when the parent has answered. `0`: answer at once, \#
        and tell the parent in the background.",
                "schema": { "type": "integer", "enum": [1, 0], "default": 1 }
              },
              "WaitForParent": {
                "name": "wait_for_parent",
                "in": "query",
                "description": "`true`: answer when the parent has answered. `false`: answer at \#
        once, and tell the parent in the background.",
                "schema": { "$ref": "#/components/schemas/Flag" }
              },
              "Ack": {
                "name": "ack",
                "in": "query",
                "description": "What the answer waits for. `local`: for nobody. `parent`: the \#
        parent has the write. `root`: the root has committed it. It wins over the wait flag; a \#
        contradiction between them is refused.",
                "schema": { "type": "string", "enum": ["local", "parent", "root"], "default": \#
        "parent" }
              },
              "CacheControl": {
                "name": "Cache-Control",
                "in": "header",
                "description": "`no-cache`: the root's answer, whatever the nodes on the way \#
        hold. `only-if-cached`: what this node holds, or `504`. `max-age=N`: nothing that may be \#
        older than N seconds. `min-fresh=N`: nothing that stays within the limit for less. Other \#
        directives are ignored.",
                "schema": { "type": "string" },
                "examples": {
                  "root": { "value": "no-cache" },
                  "age": { "value": "max-age=5" }
                }
              },
              "IfNoneMatchRead": {
                "name": "If-None-Match",
                "in": "header",
                "description": "Versions that you have, as a list of `ETag`s, or `*` for any: \#
        `304` without a body if the key has one of them.",
                "schema": { "$ref": "#/components/schemas/EntityTags" },
                "examples": { "any": { "value": "*" }, "tag": { "value": "\"1763711999.42\"" } }
              },
              "IfMatchRead": {
                "name": "If-Match",
                "in": "header",
                "description": "Versions that will do, as a list of `ETag`s, or `*` for any: \#
        `412` if the key has another.",
                "schema": { "$ref": "#/components/schemas/EntityTags" },
                "examples": { "tag": { "value": "\"1763711999.42\"" }, "any": { "value": "*" } }
              },
              "IfMatchWrite": {
                "name": "If-Match",
                "in": "header",
                "description": "Write only if the key has this version, or exists for `*`; \#
        decided at the root, `412` if not. One tag: a list of several of this tree's versions is \#
        refused. The answer comes when the root has decided, whatever `ack` says.",
                "schema": { "$ref": "#/components/schemas/EntityTag" },
                "examples": { "tag": { "value": "\"1763711999.42\"" }, "exists": { "value": "*" } }
              },
              "IfNoneMatchWrite": {
                "name": "If-None-Match",
                "in": "header",
                "description": "Write only if the key has another version than this, or doesn't \#
        exist for `*`; decided at the root, `412` if not. One tag, as above.",
                "schema": { "$ref": "#/components/schemas/EntityTag" },
                "examples": { "absent": { "value": "*" }, "tag": { "value": "\"1763711999.42\"" } }
              },
              "NodeName": {
                "name": "name",
                "in": "path",
                "required": true,
                "description": "The node's name; taken in capitals.",
                "schema": { "$ref": "#/components/schemas/NodeName" },
                "example": "NODE-4"
              }
            },
            "headers": {
              "ETag": {
                "description": "The version: the root's epoch and the number of its write. \#
        Strong. Absent while a write of this node isn't committed yet, and where nobody numbers \#
        the writes. On a `404` it is the version by which the key was absent.",
                "schema": { "type": "string", "pattern": "^\"[0-9]+\\.[0-9]+\"$" },
                "example": "\"1763711999.42\""
              },
              "Age": {
                "description": "`Staleness-Bound` in whole seconds, rounded down (RFC 9111).",
                "schema": { "type": "integer", "minimum": 0 },
                "example": 0
              },
              "StalenessBound": {
                "description": "Seconds, with three decimals: the answer was the root's at most \#
        this long ago. Absent when nothing bounds it: in mode `none`, and below a parent of an \#
        earlier system.",
                "schema": { "type": "string", "pattern": "^[0-9]+\\.[0-9]{3}$" },
                "example": "0.231"
              },
              "CacheStatus": {
                "description": "How the answer came about (RFC 9211): a member for each node it \#
        went through, the nearest last. `ttl` is how many seconds it stays within the tree's \#
        limit, and negative past it.",
                "schema": { "type": "string" },
                "example": "NODE-1; hit, NODE-2; fwd=uri-miss; stored, NODE-4; fwd=uri-miss; stored"
              },
              "WrittenETag": {
                "description": "The version of the write, when it is committed already: with \#
        `ack=root`, with a condition, and at the root.",
                "schema": { "type": "string", "pattern": "^\"[0-9]+\\.[0-9]+\"$" },
                "example": "\"1763711999.42\""
              }
            },
            "responses": {
              "RawBadRequest": {
                "description": "The key is empty, longer than 511 bytes, or badly escaped (a `%` \#
        without two hexadecimal digits); or `wait_propagate` is neither 0 nor 1, `ack` is none of \#
        its words, or they contradict each other; or a condition isn't made of tags in quotes, \#
        names several versions where something is written, or has `If-Match: *` beside a tag in \#
        `If-None-Match` there; or `Content-Type` has more than 255 bytes.",
                "content": {
                  "text/plain": {
                    "schema": { "type": "string" },
                    "example": "the key is too long: it must have 1 to 511 bytes after decoding"
                  }
                }
              },
              "RawNotFound": {
                "description": "No node on the way to the root has the key.",
                "headers": {
                  "ETag": { "$ref": "#/components/headers/ETag" },
                  "Age": { "$ref": "#/components/headers/Age" },
                  "Staleness-Bound": { "$ref": "#/components/headers/StalenessBound" },
                  "Cache-Status": { "$ref": "#/components/headers/CacheStatus" }
                },
                "content": { "text/plain": { "schema": { "type": "string" }, "example": "key not \#
        found" } }
              },
              "RawUnavailable": {
                "description": "The node lacks the key, and its parent can't be asked. Keys that \#
        the node holds are still read.",
                "content": {
                  "text/plain": {
                    "schema": { "type": "string" },
                    "example": "NODE-2 at 127.0.0.1:5002: the connection was refused"
                  }
                }
              },
              "RawNotConfirmed": {
                "description": "The parent is away, or too many writes wait for it: then nothing \#
        was changed, and `Retry-After` says when to try again. Or the parent didn't confirm in \#
        time: then the write is kept here and sent again. The text says which.",
                "headers": {
                  "Retry-After": {
                    "description": "Seconds; present when nothing was changed.",
                    "schema": { "type": "integer" },
                    "example": 1
                  }
                },
                "content": {
                  "text/plain": {
                    "schema": { "type": "string" },
                    "example": "too many writes wait for the parent; nothing was changed, try \#
        again later"
                  }
                }
              },
              "RawFull": {
                "description": "No room. The root gives nothing up to make some: it is the source \#
        of truth. Other nodes give up what was read longest ago, and answer this only for what \#
        doesn't fit at all.",
                "content": {
                  "text/plain": {
                    "schema": { "type": "string" },
                    "example": "no room: this node keeps 268435456 bytes at most (--memory)"
                  }
                }
              },
              "JSONBadKey": {
                "description": "The key is empty, longer than 511 bytes, or badly escaped (a `%` \#
        without two hexadecimal digits); or `ack` is none of its words, or contradicts the wait \#
        flag; or a condition isn't made of tags in quotes, names several versions where something \#
        is written, or has `If-Match: *` beside a tag in `If-None-Match` there.",
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": {
                      "detail": "the key is too long: it must have 1 to 511 bytes after decoding"
                    }
                  }
                }
              },
              "JSONNotFound": {
                "description": "No node on the way to the root has the key.",
                "headers": {
                  "ETag": { "$ref": "#/components/headers/ETag" },
                  "Age": { "$ref": "#/components/headers/Age" },
                  "Staleness-Bound": { "$ref": "#/components/headers/StalenessBound" },
                  "Cache-Status": { "$ref": "#/components/headers/CacheStatus" }
                },
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": { "detail": "Key not found" }
                  }
                }
              },
              "JSONUnavailable": {
                "description": "The node lacks the key, and its parent can't be asked. Keys that \#
        the node holds are still read.",
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": { "detail": "NODE-2 at 127.0.0.1:5002: the connection was refused" }
                  }
                }
              },
              "JSONNotConfirmed": {
                "description": "The parent is away, or too many writes wait for it: then nothing \#
        was changed, and `Retry-After` says when to try again. Or the parent didn't confirm in \#
        time: then the write is kept here and sent again. The text says which.",
                "headers": {
                  "Retry-After": {
                    "description": "Seconds; present when nothing was changed.",
                    "schema": { "type": "integer" },
                    "example": 1
                  }
                },
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": {
                      "detail": "too many writes wait for the parent; nothing was changed, try \#
        again later"
                    }
                  }
                }
              },
              "JSONFull": {
                "description": "No room. The root gives nothing up to make some: it is the source \#
        of truth. Other nodes give up what was read longest ago, and answer this only for what \#
        doesn't fit at all.",
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": { "detail": "no room: this node keeps 268435456 bytes at most \#
        (--memory)" }
                  }
                }
              },
              "JSONInvalid": {
                "description": "The body isn't JSON, `value` is missing, or the wait flag is no \#
        boolean.",
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/InvalidDetail" },
                    "example": {
                      "detail": [
                        {
                          "type": "missing",
                          "loc": ["body", "value"],
                          "msg": "Field required",
                          "input": { "wait_for_parent": true }
                        }
                      ]
                    }
                  }
                }
              },
              "JSONBadRequest": {
                "description": "Something is missing, or isn't what it should be.",
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": {
                      "detail": "id must be a number and ip an address: \#
        /clients/register?id=4&ip=10.0.1.70"
                    }
                  }
                }
              },
              "NotModified": {
                "description": "The key still has the version that you have.",
                "headers": {
                  "ETag": { "$ref": "#/components/headers/ETag" },
                  "Age": { "$ref": "#/components/headers/Age" },
                  "Staleness-Bound": { "$ref": "#/components/headers/StalenessBound" },
                  "Cache-Status": { "$ref": "#/components/headers/CacheStatus" }
                }
              },
              "RawUnmet": {
                "description": "The key isn't as the condition wants it; a write has changed \#
        nothing. `ETag` tells its version, if it is known.",
                "headers": { "ETag": { "$ref": "#/components/headers/ETag" } },
                "content": {
                  "text/plain": {
                    "schema": { "type": "string" },
                    "example": "nothing was changed: the key is not as If-Match or If-None-Match \#
        wants it"
                  }
                }
              },
              "JSONUnmet": {
                "description": "The key isn't as the condition wants it; a write has changed \#
        nothing. `ETag` tells its version, if it is known.",
                "headers": { "ETag": { "$ref": "#/components/headers/ETag" } },
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": {
                      "detail": "nothing was changed: the key is not as If-Match or If-None-Match \#
        wants it"
                    }
                  }
                }
              },
              "RawNotHeld": {
                "description": "`only-if-cached`, and what this node holds won't do.",
                "content": {
                  "text/plain": {
                    "schema": { "type": "string" },
                    "example": "nothing that is held here is what was asked for (only-if-cached)"
                  }
                }
              },
              "JSONNotHeld": {
                "description": "`only-if-cached`, and what this node holds won't do.",
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": {
                      "detail": "nothing that is held here is what was asked for (only-if-cached)"
                    }
                  }
                }
              },
              "RawUndecided": {
                "description": "The parent is a node of an earlier system: it knows neither \#
        conditions nor versions, so that nobody can decide the one or wait for the other. Or the \#
        method is unknown, or the body is coded in another way than `chunked`.",
                "content": {
                  "text/plain": {
                    "schema": { "type": "string" },
                    "example": "the parent is a node of an earlier system, which can't decide a \#
        condition"
                  },
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Not Implemented",
                      "status": 501,
                      "detail": "this node knows no such method"
                    }
                  }
                }
              },
              "JSONUndecided": {
                "description": "The parent is a node of an earlier system: it knows neither \#
        conditions nor versions, so that nobody can decide the one or wait for the other. Or the \#
        method is unknown, or the body is coded in another way than `chunked`.",
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": {
                      "detail": "the parent is a node of an earlier system, which can't decide a \#
        condition"
                    }
                  },
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Not Implemented",
                      "status": 501,
                      "detail": "this node knows no such method"
                    }
                  }
                }
              },
              "NotSynchronized": {
                "description": "The tree runs in another mode than `sync`: no change waits.",
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Conflict",
                      "status": 409,
                      "detail": "there is nothing to push: the tree runs in mode push, and only \#
        in mode sync do changes wait (--coherence sync)"
                    }
                  }
                }
              },
              "JSONTreeFull": {
                "description": "Every slot is taken, the name is the root's own, or, with \#
        ZooKeeper, a live process at another address has it.",
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": { "detail": "the tree is full: depth 3 has room for 7 nodes" }
                  }
                }
              },
              "JSONNotTheRoot": {
                "description": "This node isn't the root; ask the root.",
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": { "detail": "only the root registers nodes; it is at \#
        127.0.0.1:5001" }
                  }
                }
              },
              "ProblemBadRequest": {
                "description": "The body isn't JSON, or a field is missing or isn't what it \#
        should be.",
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Bad Request",
                      "status": 400,
                      "detail": "\"port\" is missing: it must be 1 to 65535"
                    }
                  }
                }
              },
              "TreeFull": {
                "description": "Every slot is taken, the name is the root's own, or, with \#
        ZooKeeper, a live process at another address has it.",
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Conflict",
                      "status": 409,
                      "detail": "the tree is full: depth 3 has room for 7 nodes"
                    }
                  }
                }
              },
              "TreeFrozen": {
                "description": "ZooKeeper, where the tree is recorded, can't be reached, and the \#
        name is new.",
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Service Unavailable",
                      "status": 503,
                      "detail": "ZooKeeper, where the tree is recorded, can't be reached: no new \#
        node is taken meanwhile"
                    }
                  }
                }
              },
              "NotTheRoot": {
                "description": "This node isn't the root; register there.",
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Misdirected Request",
                      "status": 421,
                      "detail": "only the root registers nodes; it is at 127.0.0.1:5001"
                    }
                  }
                }
              },
              "RootAway": {
                "description": "This node isn't the root, and the root can't be asked.",
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Service Unavailable",
                      "status": 503,
                      "detail": "the root at 127.0.0.1:5001 does not answer: the connection was \#
        refused"
                    }
                  }
                }
              },
              "NotReady": {
                "description": "Not yet.",
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Service Unavailable",
                      "status": 503,
                      "detail": "the root has not been asked yet"
                    }
                  }
                }
              },
              "RawUnauthorized": {
                "description": "There is no token, or it isn't valid here. Only where tokens are \#
        given out.",
                "x-common": true,
                "headers": {
                  "WWW-Authenticate": {
                    "description": "What is missing (RFC 6750).",
                    "schema": { "type": "string" },
                    "example": "Bearer realm=\"canopy\""
                  }
                },
                "content": {
                  "text/plain": {
                    "schema": { "type": "string" },
                    "example": "a token is needed: Authorization: Bearer TOKEN (--token-file)"
                  }
                }
              },
              "JSONUnauthorized": {
                "description": "There is no token, or it isn't valid here. Only where tokens are \#
        given out.",
                "x-common": true,
                "headers": {
                  "WWW-Authenticate": {
                    "description": "What is missing (RFC 6750).",
                    "schema": { "type": "string" },
                    "example": "Bearer realm=\"canopy\""
                  }
                },
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": { "detail": "a token is needed: Authorization: Bearer TOKEN \#
        (--token-file)" }
                  }
                }
              },
              "ProblemUnauthorized": {
                "description": "There is no token, or it isn't valid here. Only where tokens are \#
        given out.",
                "x-common": true,
                "headers": {
                  "WWW-Authenticate": {
                    "description": "What is missing (RFC 6750).",
                    "schema": { "type": "string" },
                    "example": "Bearer realm=\"canopy\""
                  }
                },
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Unauthorized",
                      "status": 401,
                      "detail": "a token is needed: Authorization: Bearer TOKEN (--token-file)"
                    }
                  }
                }
              },
              "RawForbidden": {
                "description": "The token is valid, but not for this.",
                "x-common": true,
                "headers": {
                  "WWW-Authenticate": {
                    "description": "What is missing (RFC 6750).",
                    "schema": { "type": "string" },
                    "example": "Bearer realm=\"canopy\", error=\"insufficient_scope\", \#
        scope=\"write\""
                  }
                },
                "content": {
                  "text/plain": {
                    "schema": { "type": "string" },
                    "example": "the token does not allow this"
                  }
                }
              },
              "JSONForbidden": {
                "description": "The token is valid, but not for this.",
                "x-common": true,
                "headers": {
                  "WWW-Authenticate": {
                    "description": "What is missing (RFC 6750).",
                    "schema": { "type": "string" },
                    "example": "Bearer realm=\"canopy\", error=\"insufficient_scope\", \#
        scope=\"write\""
                  }
                },
                "content": {
                  "application/json": {
                    "schema": { "$ref": "#/components/schemas/Detail" },
                    "example": { "detail": "the token does not allow this" }
                  }
                }
              },
              "ProblemForbidden": {
                "description": "The token is valid, but not for this.",
                "x-common": true,
                "headers": {
                  "WWW-Authenticate": {
                    "description": "What is missing (RFC 6750).",
                    "schema": { "type": "string" },
                    "example": "Bearer realm=\"canopy\", error=\"insufficient_scope\", \#
        scope=\"write\""
                  }
                },
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Forbidden",
                      "status": 403,
                      "detail": "the token does not allow this"
                    }
                  }
                }
              },
              "MethodNotAllowed": {
                "description": "The path knows other methods; `Allow` lists them.",
                "x-common": true,
                "headers": {
                  "Allow": {
                    "description": "The methods that the path knows.",
                    "schema": { "type": "string" },
                    "example": "GET, HEAD, PUT, DELETE, OPTIONS"
                  }
                },
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Method Not Allowed",
                      "status": 405,
                      "detail": "PATCH is not allowed here; see the field Allow"
                    }
                  }
                }
              },
              "Malformed": {
                "description": "The request isn't valid HTTP.",
                "x-common": true,
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Bad Request",
                      "status": 400,
                      "detail": "HTTP/1.1 needs a Host field."
                    }
                  }
                }
              },
              "VersionNotSupported": {
                "description": "The protocol isn't HTTP/1.0 or HTTP/1.1.",
                "x-common": true,
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "HTTP Version Not Supported",
                      "status": 505,
                      "detail": "Only HTTP/1.0 and HTTP/1.1 are spoken here."
                    }
                  }
                }
              },
              "RequestTimeout": {
                "description": "The request arrived too slowly: its head within 10 s, its body at \#
        1 KiB a second at least.",
                "x-common": true,
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Request Timeout",
                      "status": 408,
                      "detail": "the head of the request took too long to arrive"
                    }
                  }
                }
              },
              "BodyTooLarge": {
                "description": "The body is longer than the node takes: 1 MiB unless it is set \#
        otherwise. Said before the body is read.",
                "x-common": true,
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Content Too Large",
                      "status": 413,
                      "detail": "the body is longer than this node takes"
                    }
                  }
                }
              },
              "TargetTooLong": {
                "description": "The path with its query is longer than 8 KiB.",
                "x-common": true,
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "URI Too Long",
                      "status": 414,
                      "detail": "The request target is too long."
                    }
                  }
                }
              },
              "ExpectationFailed": {
                "description": "`Expect` asks for something other than `100-continue`.",
                "x-common": true,
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Expectation Failed",
                      "status": 417,
                      "detail": "The only expectation that can be met is 100-continue."
                    }
                  }
                }
              },
              "HeadTooLarge": {
                "description": "The head is longer than 16 KiB, or has more than 64 fields.",
                "x-common": true,
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Request Header Fields Too Large",
                      "status": 431,
                      "detail": "The head of the message is too long."
                    }
                  }
                }
              },
              "NotImplemented": {
                "description": "The method is unknown, or the body is coded in another way than \#
        `chunked`.",
                "x-common": true,
                "content": {
                  "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                    "example": {
                      "title": "Not Implemented",
                      "status": 501,
                      "detail": "this node knows no such method"
                    }
                  }
                }
              }
            },
            "schemas": {
              "EntityTags": {
                "type": "string",
                "description": "`*` alone, or entity tags in quotes with commas between them (RFC \#
        9110, section 8.8.3). Anything else is refused with `400`.",
                "pattern": "^(\\*|(W/)?\"[!#-~]*\"([ \\t]*,[ \\t]*(W/)?\"[!#-~]*\")*)$",
                "examples": ["*", "\"1763711999.42\"", "W/\"1763711999.42\", \"1763711999.43\""]
              },
              "EntityTag": {
                "type": "string",
                "description": "`*`, or one entity tag in quotes (RFC 9110, section 8.8.3). \#
        Anything else is refused with `400`.",
                "pattern": "^(\\*|(W/)?\"[!#-~]*\")$",
                "examples": ["*", "\"1763711999.42\""]
              },
              "JSONValue": { "description": "Any JSON value. Numbers come back as they were \#
        written." },
              "Flag": {
                "description": "`true` or `false`; also as the words and digits that are often \#
        sent for them, in capitals or not.",
                "anyOf": [
                  { "type": "boolean" },
                  {
                    "type": "string",
                    "pattern": \#
        "^([Tt]([Rr][Uu][Ee])?|[Yy]([Ee][Ss])?|[Oo][Nn]|1|[Ff]([Aa][Ll][Ss][Ee])?|[Nn][Oo]?|[Oo][F\#
        f][Ff]|0)$"
                  }
                ],
                "default": true
              },
              "NodeName": {
                "type": "string",
                "description": "1 to 64 letters, digits, dots, underscores and hyphens, but not \#
        `.` or `..`; taken in capitals.",
                "pattern": "^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,64}$",
                "minLength": 1,
                "maxLength": 64
              },
              "Host": {
                "description": "A host name or a numeric address.",
                "anyOf": [
                  { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,253}$" },
                  { "type": "string", "format": "ipv6" }
                ]
              },
              "StoreRequest": {
                "type": "object",
                "required": ["value"],
                "properties": {
                  "value": { "$ref": "#/components/schemas/JSONValue" },
                  "wait_for_parent": {
                    "anyOf": [
                      { "$ref": "#/components/schemas/Flag" },
                      { "type": "number", "enum": [0, 1] }
                    ],
                    "description": "Whether the answer waits for the parent's. `ack` in the query \#
        can say more."
                  }
                }
              },
              "StoredPair": {
                "type": "object",
                "required": ["key", "value"],
                "properties": {
                  "key": { "type": "string", "description": "The key, decoded." },
                  "value": { "$ref": "#/components/schemas/JSONValue" }
                }
              },
              "StoredValue": {
                "type": "object",
                "required": ["value"],
                "properties": {
                  "value": { "$ref": "#/components/schemas/JSONValue" },
                  "encoding": {
                    "const": "base64",
                    "description": "Present when the value is neither JSON nor UTF-8 text: \#
        `value` is its Base64."
                  }
                }
              },
              "DeletedKey": {
                "type": "object",
                "required": ["key"],
                "properties": { "key": { "type": "string", "description": "The key, decoded." } }
              },
              "Detail": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                  "detail": { "type": "string", "description": "What went wrong, for a person." }
                }
              },
              "InvalidDetail": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                  "detail": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                      "type": "object",
                      "required": ["type", "loc", "msg"],
                      "properties": {
                        "type": { "type": "string", "description": "The kind of mistake." },
                        "loc": {
                          "type": "array",
                          "description": "Where it is: `body` or `query`, then the way to the \#
        field.",
                          "items": { "type": ["string", "integer"] }
                        },
                        "msg": { "type": "string", "description": "The mistake, for a person." },
                        "input": {
                          "description": "What was found there; of more than 1 KiB, the beginning."
                        },
                        "ctx": {
                          "type": "object",
                          "required": ["error"],
                          "properties": {
                            "error": { "type": "string", "description": "What the JSON parser \#
        says." }
                          }
                        }
                      }
                    }
                  }
                }
              },
              "Problem": {
                "type": "object",
                "description": "A problem as in RFC 9457.",
                "required": ["title", "status"],
                "properties": {
                  "type": {
                    "type": "string",
                    "description": "A URI for the kind of problem; absent when the status says it \#
        all.",
                    "format": "uri-reference",
                    "default": "about:blank"
                  },
                  "title": { "type": "string", "description": "The kind of problem, in a few \#
        words." },
                  "status": {
                    "type": "integer",
                    "description": "The HTTP status.",
                    "minimum": 400,
                    "maximum": 599
                  },
                  "detail": { "type": "string", "description": "This occurrence, and what to do \#
        about it." }
                }
              },
              "NodeContact": {
                "type": "object",
                "required": ["name", "slot", "address", "port", "api"],
                "properties": {
                  "name": { "type": "string", "description": "Its name, in capitals." },
                  "slot": {
                    "type": "integer",
                    "description": "Its place: the root is 1, the children of i are 2i and 2i + 1.",
                    "minimum": 1,
                    "maximum": 65535
                  },
                  "address": { "type": "string", "description": "The address at which it is \#
        reached." },
                  "port": {
                    "type": "integer",
                    "description": "The port at which it is reached.",
                    "minimum": 1,
                    "maximum": 65535
                  },
                  "api": {
                    "type": "string",
                    "description": "What it speaks: `canopy`, or the API of an earlier system.",
                    "enum": ["canopy", "kv", "store"]
                  }
                }
              },
              "Registration": {
                "type": "object",
                "required": ["name", "address", "port"],
                "properties": {
                  "name": { "$ref": "#/components/schemas/NodeName" },
                  "address": {
                    "$ref": "#/components/schemas/Host",
                    "description": "The host name or numeric address at which other nodes reach it."
                  },
                  "port": {
                    "type": "integer",
                    "description": "The port at which other nodes reach it.",
                    "minimum": 1,
                    "maximum": 65535
                  },
                  "slot": {
                    "type": ["integer", "null"],
                    "description": "The slot it had before: a root that has forgotten gives it \#
        back if it is vacant.",
                    "minimum": 1,
                    "maximum": 65535
                  },
                  "parent": {
                    "type": ["string", "null"],
                    "description": "The name of the ancestor that it is attached to, as the tree \#
        spells it; absent while there is none.",
                    "pattern": "^(?!\\.{1,2}$|[0-9]{1,18}$)[A-Z0-9._-]{1,64}$"
                  },
                  "by": {
                    "type": ["string", "null"],
                    "description": "How it is attached: by the ordered `link`, or in plain `http` \#
        to a node of an earlier system.",
                    "enum": ["link", "http", null]
                  },
                  "coherence": {
                    "type": ["string", "null"],
                    "description": "The coherence mode that it keeps to.",
                    "enum": ["push", "ttl", "sync", "none", null]
                  }
                }
              },
              "Place": {
                "type": "object",
                "required": ["name", "slot", "parent", "path", "settings"],
                "properties": {
                  "name": { "type": "string", "description": "The node's name, in capitals." },
                  "slot": { "type": "integer", "description": "Its place in the tree.", \#
        "minimum": 1 },
                  "parent": {
                    "description": "Whom to ask and to tell; `null` for the root.",
                    "oneOf": [{ "$ref": "#/components/schemas/NodeContact" }, { "type": "null" }]
                  },
                  "path": {
                    "type": "array",
                    "description": "The way from the root down to the parent; empty for the root.",
                    "items": { "$ref": "#/components/schemas/PathNode" }
                  },
                  "settings": { "$ref": "#/components/schemas/Settings" }
                }
              },
              "PathNode": {
                "allOf": [
                  { "$ref": "#/components/schemas/NodeContact" },
                  {
                    "type": "object",
                    "required": ["state"],
                    "properties": {
                      "state": {
                        "type": "string",
                        "description": "Whether the root hears of it: whom to try first when the \#
        parent is gone.",
                        "enum": ["live", "gone", "unknown"]
                      }
                    }
                  }
                ]
              },
              "Settings": {
                "type": "object",
                "description": "What the root tells every node that joins.",
                "required": ["coherence", "depth", "heartbeat_seconds"],
                "properties": {
                  "coherence": {
                    "type": "string",
                    "enum": ["push", "ttl", "sync", "none"],
                    "description": "What happens to copies when a key changes: told at once, left \#
        to expire, told in rounds, or nothing."
                  },
                  "depth": {
                    "type": "integer",
                    "description": "Levels of the tree, the root being the first.",
                    "minimum": 1,
                    "maximum": 16
                  },
                  "heartbeat_seconds": {
                    "type": "integer",
                    "description": "How often the root wants to hear from the node.",
                    "minimum": 1
                  }
                }
              },
              "TreeNode": {
                "type": "object",
                "required": [
                  "name",
                  "slot",
                  "address",
                  "port",
                  "api",
                  "state",
                  "last_seen_seconds",
                  "depth"
                ],
                "properties": {
                  "name": { "type": "string", "description": "Its name, in capitals." },
                  "slot": {
                    "type": "integer",
                    "description": "Its place: the root is 1, the children of i are 2i and 2i + 1.",
                    "minimum": 1,
                    "maximum": 65535
                  },
                  "address": { "type": "string", "description": "The address at which it is \#
        reached." },
                  "port": {
                    "type": "integer",
                    "description": "The port at which it is reached.",
                    "minimum": 1,
                    "maximum": 65535
                  },
                  "api": {
                    "type": "string",
                    "description": "What it speaks: `canopy`, or the API of an earlier system.",
                    "enum": ["canopy", "kv", "store"]
                  },
                  "state": {
                    "type": "string",
                    "description": "Whether it lives: `gone` when its ZooKeeper session has ended \#
        or, without ZooKeeper, when it missed its heartbeats; `unknown` for a node of an earlier \#
        system, which sends none.",
                    "enum": ["live", "gone", "unknown"]
                  },
                  "gone_seconds": {
                    "type": "integer",
                    "description": "For how long it has been gone; absent for others.",
                    "minimum": 0
                  },
                  "last_seen_seconds": {
                    "type": "integer",
                    "description": "How long ago the root last heard from it; 0 for the root.",
                    "minimum": 0
                  },
                  "depth": {
                    "type": "integer",
                    "description": "Its level in the tree; the root's is 1.",
                    "minimum": 1,
                    "maximum": 16
                  },
                  "parent": {
                    "type": "string",
                    "description": "The name of the ancestor that it is attached to; absent while \#
        there is none."
                  },
                  "by": {
                    "type": "string",
                    "description": "How it is attached: by the ordered `link`, or in plain `http` \#
        to a node of an earlier system.",
                    "enum": ["link", "http"]
                  },
                  "coherence": {
                    "type": "string",
                    "description": "The coherence mode that it keeps to.",
                    "enum": ["push", "ttl", "sync", "none"]
                  },
                  "session": {
                    "type": "string",
                    "description": "The number of its ZooKeeper session; absent without one.",
                    "examples": ["0x10000ab12cd0003"]
                  }
                }
              },
              "Tree": {
                "type": "object",
                "required": ["root", "depth", "coherence", "nodes"],
                "properties": {
                  "root": { "type": "string", "description": "The name of the root." },
                  "depth": {
                    "type": "integer",
                    "description": "Levels of the tree, the root being the first.",
                    "minimum": 1,
                    "maximum": 16
                  },
                  "coherence": {
                    "type": "string",
                    "enum": ["push", "ttl", "sync", "none"],
                    "description": "What happens to copies when a key changes: told at once, left \#
        to expire, told in rounds, or nothing."
                  },
                  "nodes": {
                    "type": "array",
                    "description": "In the order of their slots.",
                    "items": { "$ref": "#/components/schemas/TreeNode" }
                  }
                }
              },
              "TreeArray": {
                "type": "object",
                "required": ["binary_tree_array"],
                "properties": {
                  "binary_tree_array": {
                    "type": "array",
                    "description": "Slot i stands at index i − 1.",
                    "items": { "type": ["string", "null"] }
                  }
                }
              },
              "ParentPath": {
                "type": "object",
                "required": ["path"],
                "properties": {
                  "path": { "type": "string", "description": "The absolute path of the parent." }
                }
              },
              "NumberedPlace": {
                "type": "object",
                "required": ["zk_path"],
                "properties": {
                  "parent_id": {
                    "type": "integer",
                    "description": "The parent's number; absent for the root."
                  },
                  "parent_ip": {
                    "type": "string",
                    "description": "The parent's address; absent for the root."
                  },
                  "zk_path": { "type": "string", "description": "The node's own path." }
                }
              },
              "NodeStatus": {
                "type": "object",
                "required": ["status", "node", "address"],
                "properties": {
                  "status": { "const": "alive" },
                  "node": { "type": "string", "description": "The node's name." },
                  "address": { "type": "string", "description": "The node's address." }
                }
              },
              "Version": {
                "type": "object",
                "required": ["name", "version", "node", "root"],
                "properties": {
                  "name": { "const": "canopy" },
                  "version": { "type": "string", "description": "As in Semantic Versioning." },
                  "node": { "type": "string", "description": "The node's name." },
                  "root": { "type": "boolean", "description": "Whether it is the root." }
                }
              }
            }
          }
        }

        """#
}
