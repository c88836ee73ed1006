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
        element("span", { class: "verb " + operation.method }, operation.method.toUpperCase()),
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
