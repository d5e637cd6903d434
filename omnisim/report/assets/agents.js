"use strict";
// Any agent that the page holds: its money, regret and actions over time and its schedules, computed from its actions,
// its utilities and the outcomes as omnisim.analysis does, and drawn in the frames that omnisim.report.figures made.
(() => {
  const packed = document.getElementById("agents-packed");
  if (!packed) return;
  const MOST_POINTS = 1500;
  const MOST_SCHEDULES = 10;
  const TYPES = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array };
  const chooser = document.getElementById("agent-chooser");
  const populationField = chooser.querySelector("[data-population]");
  const agentField = chooser.querySelector("[data-agent]");
  const output = chooser.querySelector("output");
  const said = document.getElementById("agent-said");
  const figures = Object.fromEntries(
    ["agent-course", "agent-schedules"].map((name) => [name, document.getElementById(`figure-${name}`)]),
  );
  let header;
  let arrays;
  let tools;

  // In the table of agents, the number of an agent leads here.
  omnisim.offer = (cell, population, agent) => {
    const link = document.createElement("a");
    link.href = `#agent?${new URLSearchParams({ agent: `${population}/${agent}` })}`;
    link.textContent = cell.textContent;
    link.tabIndex = -1;
    cell.replaceChildren(link);
  };

  function unpack(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const start = Math.ceil((4 + length) / 8) * 8;
    arrays = header.arrays.map(({ type, shape, at }) => ({
      values: new TYPES[type](buffer, start + at, shape.reduce((a, b) => a * b, 1)),
      shape,
    }));
  }

  // The part of an array that belongs to one agent.
  function own(number, row) {
    const { values, shape } = arrays[number];
    const size = shape.slice(1).reduce((a, b) => a * b, 1);
    return values.subarray(row * size, (row + 1) * size);
  }

  const number = (value, digits = 3) => {
    if (value === null || !Number.isFinite(value)) return "–";
    if (Math.abs(value) < 1e-9) return "0";
    const rounded = Number(value.toPrecision(digits));
    return rounded.toLocaleString("en-US", { maximumFractionDigits: 20 }).replace("-", "−");
  };
  const percent = (share) => {
    if (share > 0 && share < 0.001) return "under 0.1 %";
    if (share > 0.999 && share < 1) return "over 99.9 %";
    return `${Number((100 * share).toPrecision(share > 0.99 ? 3 : 2))} %`;
  };
  const count = (value, noun) => `${value.toLocaleString("en-US")} ${noun}${value === 1 ? "" : "s"}`;
  const shorten = (text, length) => {
    const plain = text.split(/\s+/).filter(Boolean).join(" ");
    return [...plain].length <= length ? plain : `${[...plain].slice(0, length - 1).join("").trimEnd()}…`;
  };
  const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "{": "&#123;" };
  const label = (text, length) => shorten(text, length).replace(/[&<>{]/g, (character) => ENTITIES[character]);
  const day = (t) => (header.dates ? header.dates[t] : t + 1);

  // The rounds at which a course is drawn, the last one among them.
  function drawnRounds(rounds) {
    const step = Math.ceil(rounds / MOST_POINTS);
    const found = [];
    for (let t = step - 1; t < rounds; t += step) found.push(t);
    if (found.at(-1) !== rounds - 1) found.push(rounds - 1);
    return found;
  }

  // Money in each round under the three forecasts, and regret after each round, of one agent.
  function measured(population, row) {
    const { values: outcomes, shape } = arrays[header.outcomes];
    const [rounds, dimension] = shape;
    const active = arrays[header.active].values;
    const choices = own(population.choices, row);
    const utility = own(population.utility, row);
    const offset = own(population.offset, row);
    const lasts = own(population.lasts, row);
    const actions = offset.length;
    const scale = arrays[population.scale].values[row];
    const fixed = arrays[population.fixed].values[row];
    const money = [0, 1, 2].map(() => new Float64Array(rounds));
    const earned = Array.from({ length: actions }, () => new Float64Array(actions));
    const regret = { rounds: [], swap: [], external: [] };
    const points = new Set(drawnRounds(rounds));
    const at = (action, t, box) => {
      let total = offset[action];
      for (let i = 0; i < dimension; i += 1) {
        const y = outcomes[t * dimension + i];
        total += utility[action * dimension + i] * (box ? Math.min(Math.max(y, 0), 1) : y);
      }
      return total;
    };
    for (let t = 0; t < rounds; t += 1) {
      for (let kind = 0; kind < 3; kind += 1) {
        const action = choices[kind * rounds + t] - 1;
        money[kind][t] = action < 0 ? 0 : scale * at(action, t, false) + fixed;
      }
      if (!active[t]) continue;
      const played = choices[t] - 1;
      if (played >= 0) for (let b = 0; b < actions; b += 1) earned[played][b] += at(b, t, true);
      if (!points.has(t)) continue;
      let swap = 0;
      let own = 0;
      const fixedAction = new Float64Array(actions);
      let best = -Infinity;
      for (let a = 0; a < actions; a += 1) {
        let most = -Infinity;
        for (let b = 0; b < actions; b += 1) {
          fixedAction[b] += earned[a][b];
          if (lasts[b] > t) most = Math.max(most, earned[a][b]);
        }
        swap += most - earned[a][a];
        own += earned[a][a];
      }
      for (let b = 0; b < actions; b += 1) if (lasts[b] > t) best = Math.max(best, fixedAction[b]);
      regret.rounds.push(t);
      regret.swap.push(Number.isFinite(swap) ? scale * swap : null);
      regret.external.push(Number.isFinite(best) ? scale * (best - own) : null);
    }
    return { money, regret, rounds };
  }

  function summed(values) {
    let total = 0;
    return Array.from(values, (value) => (total += value));
  }

  function courseOf(population, row, found) {
    const points = drawnRounds(found.rounds);
    const choices = own(population.choices, row);
    const fallback = own(population.fallback, row);
    const sums = found.money.map(summed);
    const series = sums.map((values) => ({ x: points.map(day), y: points.map((t) => values[t]) }));
    for (const values of [found.regret.swap, found.regret.external]) {
      series.push({ x: found.regret.rounds.map(day), y: values });
    }
    for (const wanted of [0, 1]) {
      const rounds = points.filter((t) => choices[t] > 0 && fallback[t] === wanted);
      series.push({ x: rounds.map(day), y: rounds.map((t) => choices[t] - 1) });
    }
    return series;
  }

  function loadOf(population, row) {
    if (population.load !== null) return own(population.load, row);
    if (population.loadOverUtility === null) return null;
    const ratio = arrays[population.loadOverUtility].values[row];
    return own(population.utility, row).map((value) => value * ratio);
  }

  // How an action left the candidate sets: the colour that says so, and words.
  function leaving(population, row, action, rounds) {
    const left = own(population.left, row);
    const sets = population.sets.length;
    const gone = [];
    for (let k = 0; k < sets; k += 1) if (left[action * sets + k] < rounds) gone.push(k);
    const colours = header.colours[gone.length === sets ? "none" : gone.length ? "some" : "all"];
    if (!gone.length) return { colours, words: "" };
    const last = Math.max(...gone.map((k) => left[action * sets + k]));
    const after = header.dates ? header.dates[last] : `after ${header.word} ${last + 1}`;
    if (gone.length === sets) return { colours, words: `, out ${after}` };
    if (gone.length > 2) return { colours, words: `, out on ${gone.length} of ${sets} sets` };
    const where = label(gone.map((k) => population.sets[k]).join(" and "), 24);
    return { colours, words: `, out on ${where} ${after}` };
  }

  // Fills the frame of the schedules, or of the energies where one price holds all day.
  function fillSchedules(spec, population, row) {
    const [rounds] = arrays[header.outcomes].shape;
    const load = loadOf(population, row);
    const actions = population.actionNames.length;
    // Outcomes may have coordinates of signals behind the prices; a load has none.
    const dimension = load.length / actions;
    const played = new Array(actions).fill(0);
    own(population.choices, row).subarray(0, rounds).forEach((choice) => choice && (played[choice - 1] += 1));
    const shown = played
      .map((_, action) => action)
      .sort((a, b) => played[b] - played[a] || a - b)
      .slice(0, MOST_SCHEDULES);
    const words = (action) => {
      const times = played[action];
      const how = times ? `${count(times, header.word)} (${percent(times / rounds)})` : "never played";
      return `<b>${label(population.actionNames[action], 24)}</b>, ${how}${leaving(population, row, action, rounds).words}`;
    };
    const { data, layout } = spec;
    if (dimension === 1) {
      shown.sort((a, b) => load[a] - load[b] || shown.indexOf(a) - shown.indexOf(b));
      data[0].x = shown.map((action) => load[action]);
      data[0].marker.color = shown.map((action) => leaving(population, row, action, rounds).colours[0]);
      shown.forEach((action, index) => (layout.annotations[index].text = words(action)));
      return;
    }
    const all = shown.flatMap((action) => [...load.subarray(action * dimension, (action + 1) * dimension)]);
    const low = Math.min(0, ...all);
    const high = Math.max(...all);
    const pad = 0.06 * (high - low) || 1;
    shown.forEach((action, index) => {
      const values = [...load.subarray(action * dimension, (action + 1) * dimension)];
      const [colour, fill] = leaving(population, row, action, rounds).colours;
      Object.assign(data[index + 2], { y: [...values, values.at(-1)], fillcolor: fill });
      data[index + 2].line.color = colour;
      layout.annotations[index + 1].text = words(action);
      layout[`yaxis${index + 2}`].range = [low - pad, high + pad];
    });
  }

  // What an agent's figures show, in sentences.
  function sentences(population, row, found) {
    const unit = population.currency;
    const money = (value) => `${number(value, 4)} ${unit}`;
    const [total, baseline, foresight] = found.money.map((values) => values.reduce((a, b) => a + b, 0));
    const choices = own(population.choices, row).subarray(0, found.rounds);
    const fallback = own(population.fallback, row);
    const present = choices.reduce((all, choice) => all + (choice > 0), 0);
    const against = (other) => {
      const text = number(Math.abs(total - other), 4);
      return text === "0" ? "as much as" : `${text} ${unit} ${total > other ? "more than" : "less than"}`;
    };
    const index = population.agents[row];
    const called = population.names ? `${population.names[row]} (agent ${index})` : `Agent ${index}`;
    const parts = [
      `${called} of ${population.name} earned ${money(total)} in ${count(present, header.word)}: ` +
        `${against(baseline)} with persistence, ${against(foresight)} with perfect foresight.`,
    ];
    const swap = found.regret.swap.at(-1);
    parts.push(
      swap === null || swap === undefined
        ? "No action is left that it could be measured against, so its regret is undefined."
        : swap <= 0 || number(swap, 4) === "0"
          ? "In hindsight, no change of actions would have gained it anything."
          : `In hindsight, the best change of actions would have gained it ${money(swap)}.`,
    );
    let worst = -1;
    for (let t = 0; t < found.rounds; t += 1) {
      if (choices[t] && (worst < 0 || found.money[0][t] < found.money[0][worst])) worst = t;
    }
    if (worst >= 0 && found.rounds > 2) {
      parts.push(`Its worst ${header.word} was ${day(worst)}, with ${money(found.money[0][worst])}.`);
    }
    const left = fallback.reduce((all, each) => all + each, 0);
    if (left) parts.push(`It had no candidate left on ${count(left, header.word)}.`);
    return parts.join(" ");
  }

  async function choose(name, agent, remember = true) {
    const index = header.populations.findIndex((each) => each.name === name);
    const population = header.populations[index];
    populationField.value = name;
    agentField.value = String(agent);
    const row = population.agents.indexOf(agent);
    if (row < 0) {
      output.textContent =
        Number.isInteger(agent) && agent >= 0 && agent < population.size
          ? `agent ${agent} is not among the ${population.agents.length.toLocaleString("en-US")} of ${name} on this page`
          : `${name} has agents 0 to ${population.size - 1}`;
      return;
    }
    const picks = ["worst", "median", "best"].filter((pick) => population[pick] === agent);
    output.textContent = picks.length && population.size > 1 ? `the ${picks.join(" and ")} in money against persistence` : "";
    if (remember) omnisim.choose("agent", `${name}/${agent}`);
    const found = measured(population, row);
    const alt = sentences(population, row, found);
    said.textContent = alt;
    const course = structuredClone(tools.specs["agent-course"][index]);
    courseOf(population, row, found).forEach((values, trace) => Object.assign(course.data[trace], values));
    await show("agent-course", { ...course, alt });
    const frame = tools.specs["agent-schedules"][index];
    if (figures["agent-schedules"]) figures["agent-schedules"].hidden = !frame;
    if (frame) {
      const schedules = structuredClone(frame);
      fillSchedules(schedules, population, row);
      const caption = schedules.caption.replace(/^Agent \d+/, `Agent ${agent}`);
      await show("agent-schedules", { ...schedules, caption, alt: `The actions of agent ${agent} of ${name}.` });
    }
  }

  function show(name, spec) {
    const figure = figures[name];
    figure.querySelector("figcaption").textContent = spec.caption;
    return tools.draw(figure.querySelector(".plot"), { ...spec, file: name });
  }

  const chosen = () => [populationField.value, agentField.value.trim() === "" ? NaN : Number(agentField.value)];

  function pick(event) {
    const wanted = event.target.dataset.pick;
    if (!wanted) return;
    const [name, agent] = chosen();
    const population = header.populations.find((each) => each.name === name);
    if (wanted in population) {
      choose(name, population[wanted]);
      return;
    }
    const { agents } = population;
    const step = wanted === "next" ? 1 : -1;
    const here = agents.indexOf(agent);
    const place = here < 0 ? 0 : (here + step + agents.length) % agents.length;
    choose(name, agents[place]);
  }

  // As the address says, or the worst of the first population.
  function recall() {
    const address = omnisim.chosen("agent") ?? "";
    const cut = address.lastIndexOf("/");
    const name = address.slice(0, cut);
    if (cut < 0 || !header.populations.some((each) => each.name === name)) {
      const first = header.populations[0];
      return choose(first.name, first.worst, false);
    }
    return choose(name, Number(address.slice(cut + 1)));
  }

  omnisim.whenDrawable(
    async (given) => {
      tools = given;
      unpack(await tools.inflate(packed.textContent));
      for (const { name } of header.populations) populationField.add(new Option(name, name));
      chooser.hidden = false;
      omnisim.roving(chooser, "select, input, button");
      populationField.addEventListener("change", () => {
        choose(populationField.value, header.populations.find((each) => each.name === populationField.value).worst);
      });
      agentField.addEventListener("change", () => choose(...chosen()));
      chooser.addEventListener("click", pick);
      await recall();
      omnisim.changed(recall);
    },
    () => {
      chooser.hidden = true;
    },
  );
})();
