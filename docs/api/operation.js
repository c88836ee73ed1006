"use strict";

const METHODS = ["get", "head", "put", "post", "delete", "patch", "options"];

/** Follows `$ref`s inside the document. */
function resolved(api, value) {
  let found = value;
  while (found && found.$ref) {
    const names = found.$ref.slice(2).split("/");
    found = names.reduce(
      (node, name) => node[name.replace(/~1/g, "/").replace(/~0/g, "~")], api);
  }
  return found;
}

/** Every operation of the document in its order, with its path, method and all its parameters. */
function operationsOf(api) {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    Object.keys(item).filter((method) => METHODS.includes(method)).map((method) => ({
      ...item[method],
      path,
      method,
      id: item[method].operationId,
      tag: (item[method].tags || ["Other"])[0],
      parameters: [...(item.parameters || []), ...(item[method].parameters || [])]
        .map((parameter) => resolved(api, parameter)),
      requestBody: resolved(api, item[method].requestBody),
    })));
}

/** A path with its parameters set apart. */
function pathNodes(path) {
  const parts = path.split(/(\{[^}]+\})/);
  return parts.map((part) => (part.startsWith("{") ? element("em", {}, part) : part));
}

function firstExample(holder) {
  if (holder.example !== undefined) return holder.example;
  const [named] = Object.values(holder.examples || {});
  return named && named.value;
}

/** An example as the text that would travel. */
function exampleText(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** The whole article of one operation. */
function operationArticle(api, operation, base) {
  const { id, method, path } = operation;
  return element("article", { class: "op", id, "aria-labelledby": id + "-title" },
    element("h3", { id: id + "-title", tabindex: "-1" }, operation.summary || id,
      element("a", { class: "anchor", href: "#" + id, "aria-label": "Link to this: " + id }, "#")),
    element("p", { class: "line" },
      element("span", { class: "badge " + method }, method.toUpperCase()),
      element("code", { class: "path" }, pathNodes(path))),
    element("div", { class: "columns" },
      element("div", {}, prose(operation.description || ""), bodyFields(api, operation),
        answers(api, operation)),
      tryForm(api, operation, base)));
}

function bodyFields(api, operation) {
  if (!operation.requestBody) return null;
  const { description, content } = operation.requestBody;
  const fields = Object.values(content).map((media) => fieldList(api, media.schema));
  const said = description ? element("p", {}, inline(description)) : null;
  return element("div", {}, element("h4", {}, "Body"), said, fields);
}

function answers(api, operation) {
  const all = Object.entries(operation.responses)
    .map(([status, response]) => [status, resolved(api, response)]);
  const own = all.filter(([, response]) => !response["x-common"]);
  const common = all.filter(([, response]) => response["x-common"]);
  return element("div", {}, element("h4", {}, "Answers"),
    own.map(([status, response]) => answer(api, status, response)),
    common.length ? element("details", { class: "answer" },
      element("summary", {}, element("span", { class: "code any" }, "any"),
        element("span", {}, "As to every request: " + common.map(([status]) => status).join(", "))),
      element("div", { class: "inside nested" },
        common.map(([status, response]) => answer(api, status, response)))) : null);
}

function answer(api, status, response) {
  const tone = status < 300 ? "good" : status < 500 ? "other" : "bad";
  const headline = [element("span", { class: "code " + tone }, status),
    element("span", {}, inline(response.description))];
  const inside = [...headerNodes(api, response), ...contentNodes(api, response.content)];
  if (!inside.length) {
    return element("div", { class: "answer" }, element("div", { class: "bare" }, headline));
  }
  return element("details", { class: "answer" }, element("summary", {}, headline),
    element("div", { class: "inside" }, inside));
}

function headerNodes(api, response) {
  return Object.entries(response.headers || {}).map(([name, value]) => {
    const header = resolved(api, value);
    return element("p", {},
      element("code", {}, "example" in header ? name + ": " + header.example : name), " ",
      inline(header.description || ""));
  });
}

function contentNodes(api, content) {
  return Object.entries(content || {}).flatMap(([type, media]) => {
    const shown = media.examples ? Object.values(media.examples) : [{ value: media.example }];
    return [element("p", { class: "type" }, type === "*/*" ? "any other type" : type),
      ...shown.filter((example) => example.value !== undefined).flatMap((example) => [
        example.summary && shown.length > 1 ? note(example.summary) : null,
        element("pre", {}, /json/.test(type)
          ? prettyJSON(JSON.stringify(example.value)) : exampleText(example.value))]),
      fieldList(api, media.schema)];
  });
}

function dashed(description) {
  return description ? " – " + description : "";
}

/** A schema's type in words. */
function kindOf(api, schema) {
  const plain = resolved(api, schema);
  if ("const" in plain) return JSON.stringify(plain.const);
  if (plain.enum) return plain.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (plain.oneOf) return plain.oneOf.map((option) => kindOf(api, option)).join(" or ");
  if (plain.type === "array") return "array of " + kindOf(api, plain.items || {});
  return [plain.type || "any"].flat().join(" or ");
}

/** The fields of an object, or of the objects in an array; null when there are none. */
function fieldList(api, schema, depth = 0) {
  const plain = resolved(api, schema);
  if (!plain || depth > 4) return null;
  const within = plain.items || (plain.oneOf && plain.oneOf.find((option) => option.$ref));
  if (within) return fieldList(api, within, depth);
  if (!plain.properties) return null;
  const required = plain.required || [];
  return element("ul", { class: "fields" }, Object.entries(plain.properties).map(
    ([name, field]) => element("li", {}, element("code", {}, name),
      element("span", { class: "kind" },
        kindOf(api, field) + (required.includes(name) ? "" : ", optional")),
      inline(dashed(resolved(api, field).description)), fieldList(api, field, depth + 1))));
}
