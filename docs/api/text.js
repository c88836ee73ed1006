"use strict";

/** Makes an element; `on…` attributes are listeners, and strings become text, never markup. */
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** Text with `code` and **strong** spans, as nodes. */
function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**")) return element("strong", {}, part.slice(2, -2));
    if (part.startsWith("`")) return element("code", {}, part.slice(1, -1));
    return part;
  });
}

/** Paragraphs, parted by blank lines. */
function prose(text) {
  const paragraphs = text.split("\n\n").map((part) => element("p", {}, inline(part)));
  return element("div", { class: "prose" }, paragraphs);
}

/** Parses JSON; numbers keep the form they were written in where the browser can (`2.0`). */
function parseJSON(text) {
  return JSON.parse(text, (key, value, context) =>
    typeof value === "number" && JSON.rawJSON && context && context.source !== String(value)
      ? JSON.rawJSON(context.source) : value);
}

/**
 * JSON text, indented anew and coloured, token by token: no number passes through the browser's
 * arithmetic, so that a 30-digit integer is shown as it came. Takes valid JSON only.
 */
function prettyJSON(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[\]{}[,:]|[^\s\]{}[,:"]+/g) || [];
  const output = document.createDocumentFragment();
  let depth = 0;
  const breakLine = () => output.append("\n" + "  ".repeat(depth));
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === "{" || token === "[") {
      output.append(token);
      depth += 1;
      if (next !== "}" && next !== "]") breakLine();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      const before = tokens[index - 1];
      if (before !== "{" && before !== "[") breakLine();
      output.append(token);
    } else if (token === ",") {
      output.append(token);
      breakLine();
    } else if (token === ":") {
      output.append(": ");
    } else {
      output.append(scalar(token, next === ":"));
    }
  });
  return output;
}

function scalar(token, isName) {
  if (isName) return token;
  const kind = token.startsWith('"') ? "string" : /^[-\d]/.test(token) ? "number" : "word";
  return element("span", { class: "t-" + kind }, token);
}

/** The text of bytes that are UTF-8 without control characters other than white space; or null. */
function textOf(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return /[\x00-\x08\x0e-\x1f\x7f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** Rows of 8 bytes: offset, hexadecimal, printable ASCII. */
function hexDump(bytes) {
  const rows = [];
  for (let at = 0; at < bytes.length; at += 8) {
    const row = Array.from(bytes.subarray(at, at + 8));
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const shown = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "."));
    rows.push(at.toString(16).padStart(4, "0") + "  " + hex.padEnd(24) + " " + shown.join(""));
  }
  return rows.join("\n");
}

function countOf(number, noun) {
  return number.toLocaleString("en") + " " + noun + (number === 1 ? "" : "s");
}
