"use strict";

/** Bytes of an answer that are kept and shown; the rest is read and counted. */
const SHOWN_BYTES_MAX = 64 * 1024;
/** Bytes of an answer that isn't text that are shown as a dump. */
const DUMPED_BYTES_MAX = 512;

/** A value as one segment of a path or one value of a query; also safe inside '…' of a shell. */
function percentEncoded(text) {
  return encodeURIComponent(text).replace(/'/g, "%27");
}

/** The field that shows the token typed into the page, which nothing else remembers. */
function tokenHeaders() {
  const token = document.getElementById("page-token").value.trim();
  return token ? { Authorization: "Bearer " + token } : {};
}

function shellQuoted(text) {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : "'" + text.replace(/'/g, "'\\''") + "'";
}

/**
 * What the form says, as a request: `{ method, url, headers, body, file }`, `headers` an object.
 * Throws URIError for text that isn't Unicode (half a surrogate pair).
 */
function requestOf(operation, form, base) {
  const query = [];
  const headers = operation.security && operation.security.length ? tokenHeaders() : {};
  let path = operation.path;
  for (const parameter of operation.parameters) {
    const value = form.elements[parameter.in + "-" + parameter.name].value;
    if (parameter.in === "path") {
      path = path.replace("{" + parameter.name + "}", () => percentEncoded(value));
    } else if (parameter.in === "header") {
      if (value.trim()) headers[parameter.name] = value.trim();
    } else if (value !== "") {
      query.push(percentEncoded(parameter.name) + "=" + percentEncoded(value));
    }
  }
  const url = base + path.slice(1) + (query.length ? "?" + query.join("&") : "");
  const request = { method: operation.method.toUpperCase(), url, headers };
  if (operation.requestBody) {
    const chosen = form.elements.file;
    request.file = chosen && chosen.files.length ? chosen.files[0] : null;
    const type = form.elements.contentType.value.trim();
    if (type) headers["Content-Type"] = type;
    request.body = request.file || form.elements.body.value;
  }
  return request;
}

/** Browsers take `.` and `..`, escaped or not, for steps in a path; curl can be told not to. */
function hasDotSegment(url) {
  return url.split("?")[0].split("/").slice(3).some((part) => part === "." || part === "..");
}

/** The same request for a shell. */
function curlLine(request) {
  const words = ["curl"];
  if (request.method === "HEAD") words.push("-I");
  else if (request.method !== "GET") words.push("-X " + request.method);
  if (hasDotSegment(request.url)) words.push("--path-as-is");
  const lines = [words.concat(shellQuoted(request.url)).join(" ")];
  for (const [name, value] of Object.entries(request.headers)) {
    // A shell's history is no place for a token.
    lines.push("-H " + (name === "Authorization" ? '"Authorization: Bearer $TOKEN"'
      : shellQuoted(name + ": " + value)));
  }
  if (request.file) lines.push("--data-binary " + shellQuoted("@" + request.file.name));
  else if (request.body !== undefined) lines.push("--data-raw " + shellQuoted(request.body));
  return lines.join(" \\\n  ");
}

/** Sends the request: `{ response, milliseconds, byteCount, bytes }`, the bytes up to the limit. */
async function send(request, signal) {
  const started = performance.now();
  const response = await fetch(request.url, {
    method: request.method,
    body: request.body,
    // With no-store a browser adds no-cache, which asks the root, unless another directive is there.
    headers: { "Cache-Control": "max-stale", ...request.headers },
    cache: "no-store",
    redirect: "manual",
    signal,
  });
  const kept = new Uint8Array(SHOWN_BYTES_MAX);
  let byteCount = 0;
  const reader = response.body ? response.body.getReader() : null;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    if (byteCount < kept.length) kept.set(value.subarray(0, kept.length - byteCount), byteCount);
    byteCount += value.length;
  }
  const bytes = kept.subarray(0, Math.min(byteCount, kept.length));
  return { response, milliseconds: performance.now() - started, byteCount, bytes };
}

/** The answer as nodes: status, time and size, headers, body. */
function answerNodes({ response, milliseconds, byteCount, bytes }) {
  const tone = response.status < 300 ? "good" : response.status < 500 ? "other" : "bad";
  const time = milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds);
  const headers = Array.from(response.headers, ([name, value]) => name + ": " + value).join("\n");
  return [
    element("p", { class: "status" },
      element("strong", { class: tone }, (response.status + " " + response.statusText).trim()),
      element("span", {}, time + " ms"),
      element("span", {}, byteCount ? countOf(byteCount, "byte") : "no body")),
    element("details", {},
      element("summary", {}, countOf(Array.from(response.headers).length, "header")),
      element("pre", { tabindex: "0", "aria-label": "Headers of the answer" }, headers)),
    ...bodyNodes(response.headers.get("Content-Type") || "", bytes, byteCount),
  ];
}

function bodyNodes(type, bytes, byteCount) {
  if (!byteCount) return [];
  const body = element("pre", { tabindex: "0", "aria-label": "Body of the answer" });
  const isCut = byteCount > bytes.length;
  // A cut may fall inside a character: up to 3 bytes at the end aren't judged.
  const text = textOf(bytes) ?? (isCut ? textAtCut(bytes) : null);
  if (text === null) {
    const dumped = bytes.subarray(0, DUMPED_BYTES_MAX);
    body.className = "dump";
    body.append(hexDump(dumped));
    return [note("Not text. " + shownOf(dumped.length, byteCount)), body];
  }
  body.append(!isCut && /json/.test(type) ? formatted(text) : text);
  return isCut ? [note(shownOf(bytes.length, byteCount)), body] : [body];
}

function textAtCut(bytes) {
  for (const missing of [1, 2, 3]) {
    const text = textOf(bytes.subarray(0, bytes.length - missing));
    if (text !== null) return text;
  }
  return null;
}

function shownOf(shown, total) {
  return shown === total ? countOf(total, "byte") + "." : "The first " + shown.toLocaleString("en")
    + " of " + countOf(total, "byte") + ".";
}

function formatted(text) {
  try {
    JSON.parse(text);
    return prettyJSON(text);
  } catch {
    return text;
  }
}

function note(text) {
  return element("p", { class: "hint" }, text);
}
