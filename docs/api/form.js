"use strict";

/** The part of an article that sends the request: inputs, the line for a shell, the answer. */
function tryForm(api, operation, base) {
  const line = element("code");
  const result = element("div", { class: "result", "aria-live": "polite" });
  const warning = element("p", { class: "hint warn", role: "status" });
  const button = element("button", { class: "primary", type: "submit" }, "Send");
  const form = element("form", { class: "try", "aria-label": "Try " + operation.id },
    element("h4", {}, "Try it"),
    operation.parameters.map((parameter) => parameterField(api, operation, parameter)),
    operation.requestBody ? bodyInputs(operation) : null,
    operation["x-caution"] ? element("p", { class: "caution" }, operation["x-caution"]) : null,
    element("div", { class: "actions" }, button),
    element("div", { class: "curl" }, element("h4", {}, "With curl"), copyButton(line),
      element("pre", { tabindex: "0", "aria-label": "The same request with curl" }, line)),
    warning, result);
  const refresh = () => {
    const { text, problem } = described(operation, form, base);
    line.textContent = text;
    warning.textContent = problem;
  };
  form.addEventListener("input", refresh);
  form.addEventListener("change", refresh);
  document.getElementById("page-token").addEventListener("input", refresh);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onSubmit(operation, form, base, button, result);
  });
  refresh();
  return form;
}

/** The request as a line for a shell, and what is doubtful about it. */
function described(operation, form, base) {
  let request;
  try {
    request = requestOf(operation, form, base);
  } catch {
    return { text: "", problem: "This holds half a character, which can't be sent as UTF-8." };
  }
  let problem = "";
  if (hasDotSegment(request.url)) {
    problem = "A browser can't send this key: it takes . and .. for steps in the path. curl can.";
  } else if (request.headers["Content-Type"] === "application/json" && !request.file && request.body) {
    try {
      JSON.parse(request.body);
    } catch (error) {
      problem = "The body isn't JSON: " + error.message;
    }
  }
  return { text: curlLine(request), problem };
}

function parameterField(api, operation, parameter) {
  const id = operation.id + "-" + parameter.in + "-" + parameter.name;
  const { anyOf, ...whole } = resolved(api, parameter.schema);
  // Of several types the first is what people choose from.
  const schema = anyOf ? { ...anyOf[0], ...whole } : whole;
  const name = parameter.in + "-" + parameter.name;
  const where = {
    path: "in the path, escaped for you", query: "in the query", header: "in the head",
  }[parameter.in];
  const shared = { id, name, "aria-describedby": id + "-hint" };
  return element("div", { class: "field" },
    element("label", { for: id }, parameter.name + " ",
      element("small", {}, where + (parameter.required ? "" : ", optional"))),
    parameterInput(parameter, schema, shared),
    element("p", { class: "hint", id: id + "-hint" }, inline(parameter.description || "")));
}

function parameterInput(parameter, schema, shared) {
  const choices = schema.enum || (schema.type === "boolean" ? [true, false] : null);
  if (choices) {
    const standard = "not sent" + (schema.default === undefined ? "" : " (" + schema.default + ")");
    return element("select", shared,
      parameter.required ? [] : element("option", { value: "" }, standard),
      choices.map((choice) => element("option", {}, String(choice))));
  }
  const suggestions = Object.values(parameter.examples || {});
  const input = element("input", {
    ...shared,
    type: "text",
    value: parameter.required ? String(firstExample(parameter) ?? "") : "",
    required: parameter.required === true,
    inputmode: schema.type === "integer" ? "numeric" : "text",
    list: suggestions.length > 1 && shared.id + "-list",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
  });
  if (suggestions.length < 2) return input;
  return [input, element("datalist", { id: shared.id + "-list" }, suggestions.map(
    ({ value, summary }) => element("option", { value }, summary || "")))];
}

/** The editor of a body: examples to begin with, the media type, the text or a file. */
function bodyInputs(operation) {
  const id = operation.id + "-body";
  const { content, required } = operation.requestBody;
  const types = Object.keys(content);
  const takesBytes = types.includes("*/*");
  const text = element("textarea", { id, name: "body", spellcheck: "false", rows: "5" });
  const type = element("input", {
    id: id + "-type", name: "contentType", type: takesBytes ? "text" : "hidden",
    value: types[0], list: takesBytes && id + "-types", autocomplete: "off", spellcheck: "false",
  });
  const examples = types.flatMap((name) => {
    const named = content[name].examples || { [name]: content[name] };
    return Object.entries(named).map(([key, example]) => ({
      type: name, summary: example.summary || key, value: example.value ?? example.example,
    })).filter((example) => example.value !== undefined);
  });
  const fill = ({ type: name, value }) => {
    text.value = exampleText(value);
    type.value = name;
  };
  if (examples.length) fill(examples[0]);
  return [
    examples.length > 1 ? exampleField(id, examples, fill) : null,
    element("div", { class: "field" },
      element("label", { for: id }, "body ",
        element("small", {}, (takesBytes ? "of any type" : types[0])
          + (required ? "" : ", optional"))),
      text),
    takesBytes ? bytesFields(id, type, types) : type,
  ];
}

function exampleField(id, examples, fill) {
  const choose = (event) => fill(examples[event.target.value]);
  return element("div", { class: "field" },
    element("label", { for: id + "-example" }, "example ",
      element("small", {}, "to start the body from")),
    element("select", { id: id + "-example", oninput: choose },
      examples.map(({ summary }, index) => element("option", { value: String(index) }, summary))));
}

function bytesFields(id, type, types) {
  return [
    element("div", { class: "field" },
      element("label", { for: id + "-file" }, "file ",
        element("small", {}, "instead of the text above, optional")),
      element("input", {
        id: id + "-file", name: "file", type: "file",
        oninput: ({ target }) => {
          if (target.files.length) type.value = target.files[0].type || "application/octet-stream";
        },
      })),
    element("div", { class: "field" },
      element("label", { for: id + "-type" }, "Content-Type ",
        element("small", {}, "in the head, optional")),
      type,
      element("datalist", { id: id + "-types" },
        types.filter((name) => name !== "*/*").map((name) => element("option", { value: name })))),
  ];
}

function copyButton(source) {
  const button = element("button", { type: "button", "aria-label": "Copy the curl line" }, "Copy");
  const said = (text) => {
    button.textContent = text;
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      said("Copied");
    } catch {
      // The clipboard is there on https and localhost alone: select the line for Ctrl-C instead.
      getSelection().selectAllChildren(source);
      said("Selected");
    }
  });
  return button;
}

/** Sends, or stops what is on its way: the button says which. */
async function onSubmit(operation, form, base, button, result) {
  if (form.underWay) {
    form.underWay.abort();
    return;
  }
  form.underWay = new AbortController();
  button.textContent = "Stop";
  try {
    const request = requestOf(operation, form, base);
    result.replaceChildren(...answerNodes(await send(request, form.underWay.signal)));
  } catch (error) {
    result.replaceChildren(note(error.name === "AbortError" ? "Stopped."
      : "No answer (" + error.message + "). Does the node still run at " + base + "?"));
  } finally {
    form.underWay = null;
    button.textContent = "Send";
  }
}
