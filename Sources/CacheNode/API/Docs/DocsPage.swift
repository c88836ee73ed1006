// Made by docs/api/embed.py from docs/api/docs.html, .css and .js: change those, and run it.

/// What this API is, for people: the answer to `GET /docs`.
enum DocsPage {
    /// The field line that the page is served with: its scripts and style may run,
    /// known by their hashes, and it may ask this node.
    static let policyLine: StaticString = #"""
        Content-Security-Policy: default-src 'none'; style-src \#
        'sha256-0L533eqimJyHBCNUTi0zVNb8IlHmz79jrAQtqyyUZqk='; script-src \#
        'sha256-NVlY0jsD5HR/g0EC/bdKRjl2HQaTroXS3HDvfjzNLTw=' \#
        'sha256-Yg04aS/ZI/A/hygJRLR56agMXoC8AzZ540mP6Yy0bn4=' \#
        'sha256-BAlbWTQCgHJJXCVb7KWjCxrhSNpRlZaeJErHxpbP+34=' \#
        'sha256-calRRYk242e19Lpykyf+VUbWgULOSqLeNuGTanMuIWs=' \#
        'sha256-0cnA82KIfq+Za0OCEKK7d8o5xqqq0e8V40CrII9BiLA='; connect-src 'self'; img-src data:; \#
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'\#r\#n
        """#

    static let html: StaticString = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Canopy API</title>
        <link rel="icon" href="data:,">
        <style>
        :root {
          color-scheme: light dark;
          --paper: #fbfaf6;
          --card: #f3f1ea;
          --field: #ffffff;
          --ink: #1d2420;
          --soft: #59645d;
          --line: #dedbd0;
          --edge: #8b948d;
          --accent: #1b6a45;
          --on-accent: #ffffff;
          --get: #1b6a45;
          --put: #8a5300;
          --post: #1f5a9e;
          --delete: #ae2f2b;
          --head: #6a4a96;
          --string: #1b6a45;
          --number: #8a5300;
          --word: #6a4a96;
          --serif: "Iowan Old Style", Charter, "Palatino Linotype", Palatino, "Noto Serif", \#
        Georgia, serif;
          --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
          --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #131715;
            --card: #1a201d;
            --field: #0f1311;
            --ink: #e3e8e4;
            --soft: #9ca8a0;
            --line: #2b332e;
            --edge: #6c7971;
            --accent: #6fcf9c;
            --on-accent: #0c1a13;
            --get: #6fcf9c;
            --put: #e3b062;
            --post: #83b9f2;
            --delete: #f2928c;
            --head: #c3a7ea;
            --string: #8fd6b0;
            --number: #e3b062;
            --word: #c3a7ea;
          }
        }

        /* Ground */
        *, *::before, *::after { box-sizing: border-box; }
        [hidden] { display: none !important; }
        html { scroll-padding-top: 4.5rem; }
        body {
          margin: 0;
          background: var(--paper);
          color: var(--ink);
          font: 1rem/1.6 var(--sans);
          overflow-wrap: break-word;
        }
        p, ul, pre, h1, h2, h3, h4 { margin: 0; }
        h1, h2, h3 { font-family: var(--serif); font-weight: 600; line-height: 1.2; text-wrap: \#
        balance; }
        code, pre, textarea, .mono { font-family: var(--mono); font-size: .875em; }
        code { overflow-wrap: anywhere; }
        pre code { font-size: inherit; }
        a { color: var(--accent); text-underline-offset: .2em; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: \#
        3px; }
        main:focus-visible { outline: none; }
        .skip { position: absolute; left: -100vw; z-index: 3; }
        .skip:focus { left: .5rem; top: .5rem; padding: .5rem 1rem; background: var(--paper); }

        /* Rail */
        .rail { padding: 1rem 1.25rem .75rem; border-bottom: 1px solid var(--line); }
        .masthead { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .75rem; }
        .brand {
          display: flex; align-items: center; gap: .5rem;
          color: var(--ink); text-decoration: none;
          font: 600 1.375rem/1 var(--serif);
        }
        .brand svg { fill: var(--accent); stroke: var(--accent); stroke-width: 1.5; \#
        stroke-linecap: round; }
        .version { color: var(--soft); font: .8125rem/1 var(--mono); padding-top: .25rem; }
        .node { color: var(--soft); font-size: .8125rem; }
        .node::before {
          content: ""; display: inline-block; width: .5rem; height: .5rem; margin-right: .5rem;
          border-radius: 50%; background: var(--get);
        }
        .find { display: flex; align-items: center; gap: .5rem; margin-top: .75rem; }
        .find label { position: absolute; clip-path: inset(50%); width: 1px; overflow: hidden; }
        .find input { flex: 1; min-width: 0; }
        .find + .find { margin-top: .375rem; }
        .found { color: var(--soft); font-size: .8125rem; min-height: 0; }
        #page-nav { display: none; margin-top: .5rem; }
        #page-nav.open { display: block; }
        #page-nav h2 { margin: 1rem 0 .25rem; font: 600 .75rem/1.4 var(--sans); color: \#
        var(--soft); }
        #page-nav ul { list-style: none; padding: 0; }
        #page-nav a {
          display: grid; grid-template-columns: 3.25rem minmax(0, 1fr); align-items: baseline;
          padding: .25rem .5rem; margin: 0 -.5rem;
          color: var(--ink); text-decoration: none; font-size: .8125rem; border-radius: 4px;
        }
        #page-nav a:hover { background: var(--card); }
        #page-nav a[aria-current] { background: var(--card); box-shadow: inset 2px 0 \#
        var(--accent); }
        #page-nav .verb { font: 600 .625rem/1 var(--mono); letter-spacing: .03em; }
        #page-nav code { font-size: .8125rem; }

        /* Methods */
        .get { --tone: var(--get); }
        .put { --tone: var(--put); }
        .post { --tone: var(--post); }
        .delete { --tone: var(--delete); }
        .head { --tone: var(--head); }
        .verb { color: var(--tone); }
        .badge {
          display: inline-block; padding: .3em .55em; border-radius: 4px;
          font: 600 .75rem/1 var(--mono); letter-spacing: .04em;
          color: var(--tone); background: color-mix(in srgb, var(--tone) 13%, transparent);
        }

        /* Text */
        main { padding: 1.5rem 1.25rem 4rem; container-type: inline-size; }
        .intro { max-width: 42rem; padding-bottom: 1rem; }
        .intro h1 { font-size: clamp(2rem, 1.5rem + 2vw, 2.75rem); letter-spacing: -.01em; }
        .intro .lead {
          font: italic 1.1875rem/1.45 var(--serif); color: var(--soft); margin: .25rem 0 1.5rem;
        }
        .prose > * + * { margin-top: .75rem; }
        .group { margin-top: 3rem; }
        .group > h2 { font-size: 1.75rem; }
        .group > .prose { color: var(--soft); margin-top: .25rem; }
        .op { padding: 2rem 0; border-bottom: 1px solid var(--line); }
        .op h3 { font-size: 1.25rem; }
        .op h3 .anchor { text-decoration: none; opacity: 0; padding: 0 .3em; font-weight: 400; }
        .op h3:hover .anchor, .op h3 .anchor:focus-visible, .op:target .anchor { opacity: 1; }
        .line {
          display: flex; align-items: center; flex-wrap: wrap; gap: .25rem .625rem;
          margin: .5rem 0 1rem;
        }
        .line .path { font-size: .9375rem; }
        .path em { font-style: normal; color: var(--soft); }
        .columns { display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr); \#
        align-items: start; }
        @container (min-width: 52rem) {
          .columns { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 2.5rem; }
          .try { position: sticky; top: 1rem; }
        }
        .op h4 { font: 600 .8125rem/1.4 var(--sans); color: var(--soft); margin: 1.25rem 0 .25rem; }

        /* Answers */
        .answer { border-top: 1px solid var(--line); font-size: .9375rem; }
        .answer:last-child { border-bottom: 1px solid var(--line); }
        .answer > summary, .answer > .bare {
          display: grid; grid-template-columns: 3rem minmax(0, 1fr) .75rem; padding: .5rem 0;
        }
        .answer > summary { cursor: pointer; list-style: none; }
        .answer > summary::-webkit-details-marker { display: none; }
        .answer > summary::after {
          content: ""; align-self: center; width: .4rem; height: .4rem; transform: rotate(45deg);
          border: solid var(--soft); border-width: 0 1.5px 1.5px 0;
        }
        .answer[open] > summary::after { transform: rotate(225deg); }
        .answer > .inside { padding: 0 0 1rem 3rem; }
        .answer > .nested { padding: 0; }
        .nested .answer:last-child { border-bottom: 0; }
        .code { font: 600 .875rem/1.7 var(--mono); }
        .good { --tone: var(--get); color: var(--tone); }
        .bad { --tone: var(--delete); color: var(--tone); }
        .any { color: var(--soft); }
        .other { --tone: var(--put); color: var(--tone); }
        .type { color: var(--soft); font: .8125rem/1.6 var(--mono); margin-top: .5rem; }
        .fields { list-style: none; padding: 0; font-size: .875rem; }
        .fields .fields {
          padding-left: .875rem; border-left: 1px solid var(--line); margin: .25rem 0 .5rem;
        }
        .fields li { padding: .1875rem 0; }
        .fields .kind { color: var(--soft); }
        .fields .kind::before { content: " "; }
        pre {
          padding: .75rem .875rem; border-radius: 6px; background: var(--card);
          font-size: .8125rem; line-height: 1.55; overflow: auto; white-space: pre-wrap;
          overflow-wrap: anywhere; tab-size: 2;
        }
        .inside pre { margin: .25rem 0 .5rem; }
        .t-string { color: var(--string); }
        .t-number { color: var(--number); }
        .t-word { color: var(--word); }

        /* Try */
        .try { background: var(--card); border-radius: 10px; padding: 1rem 1.125rem 1.125rem; }
        .try pre { background: var(--field); }
        .try h4:first-child { margin-top: 0; }
        .field { margin-top: .875rem; }
        .field > label { display: block; font: 600 .8125rem/1.5 var(--mono); }
        .field > label small { font: .8125rem var(--sans); color: var(--soft); }
        .hint { color: var(--soft); font-size: .8125rem; line-height: 1.45; margin-top: .25rem; }
        .hint code { font-size: .95em; }
        .hint.warn, .caution { color: var(--put); }
        .caution { font-size: .875rem; line-height: 1.45; margin-top: 1rem; }
        input, select, textarea, button {
          font: inherit; font-size: .9375rem; color: var(--ink); background: var(--field);
          border: 1px solid var(--edge); border-radius: 6px; padding: .4375rem .625rem; \#
        max-width: 100%;
        }
        .field input, .field select, .field textarea {
          width: 100%; margin-top: .25rem; font-family: var(--mono); font-size: .875rem;
        }
        .field textarea { min-height: 5.5rem; resize: vertical; line-height: 1.5; display: block; }
        .field input[type="file"] { font-family: var(--sans); font-size: .8125rem; }
        button { cursor: pointer; background: transparent; }
        button:hover:not(:disabled) { border-color: var(--accent); color: var(--accent); }
        button:disabled, input:disabled { opacity: .55; cursor: default; }
        .primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent);
          font-weight: 600; padding-inline: 1.25rem; }
        .primary:hover:not(:disabled) { color: var(--on-accent); filter: brightness(1.1); }
        .actions { display: flex; align-items: center; gap: .75rem; margin-top: 1rem; }
        .curl { display: grid; grid-template-columns: 1fr auto; align-items: end; margin-top: \#
        1rem; }
        .curl h4 { margin: 0; }
        .curl button { font-size: .8125rem; padding: .125rem .625rem; }
        .curl pre { grid-column: 1 / -1; margin-top: .375rem; min-width: 0; white-space: pre;
          font-size: .75rem; }
        .result { margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
        .result:empty { display: none; }
        .result .status { display: flex; flex-wrap: wrap; align-items: baseline; gap: .125rem \#
        .875rem; }
        .result .status strong { font: 600 1rem var(--mono); color: var(--tone); }
        .result .status span { color: var(--soft); font-size: .8125rem; }
        .result pre { margin-top: .5rem; max-height: 24rem; }
        .result .dump { white-space: pre; font-size: .75rem; }
        .result details { margin-top: .5rem; font-size: .875rem; }
        .result summary { cursor: pointer; color: var(--soft); }

        /* Notices */
        .notice { max-width: 42rem; padding: 2rem 0; color: var(--soft); }
        .notice.failed { color: var(--ink); }
        .notice h1 { font-size: 1.5rem; margin-bottom: .5rem; }
        .notice button { margin-top: 1rem; }
        footer { padding-top: 2rem; color: var(--soft); font-size: .875rem; }

        @media (max-width: 61.99rem) {
          /* The masthead scrolls away; the filter and the contents stay. */
          .rail { position: sticky; top: -2.5rem; z-index: 2; background: var(--paper); }
          .rail { padding-block: .625rem; }
          .masthead { height: 2.375rem; padding-bottom: .5rem; flex-wrap: nowrap; }
          .node { margin-left: auto; overflow: hidden; white-space: nowrap; text-overflow: \#
        ellipsis; }
          .find { margin-top: 0; }
          #page-nav { max-height: calc(100dvh - 8rem); overflow: auto; }
        }
        @media (min-width: 62rem) {
          html { scroll-padding-top: 1rem; }
          .page { display: grid; grid-template-columns: 18rem minmax(0, 1fr); }
          .rail {
            position: sticky; top: 0; height: 100dvh; overflow: auto; padding: 2rem 1.5rem;
            border: 0; border-right: 1px solid var(--line);
          }
          #page-contents { display: none; }
          .node { width: 100%; }
          #page-nav { display: block; }
          .found { min-height: 1.3rem; margin-top: .25rem; }
          main { padding: 3rem clamp(2rem, 4vw, 4rem) 6rem; max-width: 84rem; }
        }
        @media print { .rail, .try { display: none; } .page { display: block; } }
        </style>
        </head>
        <body>
        <a class="skip" href="#page-main">Skip to the content</a>
        <div class="page">
          <header class="rail">
            <div class="masthead">
              <a class="brand" href="#page-main">
                <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
                  <path d="M12 5v4M12 9 6 14M12 9l6 5M6 14v4M18 14v4"/>
                  <circle cx="12" cy="4.5" r="2.5"/><circle cx="6" cy="14" r="2"/>
                  <circle cx="18" cy="14" r="2"/><circle cx="6" cy="20" r="2"/>
                  <circle cx="18" cy="20" r="2"/>
                </svg>
                <span id="page-brand">Canopy</span>
              </a>
              <span id="page-version" class="version"></span>
              <span id="page-node" class="node" hidden></span>
            </div>
            <div class="find">
              <label for="page-filter">Filter</label>
              <input id="page-filter" type="search" placeholder="path, method, word" \#
        autocomplete="off"
                spellcheck="false" aria-describedby="page-found" aria-keyshortcuts="/" disabled>
              <button id="page-contents" type="button" aria-expanded="false" \#
        aria-controls="page-nav"
                disabled>Contents</button>
            </div>
            <div class="find">
              <label for="page-token">Token</label>
              <input id="page-token" type="password" placeholder="token, if the node asks for one"
                autocomplete="off" spellcheck="false" aria-describedby="page-token-hint">
              <span id="page-token-hint" hidden>Sent with every request from this page, and kept \#
        in it
                alone.</span>
            </div>
            <p id="page-found" class="found" role="status"></p>
            <nav id="page-nav" aria-label="Operations"></nav>
          </header>
          <main id="page-main" tabindex="-1">
            <div id="page-notice" class="notice" role="status">Reading the description of this \#
        API…</div>
            <noscript><div class="notice">This page is made from <a \#
        href="openapi.json">openapi.json</a>
              by a script. Without scripts, read that document itself.</div></noscript>
          </main>
        </div>
        <script>
        "use strict";

        /** Makes an element; `on…` attributes are listeners, and strings become text, never \#
        markup. */
        function element(name, attributes = {}, ...children) {
          const node = document.createElement(name);
          for (const [key, value] of Object.entries(attributes)) {
            if (value === false || value === undefined) continue;
            if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
            else node.setAttribute(key, value === true ? "" : value);
          }
          node.append(...children.flat(Infinity).filter((child) => child !== null && child !== \#
        undefined));
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

        /** Parses JSON; numbers keep the form they were written in where the browser can \#
        (`2.0`). */
        function parseJSON(text) {
          return JSON.parse(text, (key, value, context) =>
            typeof value === "number" && JSON.rawJSON && context && context.source !== String(value)
              ? JSON.rawJSON(context.source) : value);
        }

        /**
         * JSON text, indented anew and coloured, token by token: no number passes through the \#
        browser's
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

        /** The text of bytes that are UTF-8 without control characters other than white space; \#
        or null. */
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
            const shown = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) \#
        : "."));
            rows.push(at.toString(16).padStart(4, "0") + "  " + hex.padEnd(24) + " " + \#
        shown.join(""));
          }
          return rows.join("\n");
        }

        function countOf(number, noun) {
          return number.toLocaleString("en") + " " + noun + (number === 1 ? "" : "s");
        }
        </script>
        <script>
        "use strict";

        /** Bytes of an answer that are kept and shown; the rest is read and counted. */
        const SHOWN_BYTES_MAX = 64 * 1024;
        /** Bytes of an answer that isn't text that are shown as a dump. */
        const DUMPED_BYTES_MAX = 512;

        /** A value as one segment of a path or one value of a query; also safe inside '…' of a \#
        shell. */
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
         * What the form says, as a request: `{ method, url, headers, body, file }`, `headers` an \#
        object.
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

        /** Browsers take `.` and `..`, escaped or not, for steps in a path; curl can be told not \#
        to. */
        function hasDotSegment(url) {
          return url.split("?")[0].split("/").slice(3).some((part) => part === "." || part === \#
        "..");
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
          else if (request.body !== undefined) lines.push("--data-raw " + \#
        shellQuoted(request.body));
          return lines.join(" \\\n  ");
        }

        /** Sends the request: `{ response, milliseconds, byteCount, bytes }`, the bytes up to \#
        the limit. */
        async function send(request, signal) {
          const started = performance.now();
          const response = await fetch(request.url, {
            method: request.method,
            body: request.body,
            // With no-store a browser adds no-cache, which asks the root, unless another \#
        directive is there.
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
            if (byteCount < kept.length) kept.set(value.subarray(0, kept.length - byteCount), \#
        byteCount);
            byteCount += value.length;
          }
          const bytes = kept.subarray(0, Math.min(byteCount, kept.length));
          return { response, milliseconds: performance.now() - started, byteCount, bytes };
        }

        /** The answer as nodes: status, time and size, headers, body. */
        function answerNodes({ response, milliseconds, byteCount, bytes }) {
          const tone = response.status < 300 ? "good" : response.status < 500 ? "other" : "bad";
          const time = milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds);
          const headers = Array.from(response.headers, ([name, value]) => name + ": " + \#
        value).join("\n");
          return [
            element("p", { class: "status" },
              element("strong", { class: tone }, (response.status + " " + \#
        response.statusText).trim()),
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
          return shown === total ? countOf(total, "byte") + "." : "The first " + \#
        shown.toLocaleString("en")
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
        </script>
        <script>
        "use strict";

        /** The part of an article that sends the request: inputs, the line for a shell, the \#
        answer. */
        function tryForm(api, operation, base) {
          const line = element("code");
          const result = element("div", { class: "result", "aria-live": "polite" });
          const warning = element("p", { class: "hint warn", role: "status" });
          const button = element("button", { class: "primary", type: "submit" }, "Send");
          const form = element("form", { class: "try", "aria-label": "Try " + operation.id },
            element("h4", {}, "Try it"),
            operation.parameters.map((parameter) => parameterField(api, operation, parameter)),
            operation.requestBody ? bodyInputs(operation) : null,
            operation["x-caution"] ? element("p", { class: "caution" }, operation["x-caution"]) : \#
        null,
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
            return { text: "", problem: "This holds half a character, which can't be sent as \#
        UTF-8." };
          }
          let problem = "";
          if (hasDotSegment(request.url)) {
            problem = "A browser can't send this key: it takes . and .. for steps in the path. \#
        curl can.";
          } else if (request.headers["Content-Type"] === "application/json" && !request.file && \#
        request.body) {
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
            const standard = "not sent" + (schema.default === undefined ? "" : " (" + \#
        schema.default + ")");
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
            value: types[0], list: takesBytes && id + "-types", autocomplete: "off", spellcheck: \#
        "false",
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
              examples.map(({ summary }, index) => element("option", { value: String(index) }, \#
        summary))));
        }

        function bytesFields(id, type, types) {
          return [
            element("div", { class: "field" },
              element("label", { for: id + "-file" }, "file ",
                element("small", {}, "instead of the text above, optional")),
              element("input", {
                id: id + "-file", name: "file", type: "file",
                oninput: ({ target }) => {
                  if (target.files.length) type.value = target.files[0].type || \#
        "application/octet-stream";
                },
              })),
            element("div", { class: "field" },
              element("label", { for: id + "-type" }, "Content-Type ",
                element("small", {}, "in the head, optional")),
              type,
              element("datalist", { id: id + "-types" },
                types.filter((name) => name !== "*/*").map((name) => element("option", { value: \#
        name })))),
          ];
        }

        function copyButton(source) {
          const button = element("button", { type: "button", "aria-label": "Copy the curl line" \#
        }, "Copy");
          const said = (text) => {
            button.textContent = text;
            setTimeout(() => { button.textContent = "Copy"; }, 1500);
          };
          button.addEventListener("click", async () => {
            try {
              await navigator.clipboard.writeText(source.textContent);
              said("Copied");
            } catch {
              // The clipboard is there on https and localhost alone: select the line for Ctrl-C \#
        instead.
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
        </script>
        <script>
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

        /** Every operation of the document in its order, with its path, method and all its \#
        parameters. */
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
              element("a", { class: "anchor", href: "#" + id, "aria-label": "Link to this: " + id \#
        }, "#")),
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
                element("span", {}, "As to every request: " + common.map(([status]) => \#
        status).join(", "))),
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
            const shown = media.examples ? Object.values(media.examples) : [{ value: \#
        media.example }];
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
        </script>
        <script>
        "use strict";

        const byId = (id) => document.getElementById(id);
        /** A part of the page itself; an operation has its own id, unprefixed. */
        const part = (name) => byId("page-" + name);

        /** Reads the document and makes the page of it, or says why it can't. */
        async function load() {
          const notice = part("notice");
          notice.className = "notice";
          notice.replaceChildren("Reading the description of this API…");
          notice.hidden = false;
          const source = new URL("openapi.json", location.href);
          let api;
          try {
            const response = await fetch(source, { cache: "no-store" });
            if (!response.ok) throw new Error("the node answered " + response.status);
            api = parseJSON(await response.text());
            show(api, new URL(".", source).href);
          } catch (error) {
            part("main").replaceChildren(notice);
            notice.className = "notice failed";
            notice.replaceChildren(
              element("h1", {}, "The description of this API can't be read"),
              element("p", {}, "This page is made from ",
                element("a", { href: source.href }, source.pathname),
                ", and that failed: " + error.message + ". Does the node still run at "
                + source.origin + "?"),
              element("button", { type: "button", class: "primary", onclick: load }, "Retry"));
          }
        }

        function show(api, base) {
          const operations = operationsOf(api);
          const names = (api.tags || []).map((tag) => tag.name);
          for (const { tag } of operations) if (!names.includes(tag)) names.push(tag);
          const groups = names.map((name) => ({
            name,
            description: (api.tags.find((tag) => tag.name === name) || {}).description || "",
            operations: operations.filter((operation) => operation.tag === name),
          })).filter((group) => group.operations.length);
          document.title = api.info.title + " API";
          part("brand").textContent = api.info.title;
          part("version").textContent = api.info.version;
          part("nav").replaceChildren(...groups.map(railGroup));
          part("main").replaceChildren(part("notice"), intro(api),
            ...groups.map((group) => section(api, group, base)), footer(base));
          part("notice").hidden = true;
          for (const name of ["filter", "contents"]) part(name).disabled = false;
          filter();
          followScroll();
          goToHash();
          greet(base);
          part("token").addEventListener("change", () => greet(base));
        }

        function intro(api) {
          return element("section", { class: "intro" },
            element("h1", {}, api.info.title),
            api.info.summary ? element("p", { class: "lead" }, api.info.summary) : null,
            prose(api.info.description || ""));
        }

        function section(api, group, base) {
          return element("section", { class: "group" }, element("h2", {}, group.name),
            prose(group.description),
            group.operations.map((operation) => operationArticle(api, operation, base)));
        }

        function footer(base) {
          return element("footer", {}, "Made from ",
            element("a", { href: base + "openapi.json" }, "openapi.json"),
            ", which any OpenAPI 3.1 tool can read.");
        }

        function railGroup(group) {
          return element("div", { class: "rail-group" }, element("h2", {}, group.name),
            element("ul", {}, group.operations.map((operation) => element("li",
              { "data-id": operation.id, "data-words": wordsOf(operation) },
              element("a", { href: "#" + operation.id, title: operation.summary || "" },
                element("span", { class: "verb " + operation.method }, \#
        operation.method.toUpperCase()),
                element("code", {}, operation.path))))));
        }

        /** What the filter looks through. */
        function wordsOf(operation) {
          return [operation.method, operation.path, operation.id, operation.tag, operation.summary,
            operation.description, ...operation.parameters.map((parameter) => parameter.name),
            ...Object.keys(operation.responses)].join(" ").toLowerCase();
        }

        /** Hides the operations that lack one of the words asked for. */
        function filter() {
          const words = part("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
          const rows = Array.from(document.querySelectorAll("#page-nav li"));
          let count = 0;
          for (const row of rows) {
            const matches = words.every((word) => row.dataset.words.includes(word));
            row.hidden = byId(row.dataset.id).hidden = !matches;
            count += matches ? 1 : 0;
          }
          for (const group of document.querySelectorAll(".rail-group, .group")) {
            group.hidden = !group.querySelector("li:not([hidden]), .op:not([hidden])");
          }
          document.querySelector(".intro").hidden = words.length > 0;
          part("found").textContent = !words.length ? ""
            : count ? count + " of " + rows.length : "Nothing matches. Esc shows all again.";
        }

        /** Marks in the rail what is being read. */
        function followScroll() {
          const links = new Map(Array.from(document.querySelectorAll("#page-nav li"),
            (row) => [row.dataset.id, row.querySelector("a")]));
          const observer = new IntersectionObserver((entries) => {
            for (const { target, isIntersecting } of entries) {
              const link = links.get(target.id);
              if (isIntersecting) link.setAttribute("aria-current", "location");
              else link.removeAttribute("aria-current");
            }
          }, { rootMargin: "-20% 0px -79% 0px" });
          for (const id of links.keys()) observer.observe(byId(id));
        }

        /** Shows the operation that the address names. */
        function goToHash() {
          const target = byId(location.hash.slice(1));
          if (!target || !target.matches(".op")) return;
          if (target.hidden) clearFilter();
          closeContents();
          target.scrollIntoView();
          target.querySelector("h3").focus({ preventScroll: true });
        }

        function clearFilter() {
          part("filter").value = "";
          filter();
        }

        function closeContents() {
          part("contents").setAttribute("aria-expanded", "false");
          part("nav").classList.remove("open");
        }

        /** Says which node this is; without an answer it says nothing. */
        async function greet(base) {
          try {
            const { node, address } = await (await fetch(base, {
              headers: tokenHeaders(), cache: "no-store",
            })).json();
            if (!node) return;
            part("node").textContent = node + " at " + address;
            part("node").hidden = false;
          } catch {
            part("node").hidden = true;
          }
        }

        part("filter").addEventListener("input", filter);
        part("contents").addEventListener("click", () => {
          const opens = part("contents").getAttribute("aria-expanded") !== "true";
          part("contents").setAttribute("aria-expanded", String(opens));
          part("nav").classList.toggle("open", opens);
        });
        addEventListener("hashchange", goToHash);
        addEventListener("keydown", (event) => {
          const isTyping = event.target.matches("input, textarea, select");
          if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
            event.preventDefault();
            part("filter").focus();
          } else if (event.key === "Escape") {
            clearFilter();
            closeContents();
          }
        });
        load();
        </script>
        </body>
        </html>

        """#
}
