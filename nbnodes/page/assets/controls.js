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
    return { size: values.length, at: (place) => values[place], index: (value) => values.findIndex((one) => same(one, value)) };
  }
  if (step == null) return { at: (place) => place, index: (value) => value }; // a place is the value itself
  const at = (place) => (type === "powers" ? grid?.[place] ?? base ** (low + place * step)
    : Number(((low ?? 0) + place * step).toFixed(digits)));
  if (low == null || high == null) return { at };
  const size = Math.floor((high - low) / step + 1e-9) + 1;
  const index = (value) => {
    const near = type === "powers" ? Math.log(value) / Math.log(base) : value;
    return Math.min(size - 1, Math.max(0, Math.round((near - low) / step + 1e-9) || 0));
  };
  return { size, at, index };
}

// ---- for addresses and other programs, who know no tags: {"date": "2001-02-03"} is its text

function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  return value && typeof value === "object" ? plain(Object.values(value)[0]) : value;
}

// Written as `nbnodes.notebook.validation.Text` reads it.
function asQuery(controls) {
  const words = { null: "None", true: "True", false: "False" };
  const text = (value) => (typeof value === "string" ? value : words[value] ?? JSON.stringify(value));
  return String(new URLSearchParams(controls.map(({ address, value }) => [address, text(plain(value))])));
}

// A request's body: integers with all their digits.
function asBody(controls) {
  return `{${controls.map(({ address, value, isInteger, isSecret }) => {
    const text = JSON.stringify(isSecret ? "***" : plain(value));
    return `${JSON.stringify(address)}:${isInteger ? text.replace(/"\+?/g, "") : text}`;
  })}}`;
}

function curlLine(url, controls, isGuarded) {
  const quoted = (text) => `'${text.replaceAll("'", `'"'"'`)}'`;
  const token = isGuarded ? ' -H "Authorization: Bearer $NBNODES_TOKEN"' : "";
  return `curl -X POST ${quoted(location.origin + url)}${token}`
    + ` -H 'Content-Type: application/json' -d ${quoted(asBody(controls))}`;
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

// One control: `value`, `settle(value)`, `refuse(text)`; `changed(control)` hears of each change.
function makeControl(root, known, changed) {
  const { kind, domain, grid } = known;
  const of = domain.of?.type ? domain.of : domain; // what each of several is
  const on = line(of, grid);
  const unit = root.querySelector(".nb-unit")?.textContent ?? "";
  const part = partIn(root);
  const inputs = found(root, "[data-inputs] :is(input,select,textarea,button)");
  const options = found(root, '[data-part="option"]');
  const isInteger = of.is_whole || of.pattern === "^[+-]?\\d+$"; // as control/shapes.py says
  const control = { known, address: root.dataset.address, isInteger, isSecret: kind === "password", settle };
  control.toJSON = () => control.value;
  let behind; // what is set when the tick for none is taken away

  const read = (handle) => on.at(Number(handle.value));
  const shown = (value) => {
    if (of.type === "choices") return of.labels[on.index(value)];
    return String(of.type === "powers" ? Number(value.toPrecision(6)) : value);
  };
  const place = (value, handle) => {
    handle.value = on.index(value);
    handle.ariaValueText = `${shown(value)} ${unit}`.trim();
  };
  const put = (value, box) => { box.value = value; };
  const numberOf = (value) => String(value === null ? "" : on.index(value));

  // How a value is shown...
  const draws = {
    check: (value, box) => { box.checked = value; },
    range: place,
    number: (value, box) => { if (takes.number(box) !== value) put(value, box); }, // 1.0 is left alone
    choice: (value, list) => put(numberOf(value), list),
    moment: (value, box) => { if (takes.moment(box) !== value) put(localText(value), box); },
    picker: put,
    text: put,
    said: (value, output) => { output.textContent = [value].flat().map(shown).join(" to "); },
    low: (value, handle) => {
      ["low", "high"].forEach((end, at) => {
        place(value[at], part(end));
        if (part(`${end}-box`)) draws.number(value[at], part(`${end}-box`));
        const share = (part(end).value - handle.min) / (handle.max - handle.min || 1);
        handle.parentNode.style.setProperty(`--${end}`, `${100 * share}%`);
      });
    },
    option: (value) => {
      const chosen = [value].flat().map(numberOf);
      for (const one of options) one.checked = chosen.includes(one.value);
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
  function nearest(text) {
    const { low, high, step, is_whole: isWhole } = of, value = Number(text);
    const bounded = Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value));
    if (isWhole && bounded === value && /^-?\d{16,}$/.test(text)) return text; // a number may be rounded
    if (known.is_guessed && bounded !== value) return isWhole ? Math.round(value) : value;
    if (on.size) return on.at(on.index(value));
    return step == null ? bounded : on.at(Math.round((bounded - (low ?? 0)) / step));
  }
  const end = (moved) => { // it does not pass the other
    const [low, high] = [part("low"), part("high")];
    if (low.value - high.value > 0) (moved === low ? high : low).value = moved.value;
    return [low, high].map(read);
  };
  const boxed = (_, isDone) => {
    const pair = ["low-box", "high-box"].map((name) => takes.number(part(name), isDone));
    const isWrong = pair.includes(undefined) || (pair[0] - pair[1] > 0 && !isDone);
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
      const near = nearest(value);
      return value === "" || (near - value !== 0 && !isDone) ? undefined : near;
    },
    choice: ({ value }) => (value !== "" ? of.values[value] : known.is_optional ? null : undefined),
    option: (option) => (domain.type === "several"
      ? options.filter((one) => one.checked).map((one) => of.values[one.value]) : takes.choice(option)),
    moment: ({ value, validity, min, max }, isDone) => {
      if (value === localText(control.value)) return control.value;
      const given = [control.value, known.default, domain.low].find(Boolean);
      if (!value) return validity.badInput || !known.is_optional ? undefined : null;
      const near = validity.rangeUnderflow ? min : validity.rangeOverflow ? max : value;
      if (!isDone && (near !== value || /^0\d{3}-/.test(value))) return undefined; // half a year
      const zone = domain.is_aware ? ZONE.exec(given)?.[2] ?? "+00:00" : "";
      return near.replace(/(^|T)\d\d:\d\d$/, "$&:00") + zone;
    },
    picker: ({ value }) => value,
    text: ({ value }, isDone) => (["area", "colour"].includes(kind) && !isDone ? undefined : value),
    add: (field, isDone) => {
      const text = field.value.trim(), isNumber = of.type === "numbers";
      const isWrong = isNumber && !isFinite(text);
      if (isDone) control.refuse(isWrong ? `${text} is no number` : "");
      if (!isDone || isWrong || !text) return undefined;
      field.value = "";
      return [...control.value, isNumber ? nearest(text) : text];
    },
  };
  const start = () => {
    const name = ["range", "number", "check", "text", "low"].find(part);
    return name ? takes[name](part(name), true) : [];
  };
  const hear = ({ target }, isDone) => {
    settle(takes[target.dataset.part]?.(target, isDone));
    if (isDone) show(control.value);
  };
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
    if (value === null && !["choice", "option", "moment"].some(part)) return;
    behind = value;
    for (const name in draws) if (part(name)) draws[name](value, part(name));
  }
  control.refuse = (text) => {
    const problem = root.querySelector(".nb-problem");
    problem.textContent = text;
    problem.hidden = !text;
    for (const one of inputs) one.ariaInvalid = text !== "";
  };
  root.addEventListener("input", (event) => hear(event, false));
  const moment = part("moment"); // each of its digits is a change
  root.addEventListener("change", (event) => hear(event, event.target !== moment));
  moment?.addEventListener("blur", (event) => hear(event, true));
  root.addEventListener("keydown", (event) => {
    const { target, key, ctrlKey, metaKey } = event;
    if (key !== "Enter" || !(ctrlKey || metaKey || target === part("add"))) return;
    event.preventDefault();
    hear(event, true);
  });
  root.addEventListener("click", ({ target }) => {
    if (target.dataset.part === "play") play(target);
    if (target.dataset.part !== "remove") return;
    const chips = part("chips").children, at = [...chips].indexOf(target.parentNode);
    settle(control.value.toSpliced(at, 1));
    (chips[at]?.lastChild ?? part("add")).focus();
  });
  let clock;
  function play(button) { // as fast as results come
    const last = on.size - 1;
    const turn = () => {
      clock = clock ? clearInterval(clock) : setInterval(next, 150);
      button.textContent = clock ? "❚❚" : "▶";
      button.ariaPressed = clock > 0;
    };
    const next = () => {
      if (document.querySelector("[data-card][aria-busy=true]")) return;
      const at = on.index(control.value) + 1;
      settle(on.at(Math.min(at, last)));
      if (at >= last) turn();
    };
    if (!clock && on.index(control.value) === last) settle(on.at(0));
    turn();
  }
  show(known.value);
  return control;
}

// All controls of a form, by address.
function controlsIn(form, changed) {
  const known = JSON.parse(form.querySelector("script").textContent);
  const roots = found(form, "[data-address]").filter((root) => root.dataset.address in known);
  const controls = roots.map((root) => makeControl(root, known[root.dataset.address], changed));
  return Object.fromEntries(controls.map((one) => [one.address, one]));
}
