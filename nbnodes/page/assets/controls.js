// Native inputs (page/fields.py) become controls, whose values are as control/wire.py writes them.
"use strict";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const found = (within, what) => [...within.querySelectorAll(what)];
const partIn = (root) => (name) => root.querySelector(`[data-part="${name}"]`);
const make = (name, text, more) => Object.assign(document.createElement(name), { textContent: text }, more);

// ---- numbers: a place on a grid is a whole number of steps, so that nothing drifts

// What handles move on: how many places there are, which value stands where. `grid` names them all.
function line({ type, values, low, high, step, base, digits }, grid) {
  if (type === "choices") {
    const index = (value) => Math.max(0, values.findIndex((one) => same(one, value)));
    return { size: values.length, at: (place) => values[place], index };
  }
  if (step == null) return { at: (place) => place, index: (value) => value }; // a place is the value itself
  const rounded = (place) => Number(((low ?? 0) + place * step).toFixed(digits));
  const at = type === "powers" ? (place) => grid?.[place] ?? base ** (low + place * step) : rounded;
  if (low == null || high == null) return { at };
  const size = Math.floor((high - low) / step + 1e-9) + 1;
  const index = (value) => {
    const near = type === "powers" ? Math.log(value) / Math.log(base) : value;
    const place = Math.floor((near - low) / step + 0.5 + 1e-9);
    return Math.min(size - 1, Math.max(0, place || 0));
  };
  return { size, at, index };
}

function nearest(domain, grid, isFree, value) {
  const { low, high, step, is_whole: isWhole } = domain;
  const on = line(domain, grid);
  const bounded = Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value));
  if (isFree && bounded !== value) return isWhole ? Math.round(value) : value;
  if (on.size) return on.at(on.index(value));
  return step == null ? bounded : on.at(Math.round((bounded - (low ?? 0)) / step));
}

// ---- for addresses and other programs, who know no tags: {"date": "2001-02-03"} is its text

function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  return value && typeof value === "object" ? plain(Object.values(value)[0]) : value;
}

// Written as `nbnodes.notebook.validation.Text` reads it.
function asQuery(entries) {
  const words = { null: "None", true: "True", false: "False" };
  const text = (value) => (typeof value === "string" ? value : words[value] ?? JSON.stringify(value));
  return String(new URLSearchParams(entries.map(([address, value]) => [address, text(plain(value))])));
}

function curlLine(url, entries, isGuarded) {
  const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);
  const token = isGuarded ? ' -H "Authorization: Bearer $NBNODES_TOKEN"' : "";
  const body = JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name, plain(value)])));
  return `curl -X POST ${quoted(new URL(url, location).href)}${token}`
    + ` -H 'Content-Type: application/json' -d ${quoted(body)}`;
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // a page without https may not use the clipboard
    prompt("Copy this:", text);
  }
  const word = button.dataset.word ??= button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = word; }, 1500);
}

// ---- moments: a browser writes 2001-02-03T04:05, Python 2001-02-03T04:05:00+00:00

const ZONE = /(T.*)([+-]\d\d:\d\d|Z)$/;
const localText = (text) => text?.replace(ZONE, "$1").replace(/(\.\d{3})\d*$/, "$1") ?? "";
const isoText = (local, zone) => local.replace(/(^|T)\d\d:\d\d$/, "$&:00") + zone;

// One control: `value`, `settle(value)`, `refuse(text)`; `changed(control)` hears of each change.
function makeControl(root, known, changed) {
  const { kind, domain, grid } = known;
  const [isPair, isSeveral] = [domain.type === "pairs", domain.type === "several"];
  const of = isPair ? domain.of : domain;
  const on = line(of, grid);
  const unit = root.querySelector(".nb-unit")?.textContent ?? "";
  const all = (name) => found(root, `[data-part="${name}"]`);
  const part = partIn(root);
  const inputs = found(root, "[data-inputs] :is(input,select,textarea,button)");
  const control = { known, address: root.dataset.address, settle };
  let behind; // what is set when the tick for none is taken away

  const read = (handle) => on.at(Number(handle.value));
  const both = () => ["low", "high"].map((end) => read(part(end)));
  const shown = (value) => {
    if (of.type === "choices") return of.labels[on.index(value)];
    return String(of.type === "powers" ? Number(value.toPrecision(6)) : value);
  };
  const place = (handle, value) => {
    handle.value = on.index(value);
    handle.setAttribute("aria-valuetext", `${shown(value)} ${unit}`.trim());
  };
  const put = (name, text) => { // what is being typed in is left alone
    if (part(name) && part(name) !== document.activeElement) part(name).value = text;
  };
  const numberOf = (value) => String(value === null ? "" : domain.values.findIndex((one) => same(one, value)));

  // How a value is shown...
  const draws = {
    check: (value, box) => { box.checked = value; },
    range: (value, handle) => place(handle, value),
    number: (value) => put("number", value),
    choice: (value, list) => { list.value = numberOf(value); },
    moment: (value) => put("moment", localText(value)),
    picker: (value, picker) => { picker.value = value; },
    text: (value) => put("text", value),
    said: (value, output) => { output.textContent = [value].flat().map(shown).join(" to "); },
    low: (value, handle) => {
      ["low", "high"].forEach((end, at) => {
        place(part(end), value[at]);
        put(`${end}-box`, value[at]);
        const share = (part(end).value - handle.min) / (handle.max - handle.min || 1);
        handle.parentNode.style.setProperty(`--${end}`, `${100 * share}%`);
      });
    },
    option: (value) => {
      for (const one of all("option")) {
        one.checked = isSeveral ? value.some((chosen) => same(chosen, domain.of.values[one.value])) : one.value === numberOf(value);
      }
    },
    chips: (values, list) => list.replaceChildren(...values.map((value) => {
      const item = make("li", "");
      const button = make("button", "×", { type: "button", ariaLabel: `Remove ${value} from ${known.label}` });
      button.dataset.part = "remove";
      item.append(make("span", value), button);
      return item;
    })),
  };

  // ...and what it is set to. Undefined: not yet anything, such as half a number.
  const end = (moved) => { // it does not pass the other
    const [low, high] = [part("low"), part("high")];
    if (Number(low.value) > Number(high.value)) (moved === low ? high : low).value = moved.value;
    return both();
  };
  const boxed = (_, isDone) => {
    const pair = ["low-box", "high-box"].map((name) => takes.number(part(name), isDone));
    const isWrong = pair.includes(undefined) || (pair[0] > pair[1] && !isDone);
    return isWrong ? undefined : pair.sort((one, other) => one - other);
  };
  const takes = {
    none: (tick) => (tick.checked ? null : behind ?? start()),
    check: (box) => box.checked,
    range: read,
    low: end,
    high: end,
    "low-box": boxed,
    "high-box": boxed,
    number: ({ value }, isDone) => {
      const near = nearest(of, grid, known.is_guessed, Number(value));
      return value === "" || (near !== Number(value) && !isDone) ? undefined : near;
    },
    choice: ({ value }) => (value !== "" ? domain.values[value] : known.is_optional ? null : undefined),
    option: (option) => (isSeveral
      ? all("option").filter((one) => one.checked).map((one) => domain.of.values[one.value]) : takes.choice(option)),
    moment: ({ value, validity }) => {
      const given = [control.value, known.default, domain.low].find(Boolean);
      if (!value) return validity.badInput || !known.is_optional ? undefined : null;
      return isoText(value, domain.is_aware ? ZONE.exec(given)?.[2] ?? "+00:00" : "");
    },
    picker: ({ value }) => value,
    text: ({ value }, isDone) => (["area", "colour"].includes(kind) && !isDone ? undefined : value),
  };
  const start = () => {
    for (const name of ["range", "number", "check", "text"]) if (part(name)) return takes[name](part(name), true);
    return isPair ? both() : [];
  };
  const hear = ({ target }, isDone) => settle(takes[target.dataset.part]?.(target, isDone));
  function settle(value) {
    if (value === undefined || same(value, control.value)) return;
    show(value);
    changed(control);
  }

  function show(value) {
    control.value = value;
    const tick = part("none");
    if (tick) {
      tick.checked = value === null;
      for (const one of inputs) one.disabled = tick.checked;
    }
    if (value === null && !part("choice") && !part("option") && !part("moment")) return;
    behind = value;
    for (const [name, draw] of Object.entries(draws)) if (part(name)) draw(value, part(name));
  }
  control.refuse = (text) => {
    const problem = root.querySelector(".nb-problem");
    problem.textContent = text;
    problem.hidden = !text;
    for (const one of inputs) one.ariaInvalid = text ? "true" : null;
  };
  root.addEventListener("input", (event) => hear(event, false));
  root.addEventListener("change", (event) => {
    hear(event, true);
    const { type, dataset } = event.target;
    if (type === "number") event.target.value = isPair ? control.value[Number(dataset.part === "high-box")] : control.value ?? "";
  });
  root.addEventListener("keydown", (event) => {
    const { target, key, ctrlKey, metaKey } = event;
    if (key === "Enter" && (ctrlKey || metaKey)) hear(event, true);
    if (key !== "Enter" || target.dataset.part !== "add") return;
    event.preventDefault();
    const text = target.value.trim();
    const value = domain.of.type === "numbers" ? nearest(domain.of, null, false, Number(text)) : text;
    if (text === "" || Number.isNaN(value)) return;
    target.value = "";
    settle([...control.value, value]);
  });
  root.addEventListener("click", ({ target }) => {
    if (target.dataset.part === "play") play(target);
    if (target.dataset.part !== "remove") return;
    const chips = [...part("chips").children], at = chips.indexOf(target.parentNode);
    settle(control.value.toSpliced(at, 1));
    (part("chips").children[at]?.lastChild ?? part("add")).focus();
  });
  let clock;
  function play(button) { // as fast as results come
    const turn = (isOn) => {
      clock = isOn ? setInterval(next, 150) : clearInterval(clock);
      button.textContent = isOn ? "❚❚" : "▶";
      button.ariaPressed = isOn;
    };
    const next = () => {
      const at = on.index(control.value) + 1;
      if (document.querySelector("[data-card][aria-busy=true]")) return;
      if (at < on.size) settle(on.at(at));
      if (at >= on.size - 1) turn(false);
    };
    if (!clock && on.index(control.value) === on.size - 1) settle(on.at(0));
    turn(!clock);
  }
  show(known.value);
  return control;
}

// All controls of a form, by address.
function controlsIn(form, changed) {
  const known = JSON.parse(form.querySelector("script").textContent);
  const roots = found(form, "[data-address]").filter((root) => root.dataset.address in known);
  return Object.fromEntries(roots.map((root) => {
    const { address } = root.dataset;
    return [address, makeControl(root, known[address], changed)];
  }));
}
